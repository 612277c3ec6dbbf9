"""Entering, leaving and ending: the runs of meetings."""

import base64
import secrets

from zoomsandbox.state.meetings import Attendance, Meeting, Run
from zoomsandbox.state.rooms import Person, Room
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events


def make_uuid() -> str:
    """Base 64 of sixteen bytes, so it may hold slashes, as Zoom's do."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def get_room(world: World, number: int) -> Room | None:
    """The running room; one that everybody has left is over."""
    room = world.rooms.get(number)
    if room is None:
        return None
    for person in room.get_silent_people():
        _take_out(world, room, person)
    if not room.people:
        _close_run(world, room)
        return None
    return room


def get_room_hosted_by(world: World, account_id: str, user_id: str) -> Room | None:
    """The running room whose host this user is, if any."""
    for number in list(world.rooms):
        room = get_room(world, number)
        if room and (room.run.account_id, room.run.host_id) == (account_id, user_id):
            return room
    return None


async def enter_room(world: World, meeting: Meeting, person: Person) -> Room:
    room = get_room(world, meeting.number)
    if room is None:
        room = _open_run(world, meeting)
    room.people[person.id] = person
    stay = Attendance(
        person.id, person.name, person.user_id, person.email, world.now(),
        customer_key=person.customer_key,
    )  # fmt: skip
    room.run.attendance.append(stay)
    events.participant_joined(world, room.run, stay)
    await room.tell_everybody()
    return room


def _open_run(world: World, meeting: Meeting) -> Room:
    run = Run(
        uuid=meeting.uuid,
        number=meeting.number,
        account_id=meeting.account_id,
        host_id=meeting.host_id,
        topic=meeting.topic,
        type=meeting.fields["type"],
        started_at=world.now(),
    )
    room = world.rooms[meeting.number] = Room(run)
    world.runs.append(run)
    events.meeting_started(world, run)
    return room


def _close_run(world: World, room: Room) -> None:
    """The run is over: Zoom gives the next run of the same number another UUID."""
    number = room.run.number
    world.rooms.pop(number, None)
    world.admissions = {k: a for k, a in world.admissions.items() if a.number != number}
    for person in list(room.people.values()):
        _note_leaving(world, room.run, person)
    room.run.ended_at = world.now()
    meeting = world.meetings.get(number)
    if meeting:
        meeting.uuid = make_uuid()
    events.meeting_ended(world, room.run)


def _take_out(world: World, room: Room, person: Person) -> None:
    del room.people[person.id]
    _note_leaving(world, room.run, person)


def _note_leaving(world: World, run: Run, person: Person) -> None:
    for stay in run.attendance:
        if stay.id == person.id and stay.left_at is None:
            stay.left_at = world.now()
            events.participant_left(world, run, stay)


async def leave_room(world: World, number: int, person_id: str) -> None:
    room = world.rooms.get(number)
    person = room.people.get(person_id) if room else None
    if room is None or person is None:
        return
    _take_out(world, room, person)
    if get_room(world, number):
        await room.tell_everybody()


async def end_room(world: World, number: int) -> bool:
    """End the run for everybody; False when there is none."""
    room = get_room(world, number)
    if room is None:
        return False
    _close_run(world, room)
    await room.close()
    return True


async def end_all_rooms(world: World) -> None:
    for number in list(world.rooms):
        await end_room(world, number)
