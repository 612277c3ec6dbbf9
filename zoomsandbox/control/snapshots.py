"""Controls that keep the state and bring it back: reset, snapshots, and snapshots as files."""

import json
import re
from typing import Any

from aiohttp import web

from zoomsandbox.control.framework import Ask, Control, NotThereError, parse_json
from zoomsandbox.control.shapes import Many, Record, ShapeError, answer_of
from zoomsandbox.faults.doors import DOORS
from zoomsandbox.life.rooms import end_all_rooms
from zoomsandbox.life.snapshots import (
    SNAPSHOTS,
    Snapshot,
    check_archive,
    keep_archive,
    keep_world,
    restore_world,
)
from zoomsandbox.state.world import WORLD

MOST_BYTES = 256 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

NEW_SNAPSHOT = Record("NewSnapshot", {"name": str}, "Letters, digits, dots, dashes; at most 64.")
SHOWN_SNAPSHOT = answer_of(Snapshot, "ShownSnapshot", without=("text",))
ARCHIVE = Record(
    "Archive",
    {
        "zoom_sandbox": int,
        "note": str,
        "saved_at": float,
        "clock_offset": float,
        "clock_is_still": bool,
        "state": dict[str, Any],
        "held": dict[str, Any],
        "planned": list[Any],
        "digest": str,
    },
    "A snapshot as a file. Its secrets are invented, as is everything in a sandbox.",
)


async def reset(ask: Ask) -> Any:
    """Forget everything but the snapshots: accounts, meetings, calls, faults; meetings end."""
    await forget_everything(ask.request.app)
    return {}


async def forget_everything(app: web.Application) -> None:
    """Closed ports open, and the clock is right again."""
    await end_all_rooms(app[WORLD])
    app[WORLD].reset()
    await app[DOORS].open_again()


async def list_snapshots(ask: Ask) -> Any:
    """List the snapshots."""
    return [_show(snapshot) for snapshot in ask.request.app[SNAPSHOTS].values()]


async def take(ask: Ask) -> Any:
    """Keep the state as it is now, in the place of an earlier snapshot of this name.

    Everything is kept but live connections: whoever is in a meeting now is not when the state
    comes back.
    """
    name = check_name(ask.body["name"])
    return _show(await keep_world(ask.request.app[SNAPSHOTS], name, ask.world))


async def restore(ask: Ask) -> Any:
    """Bring a kept state back, in the place of the present one.

    Meetings that go on end now, and those that went on when the state was kept end in it. The clock
    is turned by as much as it was then, so tokens have aged by the time that has really passed.
    """
    await bring_back(ask.request.app, _get(ask))
    return {}


async def bring_back(app: web.Application, snapshot: Snapshot) -> None:
    await restore_world(app[WORLD], json.loads(snapshot.text))
    await app[DOORS].open_again()


async def delete(ask: Ask) -> Any:
    """Forget a snapshot."""
    del ask.request.app[SNAPSHOTS][_get(ask).name]
    return {}


async def download(ask: Ask) -> web.Response:
    """Give a snapshot out as a file, for --state or for another sandbox."""
    snapshot = _get(ask)
    disposition = f'attachment; filename="{snapshot.name}.json"'
    return web.json_response(text=snapshot.text, headers={"Content-Disposition": disposition})


async def upload(ask: Ask) -> Any:
    """Take a file in as a snapshot of this name; the present state stays until it is restored."""
    name = check_name(ask.path["name"])
    archive = check_archive(parse_json(await _read_file(ask.request)))
    return _show(keep_archive(ask.request.app[SNAPSHOTS], name, archive))


async def _read_file(request: web.Request) -> str:
    """A body of more than the megabyte that other requests may have."""
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > MOST_BYTES:
            raise ShapeError(f"the file is longer than {MOST_BYTES} bytes")
    return data.decode("utf-8")


def check_name(name: str) -> str:
    """The name, which is part of addresses and file names; raises ShapeError."""
    if not NAME.fullmatch(name):
        raise ShapeError("a snapshot's name is 1 to 64 letters, digits, dots, dashes, underscores")
    return name


def _get(ask: Ask) -> Snapshot:
    snapshot = ask.request.app[SNAPSHOTS].get(ask.path["name"])
    if snapshot is None:
        raise NotThereError(f"no snapshot {ask.path['name']}")
    return snapshot


def _show(snapshot: Snapshot) -> dict[str, Any]:
    return {name: getattr(snapshot, name) for name in SHOWN_SNAPSHOT.members}


SUBJECT = "Snapshots"
CONTROLS = (
    Control("POST", "reset", SUBJECT, reset),
    Control("GET", "snapshots", SUBJECT, list_snapshots, answer=Many(SHOWN_SNAPSHOT)),
    Control("POST", "snapshots", SUBJECT, take, body=NEW_SNAPSHOT, answer=SHOWN_SNAPSHOT),
    Control("POST", "snapshots/{name}/restore", SUBJECT, restore),
    Control("DELETE", "snapshots/{name}", SUBJECT, delete),
    Control("GET", "snapshots/{name}/file", SUBJECT, download, answer=ARCHIVE),
    Control(
        "POST",
        "snapshots/{name}/file",
        SUBJECT,
        upload,
        file=ARCHIVE,
        answer=SHOWN_SNAPSHOT,
    ),
)
