"""Planted failures of the connection itself: silence, drops, dripping, bytes that are no answer."""

import asyncio
import os
import socket
import struct
import time
from http import HTTPStatus

from aiohttp import web

from zoomsandbox.faults.kinds import FOREVER, OVERSIZE
from zoomsandbox.headers import add_headers
from zoomsandbox.state.ledger import Fault
from zoomsandbox.state.world import ENTRY

PAUSE = 0.05
BLANKS = b" " * 65536
NO_TLS = b"neither TLS nor HTTP\r\n\r\n"
# SO_LINGER on, for no time at all: closing sends RST in place of FIN.
_AT_ONCE = struct.pack("ii", 1, 0)


async def stall(request: web.Request, fault: Fault) -> web.Response:
    """Silence, for as long as the client stays."""
    await sleep_while_open(request, FOREVER if fault.seconds is None else fault.seconds)
    return drop(request)


async def sleep_while_open(request: web.Request, seconds: float) -> None:
    """Shorter when the client goes: nothing is left waiting for nobody."""
    end = time.monotonic() + seconds
    while not _is_gone(request) and time.monotonic() < end:
        await asyncio.sleep(min(0.1, max(0.0, end - time.monotonic())))


def drop(request: web.Request) -> web.Response:
    """Close the connection with nothing on it."""
    if request.transport:
        request.transport.abort()
    return web.Response()


def reset(request: web.Request) -> web.Response:
    """Close it with TCP's RST, as a firewall or a process that died does."""
    connection = _get_socket(request)
    if connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    return drop(request)


async def drip(request: web.Request, fault: Fault) -> web.Response:
    """A header a byte at a time: no single read is slow, yet the answer never comes."""
    end = time.monotonic() + (FOREVER if fault.seconds is None else fault.seconds)
    start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Slow: "
    position = 0
    while request.transport and not _is_gone(request) and time.monotonic() < end:
        request.transport.write(start[position : position + 1] or b"z")
        position += 1
        await asyncio.sleep(PAUSE)
    return drop(request)


async def drip_body(request: web.Request, fault: Fault, honest: web.Response) -> web.StreamResponse:
    """The honest answer: its headers at once, its body evenly over the time given."""
    body = honest.body if isinstance(honest.body, bytes) else b""
    response = web.StreamResponse(status=honest.status, headers=honest.headers)
    response.content_length = len(body)
    seconds = fault.seconds or 0.0
    steps = max(1, min(len(body), int(seconds / PAUSE)))
    size = -(-len(body) // steps)
    pieces = [body[start : start + size] for start in range(0, len(body), size or 1)]
    return await _stream(request, response, pieces, seconds / steps)


async def send_oversize(request: web.Request, honest: web.Response) -> web.StreamResponse:
    """More than any sane client reads. A client that reads it all finds a good answer in it."""
    body = honest.body if isinstance(honest.body, bytes) else b""
    status = 200 if honest.status == HTTPStatus.NO_CONTENT else honest.status
    response = web.StreamResponse(status=status, headers=honest.headers)
    count, rest = divmod(OVERSIZE - len(body), len(BLANKS))
    response.content_length = OVERSIZE
    return await _stream(request, response, [body, *[BLANKS] * count, BLANKS[:rest]], 0.0)


async def _stream(
    request: web.Request, response: web.StreamResponse, pieces: list[bytes], pause: float
) -> web.StreamResponse:
    add_headers(response, request[ENTRY].call)
    try:
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause)
        await response.write_eof()
    except ConnectionError:
        drop(request)
    return response


async def break_tls(request: web.Request) -> web.Response:
    """Plain bytes below the TLS layer, where the client waits for a record."""
    connection = _get_socket(request)
    if connection and not _is_gone(request):
        try:
            os.write(connection.fileno(), NO_TLS)
        except OSError:
            return drop(request)
        # What was received and not read would turn the end into a reset, which may overtake.
        await asyncio.sleep(PAUSE)
    return drop(request)


def _get_socket(request: web.Request) -> socket.socket | None:
    transport = request.transport
    return transport.get_extra_info("socket") if transport else None


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
