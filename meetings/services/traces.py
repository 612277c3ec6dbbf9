"""What the page, and Zoom, tell of an attempt after the portal has answered."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import Http404

from meetings.attempt_codes import make_attempt_id
from meetings.models import Host, Meeting, StartAttempt
from meetings.services.patience import in_time
from meetings.start_steps import SERVER_STEPS, UNDER_WAY, Step, Way, last_step
from portal.models import User
from portal.tenancy import across_all_organizations

log = logging.getLogger(__name__)

LONGEST = timedelta(days=1)
# A page that was never heard of by the portal makes a row too; nobody presses so often in a day.
MOST_A_DAY = 200
# How far Zoom's clock may be behind ours, and how long somebody may take to sign in to the app.
_SKEW = timedelta(seconds=5)
_DAWDLING = timedelta(minutes=15)
_AGAIN = (*SERVER_STEPS[2:], Step.INIT, Step.JOIN)


class Told(StrEnum):
    """What a page may tell, each once."""

    INIT = "init"
    JOIN = "join"
    IN_MEETING = "in_meeting"
    RENEWED = "renewed"
    LOST = "lost"
    FAILED = "failed"


@dataclass(frozen=True)
class Trace:
    """One thing that a page tells.

    `after`: how long after the press it happened. `age`: how long ago the press was when it was
    told, for a page may have to wait for the network. `during`: the page's step, where it failed.
    """

    code: str
    told: Told
    after: timedelta
    age: timedelta
    error: str = ""
    during: str = ""


def note_trace(*, user: User, meeting_id: UUID, trace: Trace, now: datetime) -> None:
    """Add it to this person's own attempt. The first word on each thing counts.

    A press that never reached the portal is noted as such, for who may start the meeting. Raises
    `Http404` and `PermissionDenied` like the start, and `DatabaseError` if the table is not free.
    """
    key = make_attempt_id(user_id=user.pk, meeting_id=meeting_id, code=trace.code)
    rows = StartAttempt.objects.filter(pk=key)
    with in_time():
        attempt: StartAttempt | None = rows.first()
        if attempt is None:
            _begin(user, meeting_id, trace, now)
            attempt = rows.first()
        if attempt is not None and now - attempt.pressed_at <= LONGEST:
            happened_at = max(attempt.pressed_at, now - max(trace.age - trace.after, timedelta()))
            _note(rows, attempt, trace, happened_at)


def check_trace(user: User, meeting_id: UUID) -> None:
    """Whether this person may tell anything of this meeting. Raises like the start."""
    _way_of(user, _get_meeting(meeting_id))


def _get_meeting(meeting_id: UUID) -> Meeting:
    meeting: Meeting | None = (
        Meeting.objects.select_related("host", "organization").filter(pk=meeting_id).first()
    )
    if meeting is None:
        raise Http404
    return meeting


def _way_of(user: User, meeting: Meeting) -> tuple[Way, Host]:
    if host := meeting.get_starting_host(user):
        return Way.BROWSER, host
    if meeting.refusal_on_behalf(user) is None:
        return Way.ON_BEHALF, meeting.host
    raise PermissionDenied


def _begin(user: User, meeting_id: UUID, trace: Trace, now: datetime) -> None:
    meeting = _get_meeting(meeting_id)
    way, host = _way_of(user, meeting)
    lately = StartAttempt.objects.filter(user=user, pressed_at__gt=now - 2 * LONGEST)
    if lately[:MOST_A_DAY].count() >= MOST_A_DAY:
        log.warning("Person %s has made %s attempts in a day: one more is not noted.",
                    user.pk, MOST_A_DAY)  # fmt: skip
        return
    row = StartAttempt(
        id=make_attempt_id(user_id=user.pk, meeting_id=meeting.pk, code=trace.code),
        organization_id=meeting.organization_id,
        meeting=meeting,
        user=user,
        host=host,
        code=trace.code,
        way=way.value,
        pressed_at=now - trace.age,
    )
    # The press itself may be on its way; then its row is there first, or takes this one over.
    StartAttempt.objects.bulk_create([row], ignore_conflicts=True)


def _note(
    rows: QuerySet[StartAttempt], attempt: StartAttempt, trace: Trace, happened_at: datetime
) -> None:
    name = trace.told.value
    values: dict[str, Any] = {
        f"{name}_at": happened_at,
        f"{name}_ms": trace.after // timedelta(milliseconds=1),
    }
    rows = rows.filter(**{f"{name}_at": None})
    if trace.told in (Told.FAILED, Told.RENEWED):
        rows = rows.filter(in_meeting_at=None)
    if trace.told is Told.FAILED:
        values["failed_step"] = trace.during or UNDER_WAY[last_step(attempt)].value
        values["error_code"] = trace.error
    if trace.told is Told.RENEWED:
        # It begins again, at the access token. What is later is of the new beginning already.
        values |= {step.column: _forget_before(step, happened_at) for step in _AGAIN}
    rows.update(**values)


def _forget_before(step: Step, moment: datetime) -> Case:
    earlier = When(**{f"{step.column}__lt": moment}, then=Value(None))
    return Case(earlier, default=F(step.column))


def note_started(
    organization_ids: Collection[UUID], meeting_number: int, happened_at: datetime
) -> None:
    """Zoom says that this meeting has started. Told twice, or late, it changes nothing.

    A table that is not free is logged: Zoom's event is kept, and Zoom does not wait.

    It is the start of the last attempt before it, of one that did not fail if there is any.
    """
    try:
        with across_all_organizations(), in_time():
            _note_started(organization_ids, meeting_number, happened_at)
    except DatabaseError as error:
        log.error("That a meeting has started was not noted: %s", type(error).__name__)


def _note_started(
    organization_ids: Collection[UUID], meeting_number: int, happened_at: datetime
) -> None:
    rows = StartAttempt.objects.filter(
        organization__in=organization_ids,
        meeting__meeting_number=meeting_number,
        pressed_at__gt=happened_at - _DAWDLING,
        pressed_at__lte=happened_at + _SKEW,
    )
    failed = Case(When(Q(failed_at__lt=happened_at), then=1), default=0)
    last = rows.order_by(failed, "-pressed_at").values_list("pk", flat=True).first()
    if last is not None:
        earlier = Q(started_at=None) | Q(started_at__gt=happened_at)
        StartAttempt.objects.filter(earlier, pk=last).update(started_at=happened_at)


def prune(now: datetime, kept: timedelta) -> int:
    """Delete the attempts of longer ago; returns how many."""
    with across_all_organizations():
        deleted, _ = StartAttempt.objects.filter(pressed_at__lt=now - kept).delete()
    return int(deleted)
