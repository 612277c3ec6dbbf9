"""Zoom's REST calls about cloud recordings.

Source: Zoom API reference, Cloud recording: Get meeting recordings, List all recordings.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from zoomsandbox.rest.dates import Span, read_span
from zoomsandbox.rest.errors import ZoomRefusal, invalid
from zoomsandbox.rest.ids import read_number_or_uuid
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.paging import make_page
from zoomsandbox.rest.users import get_user_of
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.meetings import Recording
from zoomsandbox.state.times import count_minutes, write_time
from zoomsandbox.state.world import ENTRY, WORLD, World

DAY = timedelta(days=1)
LONGEST_SPAN = timedelta(days=31)


async def get_recordings(request: web.Request) -> web.Response:
    """Those of the run with this UUID, or of the latest recorded one with this number."""
    account = get_authorized_account(request, "cloud_recording:read:list_recording_files:admin")
    key = read_number_or_uuid(request)
    world = request.app[WORLD]
    found = [one for one in _list_ready(world, account) if key in (one.number, one.uuid)]
    if not found:
        raise ZoomRefusal(404, 3301, "This recording does not exist.")
    return web.json_response(_show(world, found[-1]))


async def list_recordings(request: web.Request) -> web.Response:
    """A user's, of the days ``from`` to ``to``: since yesterday unless asked, a month at most.

    What Zoom does when asked for longer is not documented; the sandbox refuses with code 300.
    """
    account = get_authorized_account(request, "cloud_recording:read:list_user_recordings:admin")
    world = request.app[WORLD]
    user = get_user_of(account, request.match_info["user"], world)
    request[ENTRY].detail["user_id"] = user.id
    start, end = _read_days(request, world)
    found = [
        one
        for one in reversed(_list_ready(world, account))
        if one.host_id == user.id and Span(start, end).holds(one.started_at)
    ]
    page = make_page(request, account, "meetings", found, lambda one: _show(world, one))
    page["page_count"] = max(1, -(-page["total_records"] // page["page_size"]))
    return web.json_response({"from": f"{start:%Y-%m-%d}", "to": f"{end:%Y-%m-%d}", **page})


def _read_days(request: web.Request, world: World) -> tuple[datetime, datetime]:
    span = read_span(request)
    now = datetime.fromtimestamp(world.now(), UTC)
    end = span.end or now
    start = span.start or end - DAY
    if end < start:
        raise invalid("to")
    if end - start > LONGEST_SPAN:
        raise invalid("from", "The span is longer than a month.")
    return start, end


def _list_ready(world: World, account: Account) -> list[Recording]:
    now = world.now()
    mine = (one for one in world.recordings if one.account_id == account.account_id)
    return [one for one in mine if one.ready_at <= now]


def _show(world: World, recording: Recording) -> dict[str, Any]:
    """``type`` is text here, as the reference has it for recordings."""
    return {
        "account_id": recording.account_id,
        "id": recording.number,
        "uuid": recording.uuid,
        "host_id": recording.host_id,
        "topic": recording.topic,
        "type": str(recording.type),
        "start_time": write_time(recording.started_at),
        "duration": count_minutes(recording.started_at, recording.ended_at),
        "total_size": sum(file["file_size"] for file in recording.files),
        "recording_count": len(recording.files),
        "share_url": f"{world.public_url}/rec/share/{recording.id}",
        "recording_files": recording.files,
    }
