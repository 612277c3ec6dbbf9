"""A user's meetings.

Source: Zoom API reference, Meetings, List meetings and List upcoming meetings. Instant meetings are
in no list, and neither are those whose number has expired.
"""

from typing import Any, NamedTuple

from aiohttp import web

from zoomsandbox.life.meetings import has_expired
from zoomsandbox.life.rooms import get_room
from zoomsandbox.rest.dates import read_span
from zoomsandbox.rest.errors import invalid
from zoomsandbox.rest.meetings_json import is_to_come, make_join_url
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.paging import make_page
from zoomsandbox.rest.users import get_user_of
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import INSTANT, NO_FIXED_TIME, Meeting, Run
from zoomsandbox.state.times import count_minutes, read_time, write_time
from zoomsandbox.state.world import ENTRY, WORLD, World

KINDS = ("scheduled", "live", "upcoming", "upcoming_meetings", "previous_meetings")
DAY = 86_400.0


class Line(NamedTuple):
    """A meeting in a list, with the date it stands there for, if it has one."""

    meeting: Meeting
    date: dict[str, Any] | None

    @property
    def at(self) -> float:
        return read_time(self.date["start_time"]) if self.date else 0.0


async def list_meetings(request: web.Request) -> web.Response:
    """List meetings: ``scheduled`` ones unless ``type`` asks for others.

    ``from`` and ``to`` are days on which they begin. Of a recurring meeting the scheduled ones hold
    one line, with its next date or else its last; ``upcoming`` ones hold a line for each date to
    come, which is a guess, as is that meetings without a fixed time are always to come.
    """
    account = get_authorized_account(request, "meeting:read:list_meetings:admin")
    world, user = request.app[WORLD], _find_user(request, account)
    kind = request.query.get("type", "scheduled")
    if kind not in KINDS:
        raise invalid("type")
    span = read_span(request)
    if kind == "previous_meetings":
        runs = [run for run in _list_runs(world, user, account) if span.holds(run.started_at)]
        page = make_page(request, account, "meetings", runs, _show_run, numbered=True)
        return web.json_response(page)
    bounded = span.start is not None or span.end is not None
    lines = [
        line
        for line in _list_lines(world, account, user, kind)
        if not bounded or (line.date is not None and span.holds(line.at))
    ]
    page = make_page(
        request, account, "meetings", lines, lambda line: _show(world, line), numbered=True
    )
    return web.json_response(page)


async def list_upcoming_meetings(request: web.Request) -> web.Response:
    """List upcoming meetings: those of the next 24 hours, with the ones that go on."""
    account = get_authorized_account(request, "meeting:read:list_upcoming_meetings:admin")
    world, user = request.app[WORLD], _find_user(request, account)
    limit = world.now() + DAY
    lines = [line for line in _list_lines(world, account, user, "upcoming") if line.at < limit]
    shown = [
        {
            **_show(world, line),
            "passcode": line.meeting.password,
            "use_pmi": False,
            "is_host": True,
        }
        for line in lines
    ]
    return web.json_response({"total_records": len(shown), "meetings": shown})


def _find_user(request: web.Request, account: Account) -> User:
    user = get_user_of(account, request.match_info["user"], request.app[WORLD])
    request[ENTRY].detail["user_id"] = user.id
    return user


def _list_lines(world: World, account: Account, user: User, kind: str) -> list[Line]:
    """In the order of their dates; those without one come first."""
    lines: list[Line] = []
    for meeting in list(world.meetings.values()):
        is_users = (meeting.account_id, meeting.host_id) == (account.account_id, user.id)
        if is_users and meeting.type != INSTANT and not has_expired(world, meeting):
            lines += _make_lines(world, meeting, kind)
    return sorted(lines, key=lambda line: (line.at, line.meeting.number))


def _make_lines(world: World, meeting: Meeting, kind: str) -> list[Line]:
    is_live = get_room(world, meeting.number) is not None
    dates = [one for one in meeting.occurrences if one["status"] != "deleted"]
    if not meeting.occurrences:
        dates = [] if meeting.type == NO_FIXED_TIME else [meeting.fields]
    ahead = [date for date in dates if is_to_come(world, date)]
    if kind.startswith("upcoming"):
        if meeting.type == NO_FIXED_TIME or (is_live and not ahead):
            return [Line(meeting, dates[-1] if dates else None)]
        return [Line(meeting, date) for date in ahead]
    if kind == "live" and not is_live:
        return []
    chosen = ahead[0] if ahead else dates[-1] if dates else None
    return [Line(meeting, chosen)]


def _show(world: World, line: Line) -> dict[str, Any]:
    meeting, date = line
    shown = {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "type": meeting.type,
        "agenda": meeting.fields["agenda"],
        "timezone": meeting.fields["timezone"],
        "created_at": write_time(meeting.created_at),
        "join_url": make_join_url(world, meeting),
        "duration": (date or meeting.fields)["duration"],
    }
    return shown | ({"start_time": date["start_time"]} if date else {})


def _list_runs(world: World, user: User, account: Account) -> list[Run]:
    """The user's ended runs, the latest first."""
    mine = (account.account_id, user.id)
    return [
        run
        for run in reversed(world.runs)
        if (run.account_id, run.host_id) == mine and run.ended_at is not None
    ]


def _show_run(run: Run) -> dict[str, Any]:
    ended = run.started_at if run.ended_at is None else run.ended_at
    return {
        "uuid": run.uuid,
        "id": run.number,
        "host_id": run.host_id,
        "topic": run.topic,
        "type": run.type,
        "start_time": write_time(run.started_at),
        "duration": count_minutes(run.started_at, ended),
        "timezone": "UTC",
    }
