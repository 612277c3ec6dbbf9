"""Planted failures: the ways in which a remote goes wrong, down to the socket."""

import asyncio
import json
import time

from aiohttp import web

from zoomsandbox.state.ledger import Fault

KINDS = (
    "status",
    "latency",
    "drop",
    "bad_json",
    "html",
    "empty",
    "redirect",
    "stall",
    "drip",
)
# After these no answer has gone out.
SILENT = ("drop", "stall", "drip")
# Longer than any caller should wait.
FOREVER = 600.0


async def play(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """The spoiled answer, or None when the call goes on as usual after a delay."""
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds or 1.0)
        return None
    if fault.kind == "stall":
        await asyncio.sleep(FOREVER if fault.seconds is None else fault.seconds)
        return _drop(request)
    if fault.kind == "drip":
        return await _drip(request, FOREVER if fault.seconds is None else fault.seconds)
    if fault.kind == "drop":
        return _drop(request)
    return _make_answer(fault)


def _make_answer(fault: Fault) -> web.Response:
    status, text, content_type, headers = fault.status or 200, "", "application/json", {}
    if fault.kind == "status":
        status = fault.status or 500
        body = {"code": status, "message": "Planted failure."} if fault.body is None else fault.body
        text = body if isinstance(body, str) else json.dumps(body)
    elif fault.kind == "bad_json":
        text = '{"token": "cut off he'
    elif fault.kind == "html":
        text = "<!doctype html><title>Maintenance</title><h1>Back soon</h1>"
        content_type = "text/html"
    elif fault.kind == "redirect":
        status, headers = fault.status or 302, {"Location": "https://elsewhere.invalid/"}
    headers = {"Content-Type": content_type, **headers, **fault.headers}
    return web.Response(status=status, body=text.encode(), headers=headers)


def _drop(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _drip(request: web.Request, seconds: float) -> web.Response:
    """A header a byte at a time: no single read is slow, yet the answer never comes."""
    transport = request.transport
    end = time.monotonic() + seconds
    start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Slow: "
    position = 0
    while transport and not transport.is_closing() and time.monotonic() < end:
        transport.write(start[position : position + 1] or b"z")
        position += 1
        await asyncio.sleep(0.05)
    return _drop(request)
