"""Zoom's REST calls about a user's settings.

Source: Zoom API reference, Users, Get user settings and Update user settings. Of some hundred
settings those are known that bear on meetings.
"""

import copy
from typing import Any

from aiohttp import web

from zoomsandbox.life.users import change_user
from zoomsandbox.rest.bodies import read_object
from zoomsandbox.rest.errors import invalid
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.users import get_user_of_call
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import WORLD

Settings = dict[str, Any]
SECURITY = "meeting_security"
AUTHENTICATION = "meeting_authentication"
REQUIREMENT = "meeting_password_requirement"
# With these options the answer has nothing but the one subject.
OPTIONS = (SECURITY, AUTHENTICATION)

DEFAULTS: Settings = {
    "schedule_meeting": {
        "host_video": False,
        "participants_video": False,
        "audio_type": "both",
        "join_before_host": False,
        "jbh_time": 0,
        "use_pmi_for_scheduled_meetings": False,
        "use_pmi_for_instant_meetings": False,
        "require_password_for_scheduling_new_meetings": True,
        "require_password_for_instant_meetings": True,
        "embed_password_in_join_link": True,
        "force_pmi_jbh_password": False,
        "meeting_authentication": False,
    },
    "in_meeting": {
        "chat": True,
        "private_chat": True,
        "entry_exit_chime": "none",
        "screen_sharing": True,
        "co_host": True,
        "polling": True,
        "waiting_room": False,
        "breakout_room": False,
        "allow_participants_to_rename": True,
        "show_a_join_from_your_browser_link": True,
    },
    "email_notification": {
        "jbh_reminder": True,
        "cancel_meeting_reminder": True,
        "alternative_host_reminder": True,
        "schedule_for_reminder": True,
    },
    "recording": {
        "local_recording": True,
        "cloud_recording": True,
        "auto_recording": "none",
        "recording_audio_transcript": False,
        "auto_delete_cmr": False,
        "auto_delete_cmr_days": 30,
    },
    "telephony": {"third_party_audio": False},
    "feature": {
        "meeting_capacity": 100,
        "large_meeting": False,
        "webinar": False,
        "zoom_phone": False,
        "concurrent_meeting": "None",
    },
}
SECURITY_DEFAULTS: Settings = {
    "auto_security": True,
    "meeting_password": True,
    "require_password_for_scheduled_meeting": True,
    "pmi_password": True,
    "phone_password": True,
    "embed_password_in_join_link": True,
    "waiting_room": False,
    "encryption_type": "enhanced_encryption",
    "end_to_end_encrypted_meetings": False,
    "block_user_domain": False,
    "only_authenticated_can_join_from_webclient": False,
    REQUIREMENT: {
        "length": 0,
        "have_letter": False,
        "have_number": False,
        "have_special_character": False,
        "have_upper_and_lower_characters": False,
        "only_allow_numeric": False,
        "consecutive_characters_length": 0,
        "weak_enhance_detection": False,
    },
}
AUTHENTICATION_DEFAULTS: Settings = {
    AUTHENTICATION: False,
    "allow_authentication_exception": False,
    "authentication_options": [],
}
KNOWN: dict[str | None, Settings] = {
    None: DEFAULTS,
    SECURITY: {SECURITY: SECURITY_DEFAULTS},
    AUTHENTICATION: AUTHENTICATION_DEFAULTS,
}


async def get_settings(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Get user settings, without ``option`` or with two of them."""
    account = get_authorized_account(request, "user:read:settings:admin")
    user = get_user_of_call(request, account)
    option = _read_option(request)
    return web.json_response(_get_settings(account, user, option))


def _get_settings(account: Account, user: User, option: str | None) -> Settings:
    settings = _merge(KNOWN[option], user.settings)
    if option == SECURITY:
        # What passcodes must be like is the account's to say, as the passcodes of meetings show.
        settings[SECURITY][REQUIREMENT] = _merge(
            SECURITY_DEFAULTS[REQUIREMENT], account.passcode_rules
        )
    return settings


async def update_settings(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Update user settings.

    Settings Zoom does not know are ignored. That the account's requirements for passcodes cannot be
    changed for one user is a guess.
    """
    account = get_authorized_account(request, "user:update:settings:admin")
    user = get_user_of_call(request, account)
    option = _read_option(request)
    changes = _read_changes(KNOWN[option], await read_object(request))
    if REQUIREMENT in changes.get(SECURITY, {}):
        raise invalid(f"{SECURITY}.{REQUIREMENT}", "Locked by the account.")
    settings = copy.deepcopy(user.settings)
    _overlay(settings, changes)
    change_user(request.app[WORLD], account, user, {"settings": settings})
    return web.Response(status=204)


def _read_option(request: web.Request) -> str | None:
    option = request.query.get("option")
    if option is not None and option not in OPTIONS:
        raise invalid("option")
    return option


def _merge(known: Settings, own: Settings) -> Settings:
    """The known settings, with a user's own values where they are of the right kind."""
    merged: Settings = {}
    for name, default in known.items():
        value = own.get(name)
        if isinstance(default, dict):
            merged[name] = _merge(default, value if isinstance(value, dict) else {})
        else:
            merged[name] = value if type(value) is type(default) else default
    return merged


def _read_changes(known: Settings, wanted: Settings, prefix: str = "") -> Settings:
    """What of a body is known, or Zoom's refusal for a value of another kind."""
    changes: Settings = {}
    for name in known.keys() & wanted.keys():
        if type(wanted[name]) is not type(known[name]):
            raise invalid(prefix + name)
        changes[name] = wanted[name]
        if isinstance(known[name], dict):
            changes[name] = _read_changes(known[name], wanted[name], f"{prefix}{name}.")
    return changes


def _overlay(settings: Settings, changes: Settings) -> None:
    for name, value in changes.items():
        old = settings.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            _overlay(old, value)
        else:
            settings[name] = value
