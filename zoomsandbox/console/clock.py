"""The sandbox's clock for people: what it says, and ways to turn it."""

import math
import time
from datetime import timedelta

from zoomsandbox.console.forms import button, choice, field, form, submit
from zoomsandbox.console.framework import MistakeError, Page, Visit
from zoomsandbox.console.markup import Html, facts, heading, join, moment, paragraph
from zoomsandbox.control.clock import MOST_SECONDS

EXPLANATION = (
    "Tokens end, links expire, webhooks are retried and daily counters start anew by this clock. "
    "Turned forward, it stops at everything that is due on the way. It is never turned back; a "
    "reset sets it right."
)
UNITS = {"60": "minutes", "3600": "hours", "86400": "days", "1": "seconds"}
STEPS = {"5 minutes": 300, "1 hour": 3_600, "2 hours, a ZAK's life": 7_200, "1 day": 86_400}


def describe(visit: Visit) -> Html:
    world = visit.world
    ahead = round(world.now() - time.time())
    return facts(
        [
            ("Now (UTC)", moment(world.now())),
            ("Ahead of this machine", str(timedelta(seconds=ahead)) if ahead else "not at all"),
            ("The clock", "stands still" if world.clock.is_still else "runs"),
            ("Planned", f"{len(world.agenda)} things to be done later"),
        ]
    )


def turn_form(visit: Visit) -> Html:
    still = visit.world.clock.is_still
    steps = [
        button("/_console/clock/turn", label, amount=seconds, unit=1)
        for label, seconds in STEPS.items()
    ]
    return join(
        paragraph(EXPLANATION),
        heading("Turn it forward"),
        Html(f'<div class="actions">{join(*steps)}</div>'),
        form(
            "/_console/clock/turn",
            field(
                "amount", "By", visit.filled.get("amount", ""), inputmode="decimal", required=True
            ),
            choice("unit", "Unit", UNITS, visit.filled.get("unit", "60")),
            submit("Turn"),
            kind="filter",
        ),
        heading("Stop it"),
        button("/_console/clock/run", "Let it run")
        if still
        else button("/_console/clock/freeze", "Let it stand still"),
    )


async def turn(visit: Visit) -> None:
    try:
        seconds = float(visit.filled.get("amount", "")) * float(visit.filled.get("unit", "1"))
    except ValueError as error:
        raise MistakeError("The amount must be a number.") from error
    if not (math.isfinite(seconds) and 0 <= seconds <= MOST_SECONDS):
        raise MistakeError(f"Turn it by 0 to {MOST_SECONDS // 86_400} days.")
    await visit.world.agenda.advance(seconds)


async def freeze(visit: Visit) -> None:
    await visit.world.agenda.advance(0, freeze=True)


async def run(visit: Visit) -> None:
    await visit.world.agenda.advance(0, freeze=False)


PAGE = Page(
    "/_console/clock",
    "Clock",
    live=describe,
    after=turn_form,
    actions={"turn": turn, "freeze": freeze, "run": run},
    done={
        "turn": "The clock is turned, and what was due is done.",
        "freeze": "The clock stands still.",
        "run": "The clock runs.",
    },
)
