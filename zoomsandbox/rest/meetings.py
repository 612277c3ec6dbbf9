"""Zoom's REST calls about meetings."""

import json
import re
import secrets
import string
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from zoomsandbox.life.meetings import add_meeting, remove_meeting
from zoomsandbox.life.rooms import end_room, get_room, make_uuid
from zoomsandbox.rest.errors import ZoomRefusal, no_such_meeting
from zoomsandbox.rest.meeting_rules import (
    DEFAULT_SETTINGS,
    check_passcode,
    clean_fields,
    find_alternative_hosts,
    write_time,
)
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.users import get_default_ttl, get_user_of
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import ENTRY, WORLD, World

DAILY_WRITES = 100


async def create_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Create a meeting."""
    account = get_authorized_account(request, "meeting:write:meeting:admin")
    world = request.app[WORLD]
    host = get_user_of(account, request.match_info["user"])
    request[ENTRY].detail["host_id"] = host.id
    _count_write(world, host)
    body = await _read_object(request)
    if host.status != "active":
        # "Meeting hosting and scheduling capabilities are not allowed for your user account."
        raise ZoomRefusal(400, 3161, "Meeting hosting and scheduling are not allowed for the user.")
    meeting = _make_meeting(world, account, host, body)
    add_meeting(world, meeting)
    request[ENTRY].detail["number"] = meeting.number
    return web.json_response(_as_json(world, account, meeting), status=201)


def _make_meeting(world: World, account: Account, host: User, body: dict[str, Any]) -> Meeting:
    start: dict[str, Any] = {
        "topic": f"{host.display_name}'s Zoom Meeting",
        "agenda": "",
        "type": 2,
        "duration": 60,
        "timezone": host.timezone,
        "start_time": write_time(datetime.fromtimestamp(world.now(), UTC)),
        "settings": dict(DEFAULT_SETTINGS),
    }
    fields = clean_fields(body, start)
    # An account that asks for passcodes gets one made by Zoom when none is sent.
    password = check_passcode(body.get("password") or _make_passcode())
    meeting = Meeting(
        number=world.make_meeting_number(),
        uuid=make_uuid(),
        account_id=account.account_id,
        host_id=host.id,
        created_at=datetime.fromtimestamp(world.now(), UTC),
        password=password,
        encrypted_password=f"{secrets.token_urlsafe(24)}.1",
        fields=fields,
    )
    _change_settings(account, host, meeting, body.get("settings"))
    return meeting


def _make_passcode() -> str:
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(6))


async def get_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Get a meeting: each answer's start_url holds a new ZAK."""
    account = get_authorized_account(request, "meeting:read:meeting:admin")
    meeting = _find(request, account)
    return web.json_response(_as_json(request.app[WORLD], account, meeting))


async def update_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Update a meeting."""
    account = get_authorized_account(request, "meeting:update:meeting:admin")
    meeting = _find(request, account)
    host = account.users[meeting.host_id]
    _count_write(request.app[WORLD], host)
    body = await _read_object(request)
    fields = clean_fields(body, meeting.fields)
    password = check_passcode(body.get("password", meeting.password))
    _change_settings(account, host, meeting, body.get("settings"))
    meeting.fields = {**fields, "settings": meeting.fields["settings"]}
    if password != meeting.password:
        meeting.password = password
        meeting.encrypted_password = f"{secrets.token_urlsafe(24)}.1"
    return web.Response(status=204)


async def delete_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Delete a meeting; one in progress is refused."""
    account = get_authorized_account(request, "meeting:delete:meeting:admin")
    meeting = _find(request, account)
    if get_room(request.app[WORLD], meeting.number):
        raise ZoomRefusal(400, 3002, "The meeting is in progress and cannot be deleted.")
    await remove_meeting(request.app[WORLD], meeting)
    return web.Response(status=204)


async def end_meeting(request: web.Request) -> web.Response:
    """Zoom API reference, Meetings, Update meeting status; of its actions only ``end``.

    Ending a meeting that is not running is undocumented; the sandbox refuses with code 300.
    """
    account = get_authorized_account(request, "meeting:update:status:admin")
    meeting = _find(request, account)
    body = await _read_object(request)
    if body.get("action") != "end":
        raise ZoomRefusal(400, 300, "Invalid action.", field="action")
    if not await end_room(request.app[WORLD], meeting.number):
        raise ZoomRefusal(400, 300, f"The meeting is not in progress: {meeting.number}.")
    return web.Response(status=204)


def _find(request: web.Request, account: Account) -> Meeting:
    text = request.match_info["meeting"]
    request[ENTRY].detail["number"] = text
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ZoomRefusal(400, 300, "Invalid meeting id.")
    meeting = request.app[WORLD].get_meeting(int(text), account.account_id)
    if meeting is None:
        raise no_such_meeting(text)
    return meeting


async def _read_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ZoomRefusal(400, 300, "Request Body should be a valid JSON object.")
    return body


def _count_write(world: World, host: User) -> None:
    """Zoom allows a host a hundred creates and updates per UTC day.

    It is not documented whether refused calls count; here they do. Seen answers carried no
    Retry-After, only the category's ordinary counters.
    """
    key = (host.id, world.today())
    world.writes[key] += 1
    if world.writes[key] <= DAILY_WRITES:
        return
    message = (
        f"You have exceeded the daily rate limit ({DAILY_WRITES}) of Meeting Create/Update API "
        "requests permitted for this particular user. You may resume these requests at GMT "
        "00:00:00."
    )
    raise ZoomRefusal(429, 429, message, headers={"X-RateLimit-Category": "Medium"})


def _change_settings(account: Account, host: User, meeting: Meeting, wanted: Any) -> None:
    if wanted is None:
        return
    if not isinstance(wanted, dict):
        raise ZoomRefusal(400, 300, "Invalid field.", field="settings")
    if "alternative_hosts" in wanted:
        text = wanted["alternative_hosts"]
        meeting.alternative_hosts = find_alternative_hosts(account, host, text)
    meeting.fields["settings"] = {**meeting.fields["settings"], **wanted}


def _as_json(world: World, account: Account, meeting: Meeting) -> dict[str, Any]:
    host = account.users[meeting.host_id]
    zak = world.issue_zak(account, host, "zak", get_default_ttl(host), "start_url")
    answer: dict[str, Any] = {
        "id": meeting.number,
        "uuid": meeting.uuid,
        "host_id": host.id,
        "host_email": host.email,
        "status": "started" if get_room(world, meeting.number) else "waiting",
        **meeting.fields,
        "created_at": write_time(meeting.created_at),
        "start_url": f"{world.public_url}/s/{meeting.number}?zak={zak}",
        "join_url": f"{world.public_url}/j/{meeting.number}?pwd={meeting.encrypted_password}",
        "password": meeting.password,
        "encrypted_password": meeting.encrypted_password,
    }
    if meeting.fields["type"] in (1, 3):
        # Instant meetings and those without a fixed time have no start time to tell.
        answer.pop("start_time")
    return answer
