"""``python -m zoomsandbox``: start it, say where it is, end it on SIGTERM or SIGINT."""

import argparse
import asyncio
import errno
import ipaddress
import json
import os
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web

from zoomsandbox.app import make_app
from zoomsandbox.state.world import World
from zoomsandbox.tls import make_context


class CannotStartError(Exception):
    """One sentence for the person at the terminal."""


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m zoomsandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="HTTP port; 0 picks a free one")
    parser.add_argument("--tls-port", type=int, help="TLS port for zoom.us names; off by default")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--public-url", help="base of start and join links")
    parser.add_argument("--ready-file", type=Path, help="where to write ports and pid as JSON")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started it does"
    )
    return parser.parse_args(arguments)


def main() -> int:
    options = read_arguments()
    try:
        asyncio.run(serve(options))
    except CannotStartError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def serve(options: argparse.Namespace) -> None:
    """Run until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _check_loopback(options.host)
    plain = _listen(options.host, options.port, "--port")
    secure = None
    if options.tls_port is not None:
        secure = _listen(options.host, options.tls_port, "--tls-port")
    port = plain.getsockname()[1]
    tls_port = secure.getsockname()[1] if secure else None
    world = World()
    world.public_url = (options.public_url or f"http://localhost:{port}").rstrip("/")
    # A planted stall must not hold up the end.
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, plain).start()
    if secure:
        context, world.certificate = make_context()
        await web.SockSite(runner, secure, ssl_context=context).start()
    _announce(options, world.public_url, port, tls_port)
    watch = asyncio.create_task(_watch_parent(stop)) if options.with_parent else None
    await stop.wait()
    if watch:
        watch.cancel()
    await runner.cleanup()


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


def _announce(options: argparse.Namespace, url: str, port: int, tls_port: int | None) -> None:
    secure = f", TLS on port {tls_port}" if tls_port else ""
    sys.stdout.write(f"Zoom sandbox at {url} (port {port}{secure})\n")
    sys.stdout.flush()
    if options.ready_file:
        text = json.dumps({"port": port, "tls_port": tls_port, "pid": os.getpid()})
        draft = options.ready_file.with_name(f"{options.ready_file.name}.{os.getpid()}")
        draft.write_text(text)
        draft.replace(options.ready_file)


if __name__ == "__main__":
    sys.exit(main())
