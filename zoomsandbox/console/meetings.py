"""Meetings for people, with a button to end those that go on; no passcodes and no links."""

import re

from zoomsandbox.console.forms import button
from zoomsandbox.console.framework import MissingError, Page, Visit
from zoomsandbox.console.markup import Html, badge, code, element, join, moment, table
from zoomsandbox.life.rooms import end_room, get_room
from zoomsandbox.state.meetings import Meeting, Run
from zoomsandbox.state.world import World

LAST_RUNS = 50
TYPES = {1: "instant", 2: "scheduled", 3: "recurring, no time", 8: "recurring"}


def describe(visit: Visit) -> Html:
    world = visit.world
    heads = ("Topic", "State", "Number", "Start", "Type", "Host", "Account", "Action")
    rows = [_make_row(world, meeting) for meeting in list(world.meetings.values())]
    return join(table("Meetings", heads, rows), _describe_runs(world))


def _make_row(world: World, meeting: Meeting) -> tuple[object, ...]:
    runs_now = get_room(world, meeting.number) is not None
    kind = meeting.fields.get("type")
    return (
        meeting.topic,
        badge("started", "good") if runs_now else badge("waiting"),
        code(meeting.number),
        meeting.fields.get("start_time") or "",
        TYPES.get(kind, kind) if isinstance(kind, int) else "",
        meeting.host_id,
        meeting.account_id,
        _make_end(meeting) if runs_now else "",
    )


def _make_end(meeting: Meeting) -> Html:
    label = join("End", element("span", f" {meeting.topic}", class_="unseen"))
    return button("/_console/meetings/end", label, "small danger", number=meeting.number)


def _describe_runs(world: World) -> Html:
    rows = [
        (
            run.topic,
            code(run.number),
            moment(run.started_at),
            moment(run.ended_at) if run.ended_at else badge("goes on", "good"),
            _count_people(run),
        )
        for run in reversed(world.runs[-LAST_RUNS:])
    ]
    heads = ("Topic", "Number", "Started (UTC)", "Ended (UTC)", "Stays")
    return table("Past and present runs", heads, rows)


def _count_people(run: Run) -> int:
    return len(run.attendance)


async def end(visit: Visit) -> None:
    number = visit.filled.get("number", "")
    if not re.fullmatch("[0-9]{1,15}", number) or not await end_room(visit.world, int(number)):
        raise MissingError("This meeting is over already.")


PAGE = Page(
    "/_console/meetings",
    "Meetings",
    live=describe,
    actions={"end": end},
    done={"end": "The meeting has ended for everybody."},
)
