"""``python -m zoomsandbox``: start it, say where it is, end it on SIGTERM or SIGINT."""

import argparse
import asyncio
import errno
import gc
import importlib
import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aiohttp import web

from zoomsandbox import __version__
from zoomsandbox.app import make_app
from zoomsandbox.faults.doors import DOORS
from zoomsandbox.life.snapshots import restore_world
from zoomsandbox.state.archive import ArchiveError
from zoomsandbox.state.world import WORLD, World
from zoomsandbox.tls import make_context


class CannotStartError(Exception):
    """One sentence for the person at the terminal."""


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m zoomsandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="HTTP port; 0 picks a free one")
    parser.add_argument("--tls-port", type=int, help="TLS port for zoom.us names; off by default")
    parser.add_argument(
        "--control-port",
        type=int,
        help="a further port, which stays open when a planted fault closes the others",
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--public-url", help="base of start and join links")
    parser.add_argument(
        "--state", type=Path, help="a snapshot's file with which to begin; invented secrets only"
    )
    parser.add_argument("--ready-file", type=Path, help="where to write ports and pid as JSON")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started it does"
    )
    parser.add_argument("--version", action="version", version=f"Zoom sandbox {__version__}")
    return parser.parse_args(arguments)


def main() -> int:
    options = read_arguments()
    # The ledger and the tokens are many objects that stay: looking through them often is in vain.
    gc.set_threshold(50_000, 20, 100)
    try:
        with asyncio.Runner(loop_factory=_quick_loop()) as runner:
            runner.run(serve(options))
    except CannotStartError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _quick_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed: 200 clients at once are what asyncio's own is slow at."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return None
    return cast("Callable[[], asyncio.AbstractEventLoop]", uvloop.new_event_loop)


async def serve(options: argparse.Namespace) -> None:
    """Run until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listeners = _listen_everywhere(options)
    world = World()
    world.public_url = (options.public_url or f"http://localhost:{listeners.port}").rstrip("/")
    app = make_app(world)
    # A planted stall must not hold up the end. Bodies are taken as they come: Zoom speaks of no
    # compressed ones, so they are not JSON, and a broken one does not end the connection.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, auto_decompress=False)
    await runner.setup()
    try:
        if options.state:
            await _begin_with(world, options.state)
        await _open(app, runner, listeners)
        _announce(options, world.public_url, listeners)
        watch = asyncio.create_task(_watch_parent(stop)) if options.with_parent else None
        await stop.wait()
        if watch:
            watch.cancel()
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Listeners:
    """The sockets, bound before anything else, so that a taken port is said at once."""

    plain: socket.socket
    secure: socket.socket | None
    control: socket.socket | None

    @property
    def port(self) -> int:
        return int(self.plain.getsockname()[1])

    @property
    def tls_port(self) -> int | None:
        return self.secure.getsockname()[1] if self.secure else None

    @property
    def control_port(self) -> int | None:
        return self.control.getsockname()[1] if self.control else None


def _listen_everywhere(options: argparse.Namespace) -> Listeners:
    _check_loopback(options.host)
    wanted = {"--tls-port": options.tls_port, "--control-port": options.control_port}
    plain = _listen(options.host, options.port, "--port")
    secure, control = (
        None if port is None else _listen(options.host, port, option)
        for option, port in wanted.items()
    )
    return Listeners(plain, secure, control)


async def _open(app: web.Application, runner: web.AppRunner, listeners: Listeners) -> None:
    await app[DOORS].add(runner, listeners.plain)
    if listeners.control:
        await web.SockSite(runner, listeners.control).start()
    if listeners.secure:
        context, app[WORLD].certificate = make_context()
        await app[DOORS].add(runner, listeners.secure, context)


async def _begin_with(world: World, file: Path) -> None:
    """Take the state from a snapshot's file."""
    try:
        await restore_world(world, json.loads(file.read_text("utf-8")))
    except OSError as error:
        raise CannotStartError(f"Cannot read {file}: {error.strerror}.") from error
    except (ValueError, RecursionError, ArchiveError) as error:
        raise CannotStartError(f"{file} holds no state of a sandbox: {error}.") from error


async def _watch_parent(stop: asyncio.Event) -> None:
    """A killed test run or demo leaves its children to another parent; this one does not stay."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    stop.set()


def _check_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise CannotStartError(
            f"The sandbox has no locks and listens on loopback only, not on {host}."
        )


def _listen(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OverflowError as error:
        raise CannotStartError(f"{port} is no port; choose another with {option}.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = f"Port {port} is already in use; choose another with {option}."
        else:
            sentence = f"Cannot listen on {host} port {port}: {error.strerror}."
        raise CannotStartError(sentence) from error


def _announce(options: argparse.Namespace, url: str, listeners: Listeners) -> None:
    secure = f", TLS on port {listeners.tls_port}" if listeners.tls_port else ""
    sys.stdout.write(f"Zoom sandbox at {url} (port {listeners.port}{secure})\n")
    sys.stdout.flush()
    if options.ready_file:
        names = ("port", "tls_port", "control_port")
        ports = {name: getattr(listeners, name) for name in names}
        text = json.dumps({**ports, "pid": os.getpid()})
        draft = options.ready_file.with_name(f"{options.ready_file.name}.{os.getpid()}")
        draft.write_text(text)
        draft.replace(options.ready_file)


if __name__ == "__main__":
    sys.exit(main())
