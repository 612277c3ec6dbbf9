"""A meeting as Zoom tells it.

Source: Zoom API reference, Meetings: Get a meeting, Create a meeting, List meetings.
"""

from typing import Any

from zoomsandbox.life.meetings import get_end
from zoomsandbox.life.rooms import get_room
from zoomsandbox.rest.meetings_settings import show_hosts
from zoomsandbox.rest.users import get_default_ttl
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.meetings import INSTANT, NO_FIXED_TIME, Meeting
from zoomsandbox.state.times import write_time
from zoomsandbox.state.world import World


def show_meeting(
    world: World, account: Account, meeting: Meeting, *, past_dates: bool = False
) -> dict[str, Any]:
    """The whole meeting, its start_url with a new ZAK.

    Of a recurring meeting the dates to come, and those gone by with ``past_dates``.
    """
    host = account.users[meeting.host_id]
    zak = world.issue_zak(account, host, "zak", get_default_ttl(host), "start_url")
    answer: dict[str, Any] = {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "host_id": host.id,
        "host_email": host.email,
        "status": "started" if get_room(world, meeting.number) else "waiting",
        **_show_fields(account, meeting),
        "created_at": write_time(meeting.created_at),
        "start_url": f"{world.public_url}/s/{meeting.number}?zak={zak}",
        "join_url": make_join_url(world, meeting),
        "password": meeting.password,
        "h323_password": meeting.h323_password,
        "pstn_password": meeting.h323_password,
        "encrypted_password": meeting.encrypted_password,
        "dynamic_host_key": meeting.dynamic_host_key,
        "creation_source": "open_api",
    }
    if meeting.occurrences:
        answer["occurrences"] = list_dates(world, meeting, past_dates)
    if meeting.needs_registration:
        # The page behind it is not imitated.
        answer["registration_url"] = f"{world.public_url}/meeting/register/{meeting.number}"
    return answer


def show_occurrence(
    world: World, account: Account, meeting: Meeting, occurrence: dict[str, Any]
) -> dict[str, Any]:
    """The meeting as it is on one date: that date's time and length, and what is its own."""
    answer = show_meeting(world, account, meeting)
    del answer["occurrences"]
    own = meeting.own_fields.get(occurrence["occurrence_id"], {})
    settings = {**answer["settings"], **own.get("settings", {})}
    date = {name: occurrence[name] for name in ("start_time", "duration")}
    return {**answer, **date, **own, "settings": settings}


def _show_fields(account: Account, meeting: Meeting) -> dict[str, Any]:
    """The stored fields; instant meetings and those without a fixed time have no start."""
    hidden = ("start_time",) if meeting.type in (INSTANT, NO_FIXED_TIME) else ()
    shown = {name: value for name, value in meeting.fields.items() if name not in hidden}
    helpers = show_hosts(account, meeting.alternative_hosts)
    return {**shown, "settings": {**meeting.settings, "alternative_hosts": helpers}}


def list_dates(world: World, meeting: Meeting, past: bool = False) -> list[dict[str, Any]]:
    return [date for date in meeting.occurrences if past or is_to_come(world, date)]


def is_to_come(world: World, date: dict[str, Any]) -> bool:
    """Whether its planned end is ahead."""
    return get_end(date) > world.now()


def make_join_url(world: World, meeting: Meeting) -> str:
    passcode = f"?pwd={meeting.encrypted_password}" if meeting.password else ""
    return f"{world.public_url}/j/{meeting.number}{passcode}"
