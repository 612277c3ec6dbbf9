"""The public listeners, which a planted failure really closes: clients meet ECONNREFUSED."""

import asyncio
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from zoomsandbox.state.ledger import Fault

BACKLOG = 256


@dataclass
class _Door:
    """A listener. While it is closed, a socket that is bound and does not listen keeps its port."""

    socket: socket.socket
    context: ssl.SSLContext | None
    site: web.SockSite | None = None


class Doors:
    """Every public listener of one sandbox; a control listener of its own is none of them."""

    def __init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._doors: list[_Door] = []
        self._timer: asyncio.Task[None] | None = None
        # The failure by which they are closed now.
        self.fault: Fault | None = None

    async def add(
        self, runner: web.AppRunner, listener: socket.socket, context: ssl.SSLContext | None = None
    ) -> None:
        """Serve on this bound socket, and count it among the doors."""
        self._runner = runner
        door = _Door(listener, context)
        self._doors.append(door)
        await self._open(door)

    async def close(self, fault: Fault, keep: asyncio.BaseTransport | None = None) -> None:
        """Refuse everybody for the failure's seconds, and break all connections but ``keep``.

        That one is the connection by which somebody asked for it. It goes on to work.
        """
        await self._stop_timer()
        self.fault = fault
        for door in self._doors:
            await self._close(door)
        self._break_connections(keep)
        self._timer = asyncio.create_task(self._open_later(fault.seconds or 0.0))

    async def open_again(self) -> None:
        """At once, on the same ports; nothing to do when they are open."""
        await self._stop_timer()
        await self._open_all()

    async def shut(self, app: web.Application) -> None:
        """The end of the sandbox."""
        await self._stop_timer()
        for door in self._doors:
            door.socket.close()

    async def _open_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._open_all()

    async def _open_all(self) -> None:
        for door in self._doors:
            if door.site is None:
                await self._open(door)
        self.fault = None

    async def _stop_timer(self) -> None:
        if self._timer and not self._timer.done():
            self._timer.cancel()
            await asyncio.wait([self._timer])
        self._timer = None

    async def _open(self, door: _Door) -> None:
        if self._runner is None:
            return
        door.site = web.SockSite(
            self._runner, door.socket, ssl_context=door.context, backlog=BACKLOG
        )
        await door.site.start()

    async def _close(self, door: _Door) -> None:
        if door.site is None:
            return
        address, family = door.socket.getsockname(), door.socket.family
        await door.site.stop()
        door.site = None
        door.socket = socket.socket(family, socket.SOCK_STREAM)
        door.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.socket.bind(address)

    def _break_connections(self, keep: asyncio.BaseTransport | None) -> None:
        ports = {door.socket.getsockname()[1] for door in self._doors}
        server = self._runner.server if self._runner else None
        for connection in list(server.connections) if server else []:
            transport = connection.transport
            if transport is None or transport is keep:
                continue
            if transport.get_extra_info("sockname")[1] in ports:
                transport.abort()


DOORS = web.AppKey("doors", Doors)
CALL_NAMES = web.AppKey("call_names", Collection[str])
