"""A meeting comes, changes and goes."""

from typing import Any

from zoomsandbox.life.rooms import end_room
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events


def add_meeting(world: World, meeting: Meeting) -> None:
    world.meetings[meeting.number] = meeting
    events.meeting_created(world, meeting)


def tell_of_change(world: World, meeting: Meeting, old: dict[str, Any]) -> None:
    """After a change: ``old`` holds the earlier values of what changed, if anything did."""
    if old:
        events.meeting_updated(world, meeting, old)


async def remove_meeting(world: World, meeting: Meeting) -> None:
    """Gone, with the run that goes on."""
    await end_room(world, meeting.number)
    del world.meetings[meeting.number]
    events.meeting_deleted(world, meeting)
