"""Zoom's REST calls about runs that are over.

Source: Zoom API reference, Meetings: Get past meeting details, List past meeting instances, Get
past meeting participants. That a run which goes on is not past yet is a guess.
"""

from typing import Any

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal, no_such_meeting
from zoomsandbox.rest.ids import read_number, read_number_or_uuid
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.paging import make_page
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.meetings import Attendance, Run
from zoomsandbox.state.times import count_minutes, write_time
from zoomsandbox.state.world import WORLD

# What Zoom numbers people in a meeting from, and by which steps.
FIRST_PERSON, STEP = 16_778_240, 1_024


async def get_past_meeting(request: web.Request) -> web.Response:
    """The run with this UUID, or the latest with this number."""
    account = get_authorized_account(request, "meeting:read:past_meeting:admin")
    run = _find_run(request, account)
    host = account.users.get(run.host_id)
    ended = _get_end(run)
    return web.json_response(
        {
            "uuid": run.uuid,
            "id": run.number,
            "host_id": run.host_id,
            "type": run.type,
            "topic": run.topic,
            "user_name": host.display_name if host else "",
            "user_email": host.email if host else "",
            "dept": host.dept if host else "",
            "start_time": write_time(run.started_at),
            "end_time": write_time(ended),
            "duration": count_minutes(run.started_at, ended),
            "total_minutes": sum(
                count_minutes(stay.joined_at, _get_leaving(run, stay)) for stay in run.attendance
            ),
            "participants_count": len(run.attendance),
            "source": "Zoom",
        }
    )


async def list_instances(request: web.Request) -> web.Response:
    """All runs of this number that are over; none for a meeting that never ran (a guess)."""
    account = get_authorized_account(request, "meeting:read:list_past_instances:admin")
    number = read_number(request)
    runs = _list_runs(request, account, number)
    if not runs and request.app[WORLD].get_meeting(number, account.account_id) is None:
        raise no_such_meeting(number)
    shown = [{"uuid": run.uuid, "start_time": write_time(run.started_at)} for run in runs]
    return web.json_response({"meetings": shown})


async def list_participants(request: web.Request) -> web.Response:
    """Everybody's every stay in the run; who came twice is in the list twice.

    Needs a paid account; that a free one gets code 200 is a guess.
    """
    account = get_authorized_account(request, "meeting:read:list_past_participants:admin")
    run = _find_run(request, account)
    if account.plan == "free":
        raise ZoomRefusal(400, 200, f"Only available for paid accounts: {account.account_id}.")
    stays = list(enumerate(run.attendance))
    page = make_page(
        request, account, "participants", stays, lambda stay: _show_stay(account, run, *stay)
    )
    page["page_count"] = max(1, -(-page["total_records"] // page["page_size"]))
    return web.json_response(page)


def _find_run(request: web.Request, account: Account) -> Run:
    key = read_number_or_uuid(request)
    runs = _list_runs(request, account, key)
    if not runs:
        raise no_such_meeting(key)
    return runs[-1]


def _list_runs(request: web.Request, account: Account, key: int | str) -> list[Run]:
    """The account's ended runs with this number or UUID, in the order of their start."""
    return [
        run
        for run in request.app[WORLD].runs
        if key in (run.number, run.uuid)
        and run.account_id == account.account_id
        and run.ended_at is not None
    ]


def _get_end(run: Run) -> float:
    return run.started_at if run.ended_at is None else run.ended_at


def _get_leaving(run: Run, stay: Attendance) -> float:
    return _get_end(run) if stay.left_at is None else stay.left_at


def _show_stay(account: Account, run: Run, index: int, stay: Attendance) -> dict[str, Any]:
    left = _get_leaving(run, stay)
    return {
        "id": stay.user_id,
        "user_id": str(FIRST_PERSON + STEP * index),
        "name": stay.name,
        "user_email": stay.email,
        "registrant_id": stay.registrant_id,
        "join_time": write_time(stay.joined_at),
        "leave_time": write_time(left),
        "duration": int(left - stay.joined_at),
        "failover": False,
        "status": "in_meeting",
        "internal_user": stay.user_id in account.users,
    }
