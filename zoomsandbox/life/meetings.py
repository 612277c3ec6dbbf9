"""A meeting comes, changes, goes, and may come back."""

from typing import Any

from zoomsandbox.life.rooms import end_room, get_room
from zoomsandbox.state.meetings import NO_FIXED_TIME, Meeting
from zoomsandbox.state.times import read_time
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events

DAY = 86_400.0
# How long a deleted meeting can be recovered: a guess, Zoom's API reference does not say.
KEPT_FOR = 7 * DAY
# Zoom: a meeting's number expires thirty days after it was last used or planned for.
USABLE_FOR = 30 * DAY


def add_meeting(world: World, meeting: Meeting) -> None:
    world.meetings[meeting.number] = meeting
    events.meeting_created(world, meeting)


def tell_of_change(
    world: World, meeting: Meeting, old: dict[str, Any], occurrence_id: str = ""
) -> None:
    """After a change, of one date if it is named.

    ``old`` holds the earlier values of what changed, if anything did.
    """
    if old:
        events.meeting_updated(world, meeting, old, occurrence_id)


async def remove_meeting(world: World, meeting: Meeting) -> None:
    """Into the trash, with an end to the run that goes on."""
    await end_room(world, meeting.number)
    del world.meetings[meeting.number]
    meeting.deleted_at = world.now()
    world.trash[meeting.number] = meeting
    events.meeting_deleted(world, meeting)


def remove_occurrence(world: World, meeting: Meeting, occurrence: dict[str, Any]) -> None:
    """One date of a recurring meeting; Zoom goes on telling it, as deleted."""
    occurrence["status"] = "deleted"
    events.meeting_deleted(world, meeting, (occurrence["occurrence_id"],))


def find_deleted(world: World, number: int, account_id: str) -> Meeting | None:
    """The meeting in the trash, if it can be recovered: its host has to be there still."""
    meeting = world.trash.get(number)
    account = world.accounts.get(account_id)
    if meeting is None or account is None or meeting.account_id != account_id:
        return None
    is_late = world.now() > (meeting.deleted_at or 0.0) + KEPT_FOR
    return None if is_late or meeting.host_id not in account.users else meeting


def recover_meeting(world: World, meeting: Meeting) -> None:
    """Out of the trash. Zoom documents no event for it, so nobody is told."""
    del world.trash[meeting.number]
    meeting.deleted_at = None
    world.meetings[meeting.number] = meeting


def has_expired(world: World, meeting: Meeting) -> bool:
    """Whether the number is dead: Zoom then says that the meeting does not exist."""
    last = max(meeting.created_at.timestamp(), meeting.used_at or 0.0, get_last_moment(meeting))
    return world.now() > last + USABLE_FOR and get_room(world, meeting.number) is None


def get_last_moment(meeting: Meeting) -> float:
    """When it is planned to end for the last time; 0 for one without a fixed time."""
    dates = meeting.occurrences or [meeting.fields]
    if meeting.type == NO_FIXED_TIME:
        return 0.0
    return max(map(get_end, dates))


def get_end(date: dict[str, Any]) -> float:
    """The planned end of a date, or of a meeting that has only one."""
    return read_time(date["start_time"]) + 60.0 * int(date["duration"])
