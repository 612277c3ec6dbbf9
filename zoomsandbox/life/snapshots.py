"""Keeping the state, and bringing it back."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from zoomsandbox.life.recordings import tell_of_recording
from zoomsandbox.life.rooms import end_all_rooms, end_room
from zoomsandbox.state.archive import ArchiveError, dump, dump_world, fits, load, load_world, seal
from zoomsandbox.state.deliveries import Held
from zoomsandbox.state.rooms import PARTICIPANT, Person, Room
from zoomsandbox.state.world import World
from zoomsandbox.webhooks.handshake import revalidate
from zoomsandbox.webhooks.sender import attempt, hold_back

MOST_SNAPSHOTS = 50
# Seconds for what is being done when a snapshot is taken.
PATIENCE = 5.0
# What may be planned for later, and is planned again when the state comes back.
PLANNED: dict[str, Callable[..., Any]] = {
    "deliver": attempt,
    "revalidate": revalidate,
    "tell_of_recording": tell_of_recording,
}


@dataclass(frozen=True)
class Snapshot:
    """A state as text, so that nothing that happens later can change it.

    ``saved_at`` is by the sandbox's clock.
    """

    name: str
    saved_at: float
    accounts: int
    meetings: int
    calls: int
    size: int
    text: str = field(repr=False)


# Outlives a reset, which is what a snapshot is for.
SNAPSHOTS = web.AppKey("snapshots", dict[str, Snapshot])


async def keep_world(snapshots: dict[str, Snapshot], name: str, world: World) -> Snapshot:
    """Raises ArchiveError when there are too many, or the state cannot be written down.

    What is being done at this moment, such as a delivery, is waited for a little.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await world.agenda.settle()
    return keep_archive(snapshots, name, write_archive(world))


def keep_archive(snapshots: dict[str, Snapshot], name: str, archive: dict[str, Any]) -> Snapshot:
    """In the place of an earlier one of this name."""
    if name not in snapshots and len(snapshots) >= MOST_SNAPSHOTS:
        raise ArchiveError(f"there are {MOST_SNAPSHOTS} snapshots already; delete one first")
    state = archive["state"]
    text = json.dumps(archive)
    accounts, meetings = (_count(state[part]) for part in ("accounts", "meetings"))
    calls = len(state["ledger"]["$deque"])
    snapshots[name] = Snapshot(
        name, archive["saved_at"], accounts, meetings, calls, len(text), text
    )
    return snapshots[name]


def _count(dumped: dict[str, Any]) -> int:
    """The members of a dict, however it is written."""
    return len(dumped.get("$dict", dumped))


def write_archive(world: World, **instead: Any) -> dict[str, Any]:
    """The state and what is planned in it. Scenarios that are being played are not kept."""
    try:
        return seal(dump_world(world) | {"planned": _dump_plans(world)} | instead)
    except RecursionError as error:
        raise ArchiveError("something in the state is nested too deeply to be kept") from error


def _dump_plans(world: World) -> list[Any]:
    names = {action: name for name, action in PLANNED.items()}
    return [
        [at, names[action.func], dump(list(action.args[1:]))]
        for at, action in world.agenda.list_planned()
        if isinstance(action, partial) and action.func in names
    ]


def check_archive(archive: Any) -> dict[str, Any]:
    """The archive as this sandbox writes it; raises ArchiveError if it is none."""
    trial = World()
    _load(trial, archive)
    return write_archive(trial, saved_at=archive["saved_at"])


def _load(world: World, archive: Any) -> None:
    try:
        load_world(world, archive)
        for at, name, arguments in archive["planned"]:
            world.agenda.plan(float(at), partial(PLANNED[name], world, *load(arguments)))
        held = load(archive["held"])
        if not fits(held, dict[str, list[Held]]):
            raise ArchiveError("what is held back is not what a sandbox holds back")
        for key, letters in held.items():
            hold_back(world, key, letters)
    except RecursionError as error:
        raise ArchiveError("the state is nested too deeply") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError("what is planned is not what a sandbox plans") from error


async def restore_world(world: World, archive: Any) -> None:
    """Bring a state back; raises ArchiveError, and then nothing has changed.

    Meetings that go on end, in the present state and in the one that comes back: the connections
    of the people in them are not kept.
    """
    checked = check_archive(archive)
    await end_all_rooms(world)
    _load(world, checked)
    for run in [run for run in world.runs if run.ended_at is None]:
        room = world.rooms[run.number] = Room(run)
        for stay in run.attendance:
            if stay.left_at is None:
                room.people[stay.id] = Person(stay.name, stay.user_id, PARTICIPANT, id=stay.id)
        await end_room(world, run.number)
