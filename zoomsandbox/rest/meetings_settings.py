"""The settings of a meeting: Zoom's defaults, and what it accepts for each.

Source: Zoom API reference, Meetings, Create a meeting, ``settings``. Settings that Zoom does not
know are left out.
"""

import re
from typing import Any

from zoomsandbox.rest.errors import invalid
from zoomsandbox.state.accounts import Account, User

DEFAULTS: dict[str, Any] = {
    "host_video": False,
    "participant_video": False,
    "cn_meeting": False,
    "in_meeting": False,
    "join_before_host": False,
    "jbh_time": 0,
    "mute_upon_entry": False,
    "watermark": False,
    "use_pmi": False,
    "approval_type": 2,
    "registration_type": 1,
    "audio": "voip",
    "auto_recording": "none",
    "enforce_login": False,
    "alternative_hosts": "",
    "alternative_hosts_email_notification": True,
    "close_registration": False,
    "registrants_confirmation_email": True,
    "registrants_email_notification": True,
    "waiting_room": False,
    "meeting_authentication": False,
    "encryption_type": "enhanced_encryption",
    "allow_multiple_devices": False,
    "show_share_button": True,
    "email_notification": True,
    "focus_mode": False,
    "private_meeting": False,
    "internal_meeting": False,
    "push_change_to_calendar": False,
    "contact_name": "",
    "contact_email": "",
}
CHOICES: dict[str, tuple[Any, ...]] = {
    "approval_type": (0, 1, 2),
    "registration_type": (1, 2, 3),
    "jbh_time": (0, 5, 10, 15),
    "auto_recording": ("local", "cloud", "none"),
    "audio": ("both", "telephony", "voip", "thirdParty"),
    "encryption_type": ("enhanced_encryption", "e2ee"),
    "calendar_type": (1, 2),
}
FLAGS = {name for name, value in DEFAULTS.items() if isinstance(value, bool)} | {
    "host_save_video_order",
    "alternative_host_update_polls",
    "alternative_host_manage_meeting_summary",
    "alternative_host_manage_cloud_recording",
    "participant_focused_meeting",
    "auto_start_meeting_summary",
    "auto_start_ai_companion_questions",
    "device_testing",
    "email_in_attendee_report",
    "disable_participant_video",
    "allow_host_control_participant_mute_state",
}
TEXTS = (
    "contact_name",
    "contact_email",
    "audio_conference_info",
    "authentication_domains",
    "authentication_name",
    "authentication_option",
    "enforce_login_domains",
)
# Kept as sent: nothing in the sandbox depends on what is in them.
OBJECTS = (
    "approved_or_denied_countries_or_regions",
    "breakout_room",
    "language_interpretation",
    "sign_language_interpretation",
    "question_and_answer",
    "continuous_meeting_chat",
    "waiting_room_options",
)
LISTS = (
    "authentication_exception",
    "custom_keys",
    "global_dial_in_countries",
    "meeting_invitees",
    "additional_data_center_regions",
    "resources",
)
LONGEST_TEXT = 2_000


# Where the host's own settings say what new meetings begin with.
FROM_HOST = {
    "host_video": ("schedule_meeting", "host_video"),
    "participant_video": ("schedule_meeting", "participants_video"),
    "join_before_host": ("schedule_meeting", "join_before_host"),
    "jbh_time": ("schedule_meeting", "jbh_time"),
    "audio": ("schedule_meeting", "audio_type"),
    "meeting_authentication": ("schedule_meeting", "meeting_authentication"),
    "waiting_room": ("meeting_security", "waiting_room"),
    "encryption_type": ("meeting_security", "encryption_type"),
    "auto_recording": ("recording", "auto_recording"),
}


def make_defaults(host: User) -> dict[str, Any]:
    """What a new meeting of this host's has where the body says nothing."""
    found = dict(DEFAULTS)
    for name, (section, switch) in FROM_HOST.items():
        values = host.settings.get(section)
        value = values.get(switch) if isinstance(values, dict) else None
        if value is not None and _is_valid(name, value):
            found[name] = value
    return found


def clean_settings(wanted: Any) -> dict[str, Any]:
    """What a body sets, alternative hosts apart; refuses with code 300 and the setting's name."""
    if wanted is None:
        return {}
    if not isinstance(wanted, dict):
        raise invalid("settings")
    cleaned = {name: value for name, value in wanted.items() if _is_known(name)}
    for name, value in cleaned.items():
        if not _is_valid(name, value):
            raise invalid(f"settings.{name}")
    if cleaned.get("use_pmi"):
        raise invalid("settings.use_pmi", "The sandbox does not imitate personal meeting rooms.")
    return cleaned


def _is_known(name: str) -> bool:
    return name in FLAGS or name in CHOICES or name in (*TEXTS, *OBJECTS, *LISTS)


def _is_valid(name: str, value: Any) -> bool:
    if name in FLAGS:
        return isinstance(value, bool)
    if name in CHOICES:
        return any(type(value) is type(one) and value == one for one in CHOICES[name])
    if name in TEXTS:
        return isinstance(value, str) and len(value) <= LONGEST_TEXT
    return isinstance(value, dict if name in OBJECTS else list)


def find_alternative_hosts(account: Account, host: User, text: Any) -> tuple[str, ...]:
    """The ids behind a semicolon-separated list: licensed, active users of the host's account.

    Zoom documents the condition, and that an account's setting can forbid alternative hosts, but no
    code for breaking it; the sandbox uses 300. Zoom's own samples also separate with commas.
    """
    name = "settings.alternative_hosts"
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise invalid(name)
    found = []
    for key in filter(None, (part.strip() for part in re.split("[;,]", text))):
        user = account.find_user(key)
        if user is None or user.type != 2 or user.status != "active" or user.id == host.id:
            raise invalid(name, f"Not a licensed user of the host's account: {key}.")
        found.append(user.id)
    if found and not account.alternative_hosts_allowed:
        raise invalid(name, "The account does not allow alternative hosts.")
    return tuple(dict.fromkeys(found))


def show_hosts(account: Account, user_ids: tuple[str, ...]) -> str:
    """Their addresses, as Zoom lists alternative hosts; one who left the account is left out."""
    found = (account.users.get(user_id) for user_id in user_ids)
    return ";".join(user.email for user in found if user)
