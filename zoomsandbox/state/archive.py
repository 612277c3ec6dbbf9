"""The whole state as JSON and back: what a snapshot is made of.

Numbers, text, lists and objects with text for names are themselves. Everything else is an object
with one member, whose name says what it is: ``{"$tuple": [...]}``, ``{"$User": {...}}``. Left out
is what belongs to the process: sockets and the rooms they are in, addresses, the certificate.
Times are kept as they are; see :func:`load_world` for the clock.
"""

import base64
import functools
import hashlib
import json
import types
import typing
from collections import Counter, deque
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, Literal

from zoomsandbox.state.accounts import Account, Subscription, User
from zoomsandbox.state.deliveries import Delivery, DeliveryFault, Held, Letter
from zoomsandbox.state.ledger import Fault, LedgerEntry
from zoomsandbox.state.meetings import Attendance, Meeting, Recording, Run
from zoomsandbox.state.tokens import AccessToken, Admission, Zak
from zoomsandbox.state.world import World

FORMAT = 1
NOTE = "The state of a Zoom sandbox. Its secrets are invented; keep no real ones in a sandbox."
# What belongs to the process, and what is written in a way of its own.
NOT_ARCHIVED = frozenset(
    {"public_url", "certificate", "session", "rooms", "clock", "agenda", "lanes"}
)
RECORDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Account,
        Subscription,
        User,
        Fault,
        LedgerEntry,
        Delivery,
        DeliveryFault,
        Letter,
        Held,
        Attendance,
        Meeting,
        Recording,
        Run,
        AccessToken,
        Admission,
        Zak,
    )
}


Check = Callable[[Any], bool]


class ArchiveError(Exception):
    """Why this is no state of a sandbox, in one sentence."""


def dump_world(world: World) -> dict[str, Any]:
    """JSON from which :func:`load_world` makes the same state again."""
    kept = {name: value for name, value in vars(world).items() if name not in NOT_ARCHIVED}
    clock = world.clock
    return {
        "zoom_sandbox": FORMAT,
        "note": NOTE,
        "saved_at": world.now(),
        "clock_offset": clock.offset,
        "clock_is_still": clock.is_still,
        "state": {name: dump(value) for name, value in kept.items()},
        "held": dump({key: lane.held for key, lane in world.lanes.items() if lane.held}),
    }


def seal(archive: dict[str, Any]) -> dict[str, Any]:
    """The same with a digest: what was edited by hand is refused, for it need not make sense."""
    return archive | {"digest": _make_digest(archive)}


def _make_digest(archive: dict[str, Any]) -> str:
    told = {name: value for name, value in archive.items() if name != "digest"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def load_world(world: World, archive: Any) -> None:
    """Put the archived state in the place of the world's, all of it or, on ArchiveError, nothing.

    Time goes on from now: the clock is turned by as much as it was, not back to that moment, unless
    it stood still; then it stands where it stood.
    """
    loaded = _read(archive)
    world.reset()
    world.clock.offset = float(archive["clock_offset"])
    if archive["clock_is_still"]:
        world.clock.stand(float(archive["saved_at"]))
    for name, value in loaded.items():
        before = getattr(world, name)
        # How much is remembered is this process's decision.
        bounded = isinstance(before, deque)
        setattr(world, name, deque(value, before.maxlen) if bounded else value)


_MEMBERS = {
    "saved_at": float,
    "clock_offset": float,
    "clock_is_still": bool,
    "state": dict[str, Any],
    "held": dict[str, Any],
    "planned": list[Any],
}


def _read(archive: Any) -> dict[str, Any]:
    """The attributes of the world; raises ArchiveError."""
    if not isinstance(archive, dict) or archive.get("zoom_sandbox") != FORMAT:
        raise ArchiveError("this is no snapshot of a Zoom sandbox, or of another version")
    for name, hint in _MEMBERS.items():
        if not fits(archive.get(name), hint):
            raise ArchiveError(f"{name} is missing, or not what it should be")
    if archive.get("digest") != _make_digest(archive):
        raise ArchiveError("it is not as a sandbox wrote it")
    hints = get_hints(World)
    loaded = {name: load(value) for name, value in archive["state"].items()}
    for name, value in loaded.items():
        if name in NOT_ARCHIVED or name not in hints or not fits(value, hints[name]):
            raise ArchiveError(f"state.{name} is not what a sandbox remembers under this name")
    return loaded


# --- Values -----------------------------------------------------------------------------------


def dump(value: Any) -> Any:
    """One value as JSON; raises TypeError for what cannot be kept, such as a socket."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    kind = type(value)
    name = kind.__name__
    if RECORDS.get(name) is kind:
        members = {member: dump(getattr(value, member)) for member in get_hints(RECORDS[name])}
        return {f"${name}": members}
    if isinstance(value, dict):
        return _dump_dict(value)
    if isinstance(value, list):
        return [dump(item) for item in value]
    if isinstance(value, tuple | set | frozenset | deque):
        return {f"${name}": [dump(item) for item in value]}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    raise TypeError(f"a {name} cannot be kept in a snapshot")


def _dump_dict(value: dict[Any, Any]) -> Any:
    pairs = [[dump(key), dump(member)] for key, member in value.items()]
    if isinstance(value, Counter):
        return {"$Counter": pairs}
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return dict(pairs)
    return {"$dict": pairs}


MAKERS: dict[str, Callable[[Any], Any]] = {
    "$datetime": datetime.fromisoformat,
    "$bytes": functools.partial(base64.b64decode, validate=True),
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$deque": deque,
    "$dict": dict,
    "$Counter": lambda pairs: Counter(dict(pairs)),
}


def load(value: Any) -> Any:
    """The value of which :func:`dump` made this; raises ArchiveError."""
    if isinstance(value, list):
        return [load(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), "")
    if len(value) != 1 or not tag.startswith("$"):
        return {name: load(member) for name, member in value.items()}
    content = load(value[tag])
    try:
        if tag in MAKERS:
            return MAKERS[tag](content)
    except (TypeError, ValueError) as error:
        raise ArchiveError(f"this is no {tag[1:]}") from error
    return _load_record(tag[1:], content)


def _load_record(name: str, members: Any) -> Any:
    kind = RECORDS.get(name)
    if kind is None or not isinstance(members, dict):
        raise ArchiveError(f"a sandbox remembers no {name}")
    hints = get_hints(kind)
    for member, value in members.items():
        if member not in hints or not fits(value, hints[member]):
            raise ArchiveError(f"a {name} has no such {member}")
    try:
        return kind(**members)
    except TypeError as error:
        raise ArchiveError(f"a {name} lacks something") from error


@functools.cache
def get_hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def fits(value: Any, hint: Any) -> bool:
    """Whether a loaded value is of the kind that the code expects there."""
    return _make_check(hint)(value)


@functools.cache
def _make_check(hint: Any) -> Check:
    """Made once for each hint: a full ledger has a million values to look at."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda value: True
    if origin is Literal:
        allowed = {(type(one), one) for one in arguments}
        return lambda value: isinstance(value, Hashable) and (type(value), value) in allowed
    if origin in (types.UnionType, typing.Union):
        checks = [_make_check(one) for one in arguments]
        return lambda value: any(check(value) for check in checks)
    if hint in (int, float):
        # True is no number here.
        kinds = (int, float) if hint is float else (int,)
        return lambda value: type(value) in kinds
    if origin is None:
        return lambda value: isinstance(value, hint)
    members = _make_members_check(origin, arguments)
    return lambda value: isinstance(value, origin) and members(value)


def _make_members_check(origin: Any, arguments: tuple[Any, ...]) -> Check:
    if origin is Counter:
        arguments = (*arguments, int)
    checks = [_make_check(one) for one in arguments if one is not ...]
    if issubclass(origin, dict):
        return lambda value: all(checks[0](k) and checks[1](v) for k, v in value.items())
    if origin is tuple and arguments[1:] != (...,):
        return lambda value: (
            len(value) == len(checks)
            and all(check(item) for check, item in zip(checks, value, strict=True))
        )
    return lambda value: all(map(checks[0], value))
