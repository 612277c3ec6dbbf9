"""Around every call: its ledger entry, planted faults, crashes, and the headers Zoom always sends.

All calls pass here, so what is done for each of them is kept short.
"""

import time
import traceback
from collections.abc import Mapping
from email.utils import formatdate

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from zoomsandbox.faults import play as faults
from zoomsandbox.faults.kinds import SOCKET
from zoomsandbox.headers import OPEN_TO_ALL, add_headers
from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.rest.limits import RATE
from zoomsandbox.state.ledger import Fault, LedgerEntry
from zoomsandbox.state.world import ENTRY, WORLD, World


def make_recorder(calls: Mapping[Handler, str]) -> Middleware:
    """The middleware for these handlers; of others (pages, control) only crashes are noted."""

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = calls.get(request.match_info.handler)
        if call is None:
            return await _watch(request, handler)
        return await _record(request, handler, call)

    return record


async def _record(request: web.Request, handler: Handler, call: str) -> web.StreamResponse:
    of_browsers = call.startswith("web.")
    if of_browsers and request.method == "OPTIONS":
        return web.Response(status=204, headers=OPEN_TO_ALL)
    world = request.app[WORLD]
    entry = request[ENTRY] = _open_entry(world, request, call)
    fault = None
    try:
        if world.faults:
            fault = await faults.take_fault(request, world, call)
        if fault is None:
            response = await _answer(request, handler, entry)
        else:
            response = await _answer_with(fault, request, handler, entry)
    except ConnectionError:
        if request.writer.output_size:
            raise
        # The client went in the middle of its request: nobody to answer, and no defect.
        return web.Response()
    if entry.status is None and (fault is None or fault.kind not in faults.SILENT):
        entry.status = response.status
    if not response.prepared:
        add_headers(response, call)
        if not of_browsers:
            _add_account_headers(world, request, response)
    return response


def _open_entry(world: World, request: web.Request, call: str) -> LedgerEntry:
    """Written at arrival, so that the order is that of the calls and a stalled one is seen."""
    world.seq += 1
    entry = LedgerEntry(world.seq, world.now(), call, request.method, request.path)
    world.ledger.append(entry)
    return entry


async def _answer_with(
    fault: Fault, request: web.Request, handler: Handler, entry: LedgerEntry
) -> web.StreamResponse:
    entry.detail["fault"] = fault.kind
    if fault.name:
        entry.detail["fault_name"] = fault.name
    # A WebSocket has no answer that could wait: what comes after other calls comes before it opens.
    after = fault.after and entry.call != SOCKET
    if not after:
        spoiled = await faults.play(request, fault)
        if spoiled is not None:
            return spoiled
    response = await _answer(request, handler, entry)
    if after and not response.prepared:
        entry.detail["unspoiled_status"] = response.status
        return await faults.play(request, fault, response) or response
    return response


async def _answer(request: web.Request, handler: Handler, entry: LedgerEntry) -> web.StreamResponse:
    try:
        return await handler(request)
    except ZoomRefusal as refusal:
        entry.code = refusal.code
        entry.detail["message"] = str(refusal)
        return refusal.as_response()
    except web.HTTPException as error:
        return web.Response(status=error.status, text=error.text, headers=error.headers)
    except (UnicodeDecodeError, web.RequestPayloadError):
        return ZoomRefusal(400, 300, "The request body cannot be read.").as_response()
    except ConnectionError:
        raise
    except Exception as error:
        _note_crash(request, entry.call, error)
        if request.writer.output_size:
            # The head of an answer is out already; only the connection can be given up.
            raise
        return ZoomRefusal(500, 500, "Internal error of the sandbox.").as_response()


def _add_account_headers(world: World, request: web.Request, response: web.StreamResponse) -> None:
    """What depends on whose call it was: the counters of its rate limit, and Zoom's clock.

    ``Date`` is the sandbox's time, wrong by the account's ``date_skew``. Where that is this
    machine's time, the server writes it.
    """
    headers = response.headers
    rate = request.get(RATE)
    if rate is not None and "X-RateLimit-Type" not in headers:
        headers.update(rate.as_headers())
    account = world.accounts.get(request[ENTRY].account_id or "")
    now = world.now() + (account.date_skew if account else 0.0)
    if abs(now - time.time()) > 0.5:
        headers["Date"] = formatdate(now, usegmt=True)


async def _watch(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError):
        raise
    except web.RequestPayloadError:
        return web.Response(status=400, text="The request body cannot be read.")
    except Exception as error:
        _note_crash(request, f"{request.method} {request.path}", error)
        raise


def _note_crash(request: web.Request, call: str, error: Exception) -> None:
    """A defect of the sandbox's own: no request may cause one, and a test counts them."""
    text = "".join(traceback.format_exception(error))
    request.app[WORLD].crashes.append({"call": call, "traceback": text})
