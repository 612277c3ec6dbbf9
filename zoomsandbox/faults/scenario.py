"""Scenarios: what goes wrong when, as data. No I/O but the reading of the files beside it.

A scenario is an object ``{name, sentence, begins, steps}``. Each step has ``at`` (seconds after the
start, or a time of day such as ``09:20`` counted from ``begins``), may ``say`` what it is, and does
one thing:

- ``plant``: a failure as control takes it; it should have a name, and ``"account": "$account"``
  stands for the account that the scenario is played on;
- ``clear``: the name of a failure to take away, or ``*`` for all that the scenario planted;
- ``change``: fields of the account, such as ``{"app_state": "revoked"}``; stopping restores them.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from zoomsandbox.faults.plant import make_fault
from zoomsandbox.state.accounts import Account, AppState, Plan

FOLDER = Path(__file__).parent / "scenarios"
THE_ACCOUNT = "$account"
LONGEST = 30 * 86_400
ACTIONS = ("plant", "clear", "change")
# What may change on an account in use, and to what.
CHANGEABLE: dict[str, Callable[[Any], bool]] = {
    "client_secret": lambda wish: isinstance(wish, str),
    "sdk_client_secret": lambda wish: isinstance(wish, str),
    "webhook_secret": lambda wish: isinstance(wish, str),
    "scopes": lambda wish: isinstance(wish, list) and all(isinstance(one, str) for one in wish),
    "single_token": lambda wish: isinstance(wish, bool),
    "app_state": lambda wish: wish in get_args(AppState),
    "plan": lambda wish: wish in get_args(Plan),
}
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?")


@dataclass(frozen=True)
class Step:
    """``at`` is in seconds after the scenario's start, on the sandbox's clock."""

    at: float
    action: str
    value: Any
    say: str = ""


@dataclass(frozen=True)
class Scenario:
    """A script that was found sound. Its steps are in the order of their times."""

    name: str
    sentence: str
    steps: tuple[Step, ...]


def find_scenario(name: str, calls: Collection[str]) -> Scenario:
    """One of those that come with the sandbox. Raises LookupError."""
    if name not in list_names():
        raise LookupError(f"no scenario {name}; there are {', '.join(list_names())}")
    return read_scenario(json.loads((FOLDER / f"{name}.json").read_text()), calls)


def list_names() -> list[str]:
    """The scenarios that come with the sandbox."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read_scenario(script: Mapping[str, Any], calls: Collection[str]) -> Scenario:
    """The scenario that a script describes. Raises ValueError on the first thing wrong with it."""
    unknown = sorted(set(script) - {"name", "sentence", "begins", "steps"})
    if unknown:
        raise ValueError(f"a scenario has no {', '.join(unknown)}")
    name, sentence, steps = (script.get(key) for key in ("name", "sentence", "steps"))
    if not isinstance(name, str) or not name:
        raise ValueError("a scenario needs a name")
    if not isinstance(steps, Sequence) or isinstance(steps, str) or not steps:
        raise ValueError("a scenario needs a list of steps")
    begins = _read_time(script.get("begins", 0), 0.0)
    read = [_read_step(step, begins, calls) for step in steps]
    ordered = tuple(sorted(read, key=lambda step: step.at))
    return Scenario(name, sentence if isinstance(sentence, str) else "", ordered)


def _read_step(step: Any, begins: float, calls: Collection[str]) -> Step:
    if not isinstance(step, dict) or set(step) - {"at", "say", *ACTIONS}:
        raise ValueError(f"a step has at, say and one of {', '.join(ACTIONS)}: {step!r:.200}")
    actions = [action for action in ACTIONS if action in step]
    if len(actions) != 1:
        raise ValueError(f"a step does one of {', '.join(ACTIONS)}: {step!r:.200}")
    (action,) = actions
    _CHECKS[action](step[action], calls)
    return Step(_read_time(step.get("at"), begins), action, step[action], str(step.get("say", "")))


def _read_time(value: Any, begins: float) -> float:
    """Seconds after ``begins``, which a time of day is counted from."""
    seconds = value
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value)):
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        seconds = hours * 3600 + minutes * 60 + rest - begins
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError(f"at is in seconds, or a time such as 09:20: {value!r:.80}")
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"at is from the beginning to {LONGEST} seconds after: {value!r:.80}")
    return float(seconds)


def _check_plant(value: Any, calls: Collection[str]) -> None:
    if not isinstance(value, dict):
        raise ValueError("plant takes a failure")
    make_fault(value, calls)


def _check_clear(value: Any, calls: Collection[str]) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError("clear takes the name of a failure, or *")


def _check_change(value: Any, calls: Collection[str]) -> None:
    if not isinstance(value, dict) or not value:
        raise ValueError("change takes fields of an account")
    unknown = sorted(set(value) - set(CHANGEABLE))
    if unknown:
        raise ValueError(f"cannot change {', '.join(unknown)} of an account")
    for name, wish in value.items():
        if not CHANGEABLE[name](wish):
            raise ValueError(f"{name} of an account cannot become {wish!r:.80}")


_CHECKS = {"plant": _check_plant, "clear": _check_clear, "change": _check_change}


def change(account: Account, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out a change; tells what was before."""
    names = {field.name for field in dataclasses.fields(account)} & set(wishes)
    before = {name: getattr(account, name) for name in names}
    for name in names:
        setattr(account, name, tuple(wishes[name]) if name == "scopes" else wishes[name])
    return before
