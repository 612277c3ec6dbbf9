"""Planted failures, played: the ways in which a remote goes wrong, down to the socket."""

import random

from aiohttp import web

from zoomsandbox.faults import wire
from zoomsandbox.faults.answers import make_answer
from zoomsandbox.faults.kinds import SILENT
from zoomsandbox.faults.match import take_fault
from zoomsandbox.state.ledger import Fault
from zoomsandbox.state.world import ENTRY, FAULT, WORLD

__all__ = ["SILENT", "play", "take_fault"]


async def play(
    request: web.Request, fault: Fault, honest: web.StreamResponse | None = None
) -> web.StreamResponse | None:
    """The spoiled answer, or None when the call goes on as usual.

    ``honest`` is the answer of a call that has done its work already.
    """
    if fault.kind in ("latency", "late_welcome", "no_welcome", "socket_close"):
        await _slow_down(request, fault)
        return None
    if fault.kind in ("body_drip", "wrong_type", "oversize"):
        return await _spoil(request, fault, honest)
    return await _break(request, fault) or make_answer(
        request.app[WORLD], fault, request[ENTRY].call
    )


async def _slow_down(request: web.Request, fault: Fault) -> None:
    """What is done to a WebSocket is done where it is opened."""
    if fault.kind != "latency":
        request[FAULT] = fault
        return
    spread = random.uniform(-fault.jitter, fault.jitter)  # noqa: S311 - no secret
    await wire.sleep_while_open(request, max(0.0, (fault.seconds or 0.0) + spread))


async def _spoil(
    request: web.Request, fault: Fault, honest: web.StreamResponse | None
) -> web.StreamResponse | None:
    if not isinstance(honest, web.Response):
        return None
    if fault.kind == "body_drip":
        return await wire.drip_body(request, fault, honest)
    if fault.kind == "oversize":
        return await wire.send_oversize(request, honest)
    honest.content_type = "text/html"
    return honest


async def _break(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """An answer that never arrives whole; None for one that does."""
    match fault.kind:
        case "stall":
            return await wire.stall(request, fault)
        case "drip":
            return await wire.drip(request, fault)
        case "drop" | "lost_reply":
            return wire.drop(request)
        case "reset":
            return wire.reset(request)
        case "tls_error":
            return await wire.break_tls(request)
    return None
