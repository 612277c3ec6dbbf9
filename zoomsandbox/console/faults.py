"""Planted failures for people: what kinds there are, what is planted, and a form to plant."""

import json
from typing import Any

from zoomsandbox.console.forms import area, button, choice, field, form, submit, tick
from zoomsandbox.console.framework import MissingError, MistakeError, Page, Visit
from zoomsandbox.console.markup import (
    Html,
    badge,
    code,
    heading,
    join,
    moment,
    table,
)
from zoomsandbox.faults.doors import CALL_NAMES, DOORS
from zoomsandbox.faults.kinds import KINDS
from zoomsandbox.faults.plant import make_fault
from zoomsandbox.faults.scenario import find_scenario, list_names
from zoomsandbox.faults.stage import STAGE, plant
from zoomsandbox.state.ledger import Fault

WORDS = ("name", "call", "path", "pattern", "account", "error")
NUMBERS = ("skip", "times", "status")
TIMES = ("seconds", "jitter")


def describe(visit: Visit) -> Html:
    return join(_describe_planted(visit), _describe_plays(visit))


def _describe_planted(visit: Visit) -> Html:
    closed = visit.request.app[DOORS].fault
    faults = [*visit.world.faults, *([closed] if closed else [])]
    rows = [
        (
            code(fault.kind),
            fault.name or "-",
            code(fault.call),
            fault.account or "any",
            _show_state(fault),
            f"{fault.hits} of {fault.times if fault.times is not None else 'all'}",
            _show_details(fault),
        )
        for fault in faults
    ]
    heads = ("Kind", "Name", "Calls", "Account", "State", "Hits", "Details")
    shown = table("Planted now", heads, rows, "None: every call gets an honest answer.")
    return join(shown, button("/_console/faults/clear", "Clear all", "danger")) if rows else shown


def _show_state(fault: Fault) -> Html:
    return badge("spent") if fault.is_spent else badge("planted", "bad")


def _show_details(fault: Fault) -> str:
    """What was set of the rest. A body may be long, and is shown when it comes."""
    names = ("path", "pattern", "skip", "status", "seconds", "jitter", "error", "after")
    return ", ".join(f"{name} {getattr(fault, name)}" for name in names if getattr(fault, name))


def _describe_plays(visit: Visit) -> Html:
    plays = visit.request.app[STAGE].list_plays(visit.world)
    rows = [
        (
            play.scenario.name,
            play.account,
            step.say or step.action,
            moment(play.started_at + step.at),
            badge("done") if number < play.done else badge("to come", "good"),
        )
        for play in plays
        for number, step in enumerate(play.scenario.steps)
    ]
    if not rows:
        return Html()
    heads = ("Scenario", "Account", "Step", "Due (UTC)", "State")
    stop = button("/_console/faults/stop", "Stop the scenarios", "danger")
    return join(table("Scenarios being played", heads, rows), stop)


def plant_form(visit: Visit) -> Html:
    return join(
        heading("Plant a failure"),
        form("/_console/faults/plant", *_make_fields(visit), submit("Plant"), kind="filter"),
        _describe_scenarios(visit),
        _explain_kinds(),
    )


def _make_fields(visit: Visit) -> list[Html]:
    def text(name: str, label: str, hint: str | None = None, mode: str = "text") -> Html:
        return field(name, label, visit.filled.get(name, ""), hint, inputmode=mode)

    given = visit.filled
    accounts = {"": "any", **{one: one for one in visit.world.accounts}}
    names = visit.request.app[CALL_NAMES]
    calls = ["*", *sorted(names)]
    return [
        choice("kind", "Kind", list(KINDS), given.get("kind", "status"), "Explained below"),
        choice("call", "Calls", calls, given.get("call", "*"), "The star is all"),
        choice("account", "Account", accounts, given.get("account", "")),
        text("times", "How often", "Empty: always", "numeric"),
        text("skip", "After so many", mode="numeric"),
        text("status", "Status", "Such as 503", "numeric"),
        text("seconds", "Seconds", mode="decimal"),
        text("path", "Path", "Such as /v2/users/*"),
        text("name", "Name", "To find it again"),
        area("body", "Body", given.get("body", ""), "JSON or text; empty: Zoom's shape"),
        tick("after", "The call does its work first", is_on="after" in given),
    ]


def _describe_scenarios(visit: Visit) -> Html:
    if not visit.world.accounts:
        return Html()
    known = [find_scenario(name, visit.request.app[CALL_NAMES]) for name in list_names()]
    rows = [(one.name, one.sentence, len(one.steps)) for one in known]
    return join(
        table("Scenarios", ("Name", "What happens", "Steps"), rows),
        form(
            "/_console/faults/play",
            choice("scenario", "Scenario", list_names()),
            choice("on", "On account", list(visit.world.accounts)),
            submit("Play"),
            kind="filter",
        ),
    )


def _explain_kinds() -> Html:
    rows = [
        (code(kind.name), _mark_code(kind.sentence), ", ".join(kind.heeds))
        for kind in KINDS.values()
    ]
    return table("The kinds", ("Kind", "What happens", "Heeds"), rows)


def _mark_code(sentence: str) -> Html:
    """Words between backticks are code."""
    parts = sentence.split("`")
    return join(*(code(part) if n % 2 else part for n, part in enumerate(parts)))


async def plant_one(visit: Visit) -> None:
    app = visit.request.app
    try:
        fault = make_fault(_read_form(visit.filled), app[CALL_NAMES])
    except ValueError as error:
        raise MistakeError(f"Not planted: {error}.") from error
    await plant(app, fault, visit.request.transport)


def _read_form(filled: Any) -> dict[str, Any]:
    """The fields that were filled in. Raises ValueError."""
    given = {name: text.strip() for name, text in filled.items() if text.strip()}
    fields: dict[str, Any] = {"kind": given.get("kind", "")}
    fields |= {name: given[name] for name in WORDS if name in given}
    fields |= {name: _read_number(name, given[name], int) for name in NUMBERS if name in given}
    fields |= {name: _read_number(name, given[name], float) for name in TIMES if name in given}
    if "body" in given:
        fields["body"] = _read_body(given["body"])
    if "after" in given:
        fields["after"] = True
    return fields


def _read_number(name: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(f"{name} must be a number") from error


def _read_body(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


async def clear(visit: Visit) -> None:
    visit.world.faults.clear()
    await visit.request.app[DOORS].open_again()


async def play(visit: Visit) -> None:
    app = visit.request.app
    try:
        scenario = find_scenario(visit.filled.get("scenario", ""), app[CALL_NAMES])
        await app[STAGE].start(app, scenario, visit.filled.get("on", ""))
    except (LookupError, ValueError) as error:
        raise MissingError(f"Not played: {error.args[0]}.") from error


async def stop(visit: Visit) -> None:
    await visit.request.app[STAGE].stop(visit.request.app)


PAGE = Page(
    "/_console/faults",
    "Faults",
    live=describe,
    after=plant_form,
    actions={"plant": plant_one, "clear": clear, "play": play, "stop": stop},
    done={
        "plant": "The failure is planted.",
        "clear": "All failures are cleared.",
        "play": "The scenario is being played.",
        "stop": "The scenarios are stopped.",
    },
)
