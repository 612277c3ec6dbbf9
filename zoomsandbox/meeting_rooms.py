"""Entering, leaving and ending: the rooms of a world."""

import base64
import secrets

from zoomsandbox.rooms import Person, Room
from zoomsandbox.world import Meeting, World


def make_uuid() -> str:
    """Base 64 of sixteen bytes, so it may hold slashes, as Zoom's do."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def get_room(world: World, number: int) -> Room | None:
    """The running room; one that everybody has left is over."""
    room = world.rooms.get(number)
    if room is None:
        return None
    room.drop_silent_people()
    if not room.people:
        forget_room(world, number)
        return None
    return room


def forget_room(world: World, number: int) -> None:
    """The run is over: Zoom gives the next run of the same number another UUID."""
    world.rooms.pop(number, None)
    world.admissions = {k: a for k, a in world.admissions.items() if a.number != number}
    meeting = world.meetings.get(number)
    if meeting:
        meeting.uuid = make_uuid()


async def enter_room(world: World, meeting: Meeting, person: Person) -> Room:
    room = get_room(world, meeting.number)
    if room is None:
        room = Room(meeting.number, meeting.topic, meeting.uuid, world.now())
        world.rooms[meeting.number] = room
    room.people[person.id] = person
    await room.tell_everybody()
    return room


async def leave_room(world: World, number: int, person_id: str) -> None:
    room = world.rooms.get(number)
    if room is None or room.people.pop(person_id, None) is None:
        return
    if get_room(world, number):
        await room.tell_everybody()


async def end_room(world: World, number: int) -> bool:
    """End the run for everybody; False when there is none."""
    room = get_room(world, number)
    if room is None:
        return False
    forget_room(world, number)
    await room.close()
    return True


async def end_all_rooms(world: World) -> None:
    for number in list(world.rooms):
        await end_room(world, number)
