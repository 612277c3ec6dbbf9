"""Controls for the sandbox's clock, by which tokens end and deliveries are retried."""

import asyncio
import time
from typing import Annotated, Any

from zoomsandbox.control.framework import Ask, Control
from zoomsandbox.control.shapes import Bounds, Record
from zoomsandbox.state.world import World

# Longer than the longest ZAK lives; what is due on the way is done step by step.
MOST_SECONDS = 400 * 86_400
# A turn ends when all that was due has been done; settling is given up after this. Real seconds.
PATIENCE = 12.0

TURN = Record(
    "ClockTurn",
    {"advance": Annotated[float, Bounds(0, MOST_SECONDS)], "freeze": bool},
    "advance: seconds; freeze: whether the clock stands from then on.",
    optional=("advance", "freeze"),
)
TIME = Record(
    "ClockTime",
    {"now": float, "offset": float, "is_frozen": bool, "planned": int},
    "now: seconds since the epoch; offset: seconds ahead of the machine; planned: what is to be "
    "done later or is being done.",
)
SETTLED = Record("Settled", {"settled": bool, "now": float, "planned": int})


async def show_clock(ask: Ask) -> Any:
    """Tell the time."""
    return _show(ask.world)


async def turn_clock(ask: Ask) -> Any:
    """Turn the clock forward, freeze it, or let it run.

    Whatever is due on the way is done at its moment, and what that plans for later within the span
    too; the answer comes when all has been done. A frozen clock stands until it is turned, and
    what is planned for later waits. Without freeze it does what it did before.
    """
    turn = ask.body
    await ask.world.agenda.advance(turn.get("advance", 0.0), freeze=turn.get("freeze"))
    return _show(ask.world)


async def settle(ask: Ask) -> Any:
    """Wait until nothing that is due is still to be done, such as a delivery.

    Given up after 12 seconds.
    """
    settled = True
    try:
        async with asyncio.timeout(PATIENCE):
            await ask.world.agenda.settle()
    except TimeoutError:
        settled = False
    return {"settled": settled, "now": ask.world.now(), "planned": len(ask.world.agenda)}


def _show(world: World) -> dict[str, Any]:
    now = world.now()
    return {
        "now": now,
        "offset": now - time.time(),
        "is_frozen": world.clock.is_still,
        "planned": len(world.agenda),
    }


CONTROLS = (
    Control("GET", "clock", "Clock", show_clock, answer=TIME),
    Control("POST", "clock", "Clock", turn_clock, body=TURN, answer=TIME),
    Control("POST", "settle", "Clock", settle, answer=SETTLED),
)
