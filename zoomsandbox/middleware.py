"""Around every call: its ledger entry, planted faults, and the headers Zoom always sends."""

import secrets
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from zoomsandbox.faults import play as faults
from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.state.ledger import LedgerEntry
from zoomsandbox.state.world import ENTRY, WORLD, World

# The SDK calls from the portal's origin, from an isolated page too.
OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def make_recorder(calls: Mapping[Handler, str]) -> Middleware:
    """The middleware for these handlers; requests to others (pages, control) pass untouched."""

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = calls.get(request.match_info.handler)
        if call is None:
            return await handler(request)
        if call.startswith("web.") and request.method == "OPTIONS":
            return web.Response(status=204, headers=OPEN_TO_ALL)
        world = request.app[WORLD]
        entry = request[ENTRY] = _open_entry(world, request, call)
        response = await _answer(world, request, handler, entry)
        if entry.status is None and entry.detail.get("fault") not in faults.SILENT:
            entry.status = response.status
        if not response.prepared:
            response.headers["x-zm-trackingid"] = f"v=2.0;clid=us01;rid=WEB_{secrets.token_hex(16)}"
            response.headers.setdefault("Cache-Control", "no-store")
            if call.startswith("web."):
                response.headers.update(OPEN_TO_ALL)
        return response

    return record


def _open_entry(world: World, request: web.Request, call: str) -> LedgerEntry:
    """Written at arrival, so that the order is that of the calls and a stalled one is seen."""
    world.seq += 1
    entry = LedgerEntry(world.seq, world.now(), call, request.method, request.path)
    world.ledger.append(entry)
    return entry


async def _answer(
    world: World, request: web.Request, handler: Handler, entry: LedgerEntry
) -> web.StreamResponse:
    fault = world.take_fault(entry.call)
    if fault:
        entry.detail["fault"] = fault.kind
    if fault and not fault.after:
        spoiled = await faults.play(request, fault)
        if spoiled is not None:
            return spoiled
    response = await _answer_honestly(request, handler, entry)
    if fault and fault.after and not response.prepared:
        entry.detail["unspoiled_status"] = response.status
        return await faults.play(request, fault) or response
    return response


async def _answer_honestly(
    request: web.Request, handler: Handler, entry: LedgerEntry
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ZoomRefusal as refusal:
        entry.code = refusal.code
        entry.detail["message"] = str(refusal)
        return refusal.as_response()
    except UnicodeDecodeError:
        return web.Response(status=400, text="The body is not in its charset.")
    except web.HTTPException as error:
        return web.Response(status=error.status, text=error.text, headers=error.headers)
