"""The steps of a start, from the press to the meeting, and what became of one. Pure.

A start is known by the times at which it took its steps. Whatever ends it, a crash of this very
process included, the last of them says what was under way.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

# A page says something at each step, and gives Zoom 45 seconds for one.
SILENCE = timedelta(minutes=2)
# So soon after joining nobody has had a meeting: Zoom closed the door again.
SETTLED = timedelta(seconds=15)


class Step(StrEnum):
    """In their order. Those of the page begin with `INIT`; the last is Zoom's word."""

    PRESSED = "pressed"
    ALLOWED = "allowed"
    SIGNED = "signed"
    TOKEN = "token"  # noqa: S105 - no password
    ZAK = "zak"
    DELIVERED = "delivered"
    INIT = "init"
    JOIN = "join"
    IN_MEETING = "in_meeting"
    STARTED = "started"

    @property
    def column(self) -> str:
        return f"{self.value}_at"


SERVER_STEPS = tuple(Step)[: list(Step).index(Step.INIT)]
PAGE_STEPS = (Step.INIT, Step.JOIN, Step.IN_MEETING)

# The portal notes a step once it is taken, so it died in the next one. The page notes a step as it
# begins it. A row of a mere press was made by the page: its request did not arrive.
UNDER_WAY = {
    Step.PRESSED: Step.PRESSED,
    Step.ALLOWED: Step.SIGNED,
    Step.SIGNED: Step.TOKEN,
    Step.TOKEN: Step.ZAK,
    Step.ZAK: Step.DELIVERED,
    Step.DELIVERED: Step.DELIVERED,
    Step.INIT: Step.INIT,
    Step.JOIN: Step.JOIN,
}


class Way(StrEnum):
    """How somebody starts a meeting."""

    BROWSER = "browser"
    ON_BEHALF = "on_behalf"
    APP = "app"
    API = "api"


# Where no page of ours follows, nobody tells what becomes of what was handed out, except Zoom.
WITHOUT_PAGE = (Way.APP, Way.API)


class Outcome(StrEnum):
    IN_MEETING = "in_meeting"
    FAILED = "failed"
    # Not heard of again.
    STOPPED = "stopped"
    HANDED_OUT = "handed_out"
    UNDER_WAY = "under_way"


class Attempt(Protocol):
    """What of an attempt decides its outcome."""

    way: str
    failed_at: datetime | None
    failed_step: str
    lost_at: datetime | None


def last_step(attempt: Attempt) -> Step:
    """The last step that was noted of those that can be under way."""
    return next(step for step in reversed(UNDER_WAY) if getattr(attempt, step.column))


def judge(attempt: Attempt, now: datetime) -> tuple[Outcome, Step | None]:
    """What became of it, and at which step if it did not end in the meeting.

    Handing something out is no success: being in the meeting is, by the word of the page or of
    Zoom. What Zoom says of a meeting does not undo a failure that the page saw.
    """
    joined, lost = getattr(attempt, Step.IN_MEETING.column), attempt.lost_at
    if joined and lost and lost - joined < SETTLED:
        return Outcome.FAILED, Step.IN_MEETING
    if joined:
        return Outcome.IN_MEETING, None
    if attempt.failed_at:
        return Outcome.FAILED, Step(attempt.failed_step)
    if getattr(attempt, Step.STARTED.column):
        return Outcome.IN_MEETING, None
    last = last_step(attempt)
    if attempt.way in WITHOUT_PAGE and last is Step.DELIVERED:
        return Outcome.HANDED_OUT, None
    if getattr(attempt, last.column) < now - SILENCE:
        return Outcome.STOPPED, UNDER_WAY[last]
    return Outcome.UNDER_WAY, UNDER_WAY[last]
