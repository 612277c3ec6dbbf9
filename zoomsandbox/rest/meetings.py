"""Zoom's REST calls about one meeting."""

import secrets
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from zoomsandbox.life.meetings import (
    add_meeting,
    find_deleted,
    recover_meeting,
    remove_meeting,
    remove_occurrence,
    tell_of_change,
)
from zoomsandbox.life.rooms import end_room, get_room, make_uuid
from zoomsandbox.rest.bodies import read_object
from zoomsandbox.rest.errors import ZoomRefusal, invalid, no_such_meeting, not_accepted
from zoomsandbox.rest.ids import find_meeting, read_number
from zoomsandbox.rest.meeting_rules import clean_fields, dates_of
from zoomsandbox.rest.meetings_json import show_meeting, show_occurrence
from zoomsandbox.rest.meetings_occurrences import change_occurrence, find_occurrence
from zoomsandbox.rest.meetings_passcode import choose_passcode, set_passcode
from zoomsandbox.rest.meetings_settings import (
    clean_settings,
    find_alternative_hosts,
    make_defaults,
    show_hosts,
)
from zoomsandbox.rest.meetings_update import change_meeting, find_named_host, list_old_values
from zoomsandbox.rest.meetings_writes import count_write
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.users import get_user_of
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.times import write_time
from zoomsandbox.state.world import ENTRY, WORLD, World


async def create_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Create a meeting.

    With ``schedule_for`` another user becomes the host; the write counts for the user in the path
    (a guess).
    """
    account = get_authorized_account(request, "meeting:write:meeting:admin")
    world = request.app[WORLD]
    user = get_user_of(account, request.match_info["user"], world)
    request[ENTRY].detail["host_id"] = user.id
    count_write(world, account, user)
    body = await read_object(request)
    host = _find_host(account, user, body)
    meeting = _make_meeting(world, account, host, body)
    add_meeting(world, meeting)
    request[ENTRY].detail.update(number=meeting.number, host_id=host.id)
    return web.json_response(show_meeting(world, account, meeting), status=201)


def _find_host(account: Account, user: User, body: dict[str, Any]) -> User:
    other = find_named_host(account, body)
    if other is not None:
        return other
    if user.status == "pending":
        raise not_accepted(user.id)
    if user.status != "active":
        # "Meeting hosting and scheduling capabilities are not allowed for your user account."
        raise ZoomRefusal(400, 3161, "Meeting hosting and scheduling are not allowed for the user.")
    return user


def _make_meeting(world: World, account: Account, host: User, body: dict[str, Any]) -> Meeting:
    now = datetime.fromtimestamp(world.now(), UTC)
    start: dict[str, Any] = {
        "topic": f"{host.display_name}'s Zoom Meeting",
        "agenda": "",
        "type": 2,
        "duration": 60,
        "timezone": host.timezone,
        "start_time": write_time(now),
        "pre_schedule": False,
    }
    fields = clean_fields(body, start)
    settings = {**make_defaults(host), **clean_settings(body.get("settings"))}
    helpers = _find_helpers(account, host, body.get("settings"))
    settings["alternative_hosts"] = show_hosts(account, helpers)
    meeting = Meeting(
        number=world.make_meeting_number(),
        uuid=make_uuid(),
        account_id=account.account_id,
        host_id=host.id,
        created_at=now,
        password="",
        encrypted_password="",
        fields={**fields, "settings": settings},
        alternative_hosts=helpers,
        occurrences=dates_of(fields),
        dynamic_host_key=f"{secrets.randbelow(10**6):06d}",
    )
    set_passcode(meeting, choose_passcode(account, host, body, meeting.type))
    return meeting


def _find_helpers(account: Account, host: User, settings: Any) -> tuple[str, ...]:
    text = settings.get("alternative_hosts") if isinstance(settings, dict) else None
    return () if text is None else find_alternative_hosts(account, host, text)


async def get_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Get a meeting: each answer's start_url holds a new ZAK."""
    account = get_authorized_account(request, "meeting:read:meeting:admin")
    meeting = find_meeting(request, account)
    world = request.app[WORLD]
    occurrence = find_occurrence(request, meeting)
    if occurrence is not None:
        return web.json_response(show_occurrence(world, account, meeting, occurrence))
    wanted = request.query.get("show_previous_occurrences", "false")
    if wanted not in ("true", "false"):
        raise invalid("show_previous_occurrences")
    answer = show_meeting(world, account, meeting, past_dates=wanted == "true")
    return web.json_response(answer)


async def update_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Update a meeting, or one date of it (``occurrence_id``)."""
    account = get_authorized_account(request, "meeting:update:meeting:admin")
    meeting = find_meeting(request, account)
    world = request.app[WORLD]
    count_write(world, account, account.users[meeting.host_id])
    body = await read_object(request)
    before = list_old_values(meeting)
    occurrence = find_occurrence(request, meeting)
    if occurrence is None:
        change_meeting(world, account, meeting, body)
    else:
        change_occurrence(meeting, occurrence, body)
    after = list_old_values(meeting)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    old = {name: before.get(name) for name in names}
    tell_of_change(world, meeting, old, occurrence["occurrence_id"] if occurrence else "")
    return web.Response(status=204)


async def delete_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Delete a meeting, or one date of it (``occurrence_id``).

    A meeting in progress is refused. The reminders by mail that the query can ask for are not
    imitated.
    """
    account = get_authorized_account(request, "meeting:delete:meeting:admin")
    meeting = find_meeting(request, account)
    world = request.app[WORLD]
    occurrence = find_occurrence(request, meeting)
    if occurrence is not None:
        remove_occurrence(world, meeting, occurrence)
        return web.Response(status=204)
    if get_room(world, meeting.number):
        raise ZoomRefusal(400, 3002, "The meeting is in progress and cannot be deleted.")
    await remove_meeting(world, meeting)
    return web.Response(status=204)


async def end_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Update meeting status: ``end``, or ``recover`` once deleted.

    Ending a meeting that is not running is undocumented; the sandbox refuses with code 300. So is
    for how long a deleted meeting can be recovered: here for seven days.
    """
    account = get_authorized_account(request, "meeting:update:status:admin")
    number = read_number(request)
    world = request.app[WORLD]
    body = await read_object(request)
    action = body.get("action")
    if action == "recover":
        deleted = find_deleted(world, number, account.account_id)
        if deleted is None:
            raise no_such_meeting(number)
        recover_meeting(world, deleted)
        return web.Response(status=204)
    meeting = find_meeting(request, account)
    if action != "end":
        raise invalid("action", "Invalid action.")
    if not await end_room(world, meeting.number):
        raise ZoomRefusal(400, 300, f"The meeting is not in progress: {meeting.number}.")
    return web.Response(status=204)
