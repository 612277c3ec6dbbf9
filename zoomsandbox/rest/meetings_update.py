"""What an update changes of a meeting, all of it or nothing.

Source: Zoom API reference, Meetings, Update a meeting.
"""

import copy
from typing import Any

from zoomsandbox.life.rooms import get_room
from zoomsandbox.rest.errors import invalid
from zoomsandbox.rest.meeting_rules import MAKING_DATES, clean_fields, dates_of
from zoomsandbox.rest.meetings_passcode import change_passcode, set_passcode
from zoomsandbox.rest.meetings_settings import clean_settings, find_alternative_hosts, show_hosts
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import World


def change_meeting(world: World, account: Account, meeting: Meeting, body: dict[str, Any]) -> None:
    """Everything is checked first. Another recurrence, or another time, makes all dates anew."""
    host = _find_new_host(world, account, meeting, body)
    old = {name: value for name, value in meeting.fields.items() if name != "settings"}
    fields = clean_fields(body, old)
    settings = {**meeting.settings, **clean_settings(body.get("settings"))}
    helpers = _change_helpers(account, host, meeting, body.get("settings"))
    passcode = change_passcode(account, host, meeting, body)
    is_other = any(fields.get(name) != old.get(name) for name in MAKING_DATES)
    dates = dates_of(fields) if is_other else meeting.occurrences
    # Nothing is refused from here on.
    if is_other:
        meeting.own_fields = {}
    settings["alternative_hosts"] = show_hosts(account, helpers)
    meeting.fields = {**fields, "settings": settings}
    meeting.occurrences, meeting.alternative_hosts, meeting.host_id = dates, helpers, host.id
    if passcode != meeting.password:
        set_passcode(meeting, passcode)


def find_named_host(account: Account, body: dict[str, Any]) -> User | None:
    """Whom ``schedule_for`` names by id or address, if anybody.

    At Zoom the other user must have given the scheduling privilege. Of that the sandbox knows
    nothing: it takes any active user of the account, and refuses others with code 300 (a guess).
    """
    key = body.get("schedule_for")
    if key in (None, ""):
        return None
    user = account.find_user(key) if isinstance(key, str) else None
    if user is None or user.status != "active":
        raise invalid("schedule_for")
    return user


def _find_new_host(world: World, account: Account, meeting: Meeting, body: dict[str, Any]) -> User:
    """A meeting is handed over, number and links as they are, while it is not running (a guess)."""
    host = account.users[meeting.host_id]
    other = find_named_host(account, body) or host
    if other is not host and get_room(world, meeting.number):
        raise invalid("schedule_for", "The meeting is in progress.")
    return other


def _change_helpers(
    account: Account, host: User, meeting: Meeting, settings: Any
) -> tuple[str, ...]:
    text = settings.get("alternative_hosts") if isinstance(settings, dict) else None
    if text is not None:
        return find_alternative_hosts(account, host, text)
    return tuple(user for user in meeting.alternative_hosts if user != host.id)


def list_old_values(meeting: Meeting) -> dict[str, Any]:
    """What an update can change, for a comparison later."""
    return copy.deepcopy(
        {
            **meeting.fields,
            "host_id": meeting.host_id,
            "password": meeting.password,
            "occurrences": meeting.occurrences,
            "own_fields": meeting.own_fields,
        }
    )
