"""Controls for meetings, who is in them, and the ZAKs that start them."""

import dataclasses
import re
from typing import Any, Literal

from zoomsandbox.control.framework import Ask, Control, NotThereError
from zoomsandbox.control.shapes import Many, Record
from zoomsandbox.life.meetings import remove_meeting
from zoomsandbox.life.rooms import end_room, get_room
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.tokens import Zak
from zoomsandbox.state.world import World

SHOWN_MEETING = Record(
    "ShownMeeting",
    {
        "number": int,
        "uuid": str,
        "account_id": str,
        "host_id": str,
        "alternative_hosts": list[str],
        "password": str,
        "status": Literal["started", "waiting"],
    },
    "A meeting, with those fields of Zoom's meeting object that a body may set.",
    is_open=True,
)
PERSON = Record(
    "Person",
    {"id": str, "name": str, "user_id": str, "as": str, "via": Literal["sdk", "page"]},
    "Somebody in a meeting; user_id is empty for guests.",
)
ROOM = Record(
    "Room",
    {"number": int, "topic": str, "uuid": str, "started_at": float, "people": Many(PERSON)},
    "A meeting that goes on.",
)
ENDED = Record("Ended", {"ended": bool}, "False when the meeting did not go on.")


async def list_meetings(ask: Ask) -> Any:
    """List the meetings of all accounts, with their passcodes."""
    return [_show(ask.world, meeting) for meeting in ask.world.meetings.values()]


async def delete_meeting(ask: Ask) -> Any:
    """Delete a meeting, as after somebody did so in Zoom's own portal."""
    number = read_number(ask)
    if number not in ask.world.meetings:
        raise NotThereError(f"no meeting {number}")
    await remove_meeting(ask.world, ask.world.meetings[number])
    return {}


async def list_rooms(ask: Ask) -> Any:
    """List the meetings that go on, with everybody in them."""
    rooms = [get_room(ask.world, number) for number in list(ask.world.rooms)]
    return [room.as_json() for room in rooms if room]


async def end_meeting(ask: Ask) -> Any:
    """End a meeting for everybody in it."""
    return {"ended": await end_room(ask.world, read_number(ask))}


async def list_zaks(ask: Ask) -> Any:
    """List the tokens that speak for a user: ZAKs and their kin, with their values."""
    return [dataclasses.asdict(zak) for zak in ask.world.zaks.values()]


def read_number(ask: Ask) -> int:
    """The meeting number in the path; raises NotThereError for what can be none."""
    text = ask.path["number"]
    if not re.fullmatch("[0-9]{1,15}", text):
        raise NotThereError(f"no meeting {text}")
    return int(text)


def _show(world: World, meeting: Meeting) -> dict[str, Any]:
    return {
        **meeting.fields,
        "number": meeting.number,
        "uuid": meeting.uuid,
        "account_id": meeting.account_id,
        "host_id": meeting.host_id,
        "alternative_hosts": list(meeting.alternative_hosts),
        "password": meeting.password,
        "status": "started" if get_room(world, meeting.number) else "waiting",
    }


CONTROLS = (
    Control("GET", "meetings", "Meetings", list_meetings, answer=Many(SHOWN_MEETING)),
    Control("DELETE", "meetings/{number}", "Meetings", delete_meeting),
    Control("GET", "rooms", "Meetings", list_rooms, answer=Many(ROOM)),
    Control("POST", "rooms/{number}/end", "Meetings", end_meeting, answer=ENDED),
    Control("GET", "zaks", "Meetings", list_zaks, answer=Many(Zak)),
)
