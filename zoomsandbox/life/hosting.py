"""Who may be the host where, and who may come before there is one."""

from zoomsandbox.life.rooms import get_room
from zoomsandbox.state.meetings import SCHEDULED, Meeting
from zoomsandbox.state.rooms import Room
from zoomsandbox.state.times import read_time
from zoomsandbox.state.world import World


def find_room_elsewhere(world: World, meeting: Meeting, user_id: str) -> Room | None:
    """The other meeting that keeps this user from starting or hosting this one, if any does.

    A user hosts one meeting at a time: the one they started, until it is over, even if they left
    it, and any they are in as its host. Their own meeting, started by an alternative host, does not
    count. Zoom documents the limit; what counts is a guess, the stricter one where they left.
    """
    for number in list(world.rooms):
        room = get_room(world, number) if number != meeting.number else None
        if room and room.run.account_id == meeting.account_id and room.is_held_by(user_id):
            return room
    return None


def lets_in_before_host(world: World, meeting: Meeting) -> bool:
    """Whether people may come in while no host is there.

    Zoom API reference, Meetings, ``join_before_host``, ``jbh_time``, ``waiting_room``: a waiting
    room overrules the first; the second is how many minutes before the start, 0 for any time.
    """
    settings = meeting.settings
    if settings.get("join_before_host") is not True or settings.get("waiting_room") is True:
        return False
    minutes = int(settings.get("jbh_time", 0))
    if not minutes or meeting.type != SCHEDULED:
        return True
    return world.now() >= read_time(meeting.fields["start_time"]) - 60.0 * minutes
