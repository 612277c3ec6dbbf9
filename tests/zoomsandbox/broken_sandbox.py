"""The sandbox with a planted defect of its own, in a thread: what random calls must find."""

import asyncio
import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from tests.sandbox import Sandbox
from zoomsandbox.app import make_app
from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.state.world import ENTRY, WORLD, World

Defect = Callable[[web.Request, Any], Any]


async def crashes(request, handler):
    if request[ENTRY].call == "users.settings":
        raise KeyError("a planted defect")
    return await handler(request)


async def refuses_in_its_own_words(request, handler):
    try:
        return await handler(request)
    except ZoomRefusal as refusal:
        return web.json_response({"detail": str(refusal)}, status=refusal.status)


async def tells_of_other_accounts(request, handler):
    response = await handler(request)
    if request[ENTRY].call == "users.list":
        users = [user for one in request.app[WORLD].accounts.values() for user in one.users]
        response = web.json_response({**json.loads(response.body), "users": users})
    return response


async def forgets_meetings(request, handler):
    response = await handler(request)
    if request[ENTRY].call == "meetings.list":
        response = web.json_response({**json.loads(response.body), "meetings": []})
    return response


async def deletes_nothing(request, handler):
    if request[ENTRY].call == "meetings.delete":
        return web.Response(status=204)
    return await handler(request)


async def counts_no_writes(request, handler):
    request.app[WORLD].writes.clear()
    return await handler(request)


async def lets_tokens_live(request, handler):
    tokens = request.app[WORLD].tokens
    for value, token in tokens.items():
        tokens[value] = dataclasses.replace(token, expires_at=float("inf"))
    return await handler(request)


@contextmanager
def broken(defect: Defect) -> Iterator[Sandbox]:
    """Inside of everything that the real one does around a call."""

    @web.middleware
    async def spoil(request, handler):
        return await (defect(request, handler) if ENTRY in request else handler(request))

    opened: Future[tuple[int, Callable[[], None]]] = Future()
    thread = threading.Thread(target=asyncio.run, args=(serve(spoil, opened),))
    thread.start()
    port, stop = opened.result(10)
    ready = {"pid": 0, "port": port, "control_port": port, "tls_port": None}
    sandbox = Sandbox(None, ready, None)
    try:
        yield sandbox
    finally:
        sandbox.session.close()
        stop()
        thread.join(10)


async def serve(spoil: Any, opened: Future[Any]) -> None:
    """Tells its port, and how to stop it from another thread."""
    app, loop, end = make_app(World()), asyncio.get_running_loop(), asyncio.Event()
    app.middlewares.append(spoil)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    opened.set_result((runner.addresses[0][1], lambda: loop.call_soon_threadsafe(end.set)))
    await end.wait()
    await runner.cleanup()
