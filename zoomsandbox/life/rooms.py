"""Entering, leaving and ending: the runs of meetings."""

import asyncio
import base64
import secrets
from functools import partial

from zoomsandbox.life.recordings import keep_recording
from zoomsandbox.state.meetings import Attendance, Meeting, Run
from zoomsandbox.state.rooms import Person, Room
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events

# Zoom: meetings of Basic users, and all on free accounts, end after forty minutes.
BASIC_SECONDS = 40 * 60.0
BASIC = 1
# Rooms that are being left; the event loop itself does not hold on to its tasks.
_farewells: set[asyncio.Task[None]] = set()


def make_uuid() -> str:
    """Base 64 of sixteen bytes, so it may hold slashes, as Zoom's do."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def get_room(world: World, number: int) -> Room | None:
    """The running room; one that everybody has left, or whose time is up, is over."""
    room = world.rooms.get(number)
    if room is None:
        return None
    limit = get_time_limit(world, room.run)
    if limit is not None and world.now() >= limit:
        _end_for_time(world, room, limit)
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


def get_time_limit(world: World, run: Run) -> float | None:
    """When the run ends by itself, in seconds since the epoch; None for no limit.

    Zoom counts from the start; that one person alone is cut off too is a guess, the stricter one.
    The host's licence decides, whoever started it.
    """
    account = world.accounts.get(run.account_id)
    host = account.users.get(run.host_id) if account else None
    if account and host and (account.plan == "free" or host.type == BASIC):
        return run.started_at + BASIC_SECONDS
    return None


def _end_for_time(world: World, room: Room, at: float) -> None:
    _close_run(world, room, at)
    task = asyncio.get_running_loop().create_task(room.close())
    _farewells.add(task)
    task.add_done_callback(_farewells.discard)


async def enter_room(world: World, meeting: Meeting, person: Person) -> Room:
    room = get_room(world, meeting.number)
    if room is None:
        room = _open_run(world, meeting)
    if person.has_host_rights and not room.run.started_by:
        room.run.started_by = person.user_id
    room.people[person.id] = person
    stay = Attendance(
        person.id, person.name, person.user_id, _get_email(world, room.run, person), world.now(),
        customer_key=person.customer_key, registrant_id=person.registrant_id,
    )  # fmt: skip
    room.run.attendance.append(stay)
    events.participant_joined(world, room.run, stay)
    await room.tell_everybody()
    return room


def _get_email(world: World, run: Run, person: Person) -> str:
    """A Zoom user's own address; what a guest says is theirs, if anything."""
    account = world.accounts.get(run.account_id)
    user = account.users.get(person.user_id) if account else None
    return user.email if user else person.email


def _open_run(world: World, meeting: Meeting) -> Room:
    run = Run(
        uuid=meeting.uuid,
        number=meeting.number,
        account_id=meeting.account_id,
        host_id=meeting.host_id,
        topic=meeting.topic,
        type=meeting.fields["type"],
        started_at=world.now(),
        auto_recording=meeting.settings.get("auto_recording", "none"),
    )
    room = world.rooms[meeting.number] = Room(run)
    world.runs.append(run)
    events.meeting_started(world, run)
    limit = get_time_limit(world, run)
    if limit is not None:
        world.agenda.plan(limit, partial(_look, world, meeting.number))
    return room


async def _look(world: World, number: int) -> None:
    """Whoever looks ends what is over; this is the one who does when nobody else asks."""
    get_room(world, number)


def _close_run(world: World, room: Room, at: float | None = None) -> None:
    """The run is over: Zoom gives the next run of the same number another UUID."""
    at = world.now() if at is None else at
    number = room.run.number
    world.rooms.pop(number, None)
    world.admissions = {k: a for k, a in world.admissions.items() if a.number != number}
    for person in list(room.people.values()):
        _note_leaving(world, room.run, person, at)
    room.run.ended_at = at
    meeting = world.meetings.get(number)
    if meeting:
        meeting.uuid = make_uuid()
        meeting.used_at = at
    events.meeting_ended(world, room.run)
    keep_recording(world, room.run)


def _take_out(world: World, room: Room, person: Person) -> None:
    del room.people[person.id]
    _note_leaving(world, room.run, person, world.now())


def _note_leaving(world: World, run: Run, person: Person, at: float) -> None:
    for stay in run.attendance:
        if stay.id == person.id and stay.left_at is None:
            stay.left_at = at
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
