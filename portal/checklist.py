"""The way from an empty organization to its first started meeting, as steps told by facts.

Nobody ticks anything off: each app looks whether its part is done. This app knows none of the
others, so `CHECKLIST_STEPS` names their functions, in the order in which an admin does the steps.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from portal.models import Organization

Text = str | Promise


class State(StrEnum):
    DONE = "done"
    NEXT = "next"
    WAITING = "waiting"


@dataclass(frozen=True)
class Step:
    """One thing to be done, and whether it is. `url` is where; empty: somebody else does it."""

    name: str
    title: Text
    meaning: Text
    done: bool
    url: str = ""
    action: Text = ""


@dataclass(frozen=True)
class Item:
    """A step in its place: done, the next one to do, or waiting for that."""

    step: Step
    state: State


def get_checklist(organization: Organization) -> list[Item]:
    """All steps of this organization, in order. Reads; asks nobody outside."""
    items: list[Item] = []
    next_found = False
    for path in settings.CHECKLIST_STEPS:
        get_steps: Callable[[Organization], Iterable[Step]] = import_string(path)
        for step in get_steps(organization):
            state = State.DONE if step.done else State.WAITING if next_found else State.NEXT
            next_found = next_found or not step.done
            items.append(Item(step, state))
    return items
