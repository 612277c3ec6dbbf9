"""Controls for planted failures, and for the scenarios that plant them by the clock."""

import dataclasses
from collections.abc import Collection
from typing import Any, Literal

from zoomsandbox.control.framework import Ask, Control, NotThereError
from zoomsandbox.control.shapes import Many, Record, ShapeError, answer_of, body_of
from zoomsandbox.faults.doors import CALL_NAMES, DOORS
from zoomsandbox.faults.kinds import AIM, KINDS
from zoomsandbox.faults.plant import make_fault
from zoomsandbox.faults.scenario import Scenario, find_scenario, list_names, read_scenario
from zoomsandbox.faults.stage import STAGE, plant
from zoomsandbox.state.ledger import Fault

NEW_FAULT = body_of(Fault, "NewFault", without=("seen", "hits"))
SHOWN_FAULT = answer_of(Fault, "ShownFault")
KIND = Record(
    "FaultKind",
    {"name": str, "sentence": str, "fields": list[str], "call": str, "seconds": float | None},
    "A kind of failure. call: the one call it is for; seconds: what counts if none are given.",
)
NEW_PLAY = Record(
    "NewPlay",
    {"name": str, "account": str, "sentence": str, "begins": Any, "steps": list[Any]},
    "A scenario's name alone plays one that comes with the sandbox; with steps, a new one. "
    "Without an account, the first one there is.",
    optional=("account", "sentence", "begins", "steps"),
)
STEP = Record(
    "PlayStep",
    {
        "at": float,
        "due_at": float,
        "say": str,
        "action": Literal["plant", "clear", "change"],
        "is_done": bool,
    },
)
PLAY = Record(
    "Play",
    {
        "name": str,
        "sentence": str,
        "account": str,
        "started_at": float,
        "is_over": bool,
        "steps": Many(STEP),
    },
)
SCENARIO = Record("Scenario", {"name": str, "sentence": str, "steps": int})
STAGE_STATE = Record("StageState", {"plays": Many(PLAY), "scenarios": Many(SCENARIO)})
STOPPED = Record("Stopped", {"stopped": list[str]})


async def list_kinds(ask: Ask) -> Any:
    """List the kinds of failure there are, each with one sentence."""
    return [
        {
            "name": kind.name,
            "sentence": kind.sentence,
            "fields": [*(AIM if kind.has_aim else ("name",)), *kind.heeds],
            "call": kind.call,
            "seconds": kind.seconds,
        }
        for kind in KINDS.values()
    ]


async def list_faults(ask: Ask) -> Any:
    """List the planted failures, spent ones too."""
    closed = ask.request.app[DOORS].fault
    faults = [*ask.world.faults, *([closed] if closed else [])]
    return [dataclasses.asdict(fault) for fault in faults]


async def plant_fault(ask: Ask) -> Any:
    """Plant a failure.

    Of those that fit a call, the one planted first hits. A failure that closes the ports begins at
    once; the connection by which it was asked for stays, and so does the control port.
    """
    app = ask.request.app
    try:
        fault = make_fault(ask.body, app[CALL_NAMES])
    except ValueError as error:
        raise ShapeError(str(error)) from error
    await plant(app, fault, ask.request.transport)
    return dataclasses.asdict(fault)


async def clear_faults(ask: Ask) -> Any:
    """Take planted failures away: all, or those of a name. Closed ports open."""
    name = ask.query.get("name")
    kept = [fault for fault in ask.world.faults if name is not None and fault.name != name]
    ask.world.faults[:] = kept
    doors = ask.request.app[DOORS]
    if doors.fault and name in (None, doors.fault.name):
        await doors.open_again()
    return {}


async def show_stage(ask: Ask) -> Any:
    """Tell which scenarios are played, what of them is due when, and which there are."""
    calls = ask.request.app[CALL_NAMES]
    known = [find_scenario(name, calls) for name in list_names()]
    return {
        "plays": [play.as_json() for play in ask.request.app[STAGE].list_plays(ask.world)],
        "scenarios": [
            {"name": one.name, "sentence": one.sentence, "steps": len(one.steps)} for one in known
        ],
    }


async def start_play(ask: Ask) -> Any:
    """Play a scenario from now on, by the sandbox's clock."""
    app = ask.request.app
    account = ask.body.pop("account", None) or next(iter(ask.world.accounts), "")
    try:
        scenario = _find(ask.body, app[CALL_NAMES])
        play = await app[STAGE].start(app, scenario, account)
    except LookupError as error:
        raise NotThereError(str(error.args[0])) from error
    except ValueError as error:
        raise ShapeError(str(error)) from error
    return play.as_json()


def _find(script: dict[str, Any], calls: Collection[str]) -> Scenario:
    if set(script) == {"name"}:
        return find_scenario(script["name"], calls)
    return read_scenario(script, calls)


async def stop_plays(ask: Ask) -> Any:
    """Stop the scenarios, or that of a name: its failures go, what it changed is restored."""
    app = ask.request.app
    return {"stopped": await app[STAGE].stop(app, ask.query.get("name"))}


_BY_NAME = Record("ByName", {"name": str}, optional=("name",))
CONTROLS = (
    Control("GET", "fault-kinds", "Faults", list_kinds, answer=Many(KIND)),
    Control("GET", "faults", "Faults", list_faults, answer=Many(SHOWN_FAULT)),
    Control("POST", "faults", "Faults", plant_fault, body=NEW_FAULT, answer=SHOWN_FAULT),
    Control("DELETE", "faults", "Faults", clear_faults, query=_BY_NAME),
    Control("GET", "scenarios", "Scenarios", show_stage, answer=STAGE_STATE),
    Control("POST", "scenarios", "Scenarios", start_play, body=NEW_PLAY, answer=PLAY),
    Control("DELETE", "scenarios", "Scenarios", stop_plays, query=_BY_NAME, answer=STOPPED),
)
