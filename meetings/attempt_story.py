"""One attempt as a story: its lines in the order in which they happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from meetings.attempt_texts import (
    FAILED,
    LOST,
    OUTCOMES,
    PLACES,
    RENEWED,
    Text,
    Words,
    reached_label,
    words_about,
)
from meetings.models import StartAttempt
from meetings.start_steps import PAGE_STEPS, Outcome, Step

_PORTAL, _PAGE, _ZOOM = _("the portal"), _("the page"), _("Zoom")


@dataclass(frozen=True)
class Line:
    """What happened, when, how long after the press and after the line before, and who says so.

    `page_ms`: the page's own clock, since the press.
    """

    name: str
    label: Text
    at: datetime
    by: Text
    since_press: timedelta
    since_before: timedelta
    page_ms: int | None

    @property
    def seconds(self) -> float:
        return self.since_press.total_seconds()

    @property
    def took(self) -> float:
        return self.since_before.total_seconds()

    @property
    def page_seconds(self) -> float | None:
        return None if self.page_ms is None else self.page_ms / 1000


@dataclass(frozen=True)
class Story:
    attempt: StartAttempt
    outcome: Outcome
    step: Step | None
    lines: list[Line]
    words: Words | None

    @property
    def outcome_label(self) -> Text:
        return OUTCOMES[self.outcome]

    @property
    def place(self) -> Text:
        return PLACES[self.step] if self.step and self.outcome is not Outcome.UNDER_WAY else ""


def tell_story(attempt: StartAttempt, now: datetime) -> Story:
    outcome, step = attempt.judge(now)
    return Story(attempt, outcome, step, _lines_of(attempt), words_about(attempt, outcome, step))


def _lines_of(attempt: StartAttempt) -> list[Line]:
    happened: list[tuple[datetime, str, Text, Text, int | None]] = []

    def add(name: str, label: Text, by: Text) -> None:
        at = getattr(attempt, f"{name}_at")
        if at is not None:
            happened.append((at, name, label, by, getattr(attempt, f"{name}_ms", None)))

    for step in Step:
        by: Text = _ZOOM if step is Step.STARTED else _PAGE if step in PAGE_STEPS else _PORTAL
        add(step.value, reached_label(step, attempt.way), by)
    add("renewed", RENEWED, _PAGE)
    add("failed", FAILED, _PAGE if attempt.failed_ms is not None else _PORTAL)
    add("lost", LOST, _PAGE)
    # A stable sort: what happened at the same moment stays in the order of the steps.
    happened.sort(key=lambda entry: entry[0])
    before = happened[0][0]
    lines = []
    for at, name, label, by, page_ms in happened:
        since = at - attempt.pressed_at
        lines.append(Line(name, label, at, by, since, at - before, page_ms))
        before = at
    return lines
