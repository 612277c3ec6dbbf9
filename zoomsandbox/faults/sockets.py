"""What a planted failure does to a meeting's WebSocket, from its opening on."""

import asyncio
from typing import Any

from aiohttp import WSMsgType, web

from zoomsandbox.faults.kinds import FOREVER
from zoomsandbox.state.world import FAULT

GONE = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)
# Kept until they have ended; the loop itself holds only weak references to its tasks.
_closings: set[asyncio.Task[None]] = set()


async def greet(
    request: web.Request, socket: web.WebSocketResponse, welcome: dict[str, Any]
) -> bool:
    """Send the message that lets the person in; False when it ended without one."""
    fault = request.get(FAULT)
    kind = fault.kind if fault else ""
    seconds = FOREVER if fault is None or fault.seconds is None else fault.seconds
    if kind in ("late_welcome", "no_welcome"):
        is_there = await _wait(socket, seconds)
        if kind == "no_welcome" or not is_there:
            await socket.close()
            return False
    await socket.send_json(welcome)
    if kind == "socket_close":
        task = asyncio.create_task(_close_later(socket, seconds))
        _closings.add(task)
        task.add_done_callback(_closings.discard)
    return True


async def _wait(socket: web.WebSocketResponse, seconds: float) -> bool:
    """Whether the client is still there afterwards. What it says meanwhile goes unheard."""
    try:
        async with asyncio.timeout(seconds):
            while (await socket.receive()).type not in GONE:
                pass
    except TimeoutError:
        return not socket.closed
    return False


async def _close_later(socket: web.WebSocketResponse, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await socket.close()
