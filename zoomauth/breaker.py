"""The breaker of each account: while its calls keep failing, they fail at once.

Not the gate of a start (`zoomauth.client.Gate`), which lets one request out or not. The state is in
columns of the account, which every caller has read anyway, and is written when a call fails and
when Zoom is back; a call that goes well writes nothing. What a call says of Zoom:

- No connection, no answer in time, or an answer 5xx: a failure. `MOST_FAILURES` of them within
  `WINDOW`, and none of this process's calls answered between, stop the account's calls.
- Any other answer, a refusal too: Zoom is there.
- Anything else, such as a right that was taken away meanwhile: nothing.

While calls are stopped, one is let through every `PAUSE` to try, and the first that is answered
ends it. Who tries is decided by compare-and-set, so it is one of all processes.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.statements import give_up_after
from portal.tenancy import across_all_organizations
from zoomauth.errors import (
    ZoomAnswerInvalid,
    ZoomError,
    ZoomFailedRepeatedly,
    ZoomTimeout,
    ZoomUnavailable,
    ZoomUnreachable,
)
from zoomauth.models import ZoomAccount

log = logging.getLogger(__name__)

MOST_FAILURES: Final = 5
WINDOW: Final = timedelta(seconds=30)
PAUSE: Final = timedelta(seconds=15)
_LOCK_MS: Final = 500

# When each account's calls were last answered, as this process knows. A few bytes an account.
_answered_at: dict[UUID, datetime] = {}


@contextmanager
def guarding(
    account: ZoomAccount,
    clock: Callable[[], datetime] = timezone.now,
    *,
    in_background: bool = False,
) -> Iterator[None]:
    """Around one call: learns from how it ends. `account` as it was read for this call.

    `in_background`: its failure is not counted. A worker may have another way to Zoom than those
    who serve hosts, and must not keep them from trying theirs. Raises `ZoomFailedRepeatedly`
    without entering while calls are stopped and somebody else tries.
    """
    trial = _enter(account, clock())
    try:
        yield
    except ZoomError as error:
        if _is_failure(error) and not in_background:
            _count_failure(account, clock())
        elif _is_answer(error):
            _note_answer(account, trial, clock())
        else:
            _give_back(account, trial, clock())
        raise
    except BaseException:
        _give_back(account, trial, clock())
        raise
    _note_answer(account, trial, clock())


def describe_calls(account: ZoomAccount) -> str:
    """For the account's admins: whether calls to Zoom are stopped, since when, and what follows."""
    if account.stopped_at is None:
        return _("Made as usual.")
    since = date_format(localtime(account.stopped_at), "DATETIME_FORMAT")
    return _(
        "Stopped since %(since)s, as Zoom failed %(most)d times in a row: no connection, no answer "
        "in time, or a fault of its own. Every %(pause)d seconds one call tries; once it is "
        "answered, all go on by themselves. See Zoom's status page, and whether other accounts "
        "here are stopped too: then it is the server's network."
    ) % {"since": since, "most": MOST_FAILURES, "pause": PAUSE.total_seconds()}


def _enter(account: ZoomAccount, now: datetime) -> datetime | None:
    """None when nothing is stopped; else this caller tries, and the moment is the next one's."""
    if account.stopped_at is None:
        return None
    pause = _pause()
    # A moment further off than any there is was set by a clock that runs ahead.
    if account.try_at is not None and now < account.try_at <= now + pause:
        raise _refusal(account.try_at)
    following = now + pause
    mine = 0
    with _row(account) as row:
        mine = row.filter(stopped_at__isnull=False, try_at=account.try_at).update(try_at=following)
    if not mine:
        raise _refusal(following)
    return following


def _pause() -> timedelta:
    """Longer than any try lasts, so that there is one at a time."""
    return max(PAUSE, timedelta(seconds=settings.ZOOM_DEADLINE + 1))


def _refusal(retry_at: datetime) -> ZoomFailedRepeatedly:
    return ZoomFailedRepeatedly(call="breaker", retry_at=retry_at)


def _is_failure(error: ZoomError) -> bool:
    """Whether Zoom failed this very call, and not another caller who was waited for."""
    first_hand = error.was_tried or error.http_status is not None
    return first_hand and isinstance(error, (ZoomUnreachable, ZoomTimeout, ZoomUnavailable))


def _is_answer(error: ZoomError) -> bool:
    """Whether Zoom is there: it said no, and to this very call."""
    said = error.http_status is not None and not isinstance(error, ZoomAnswerInvalid)
    return said and not _is_failure(error)


def _count_failure(account: ZoomAccount, now: datetime) -> None:
    """In one statement, so that of failures at the same moment each counts."""
    since = max(now - WINDOW, _answered_at.get(account.pk, now - WINDOW))
    goes_on = Q(failing_since__gte=since)
    with _row(account) as row:
        row.update(
            failures=Case(When(goes_on, then=F("failures") + 1), default=1),
            failing_since=Case(When(goes_on, then=F("failing_since")), default=now),
        )
        enough = row.filter(stopped_at=None, failures__gte=MOST_FAILURES)
        if enough.update(stopped_at=now, try_at=now + _pause()):
            log.warning("Zoom account %s failed repeatedly: its calls are stopped", account.pk)


def _note_answer(account: ZoomAccount, trial: datetime | None, now: datetime) -> None:
    _answered_at[account.pk] = now
    if trial is not None:
        with _row(account) as row:
            row.update(failures=0, failing_since=None, stopped_at=None, try_at=None)
        log.warning("Zoom account %s answers again: its calls go on", account.pk)


def _give_back(account: ZoomAccount, trial: datetime | None, now: datetime) -> None:
    """Zoom was not asked, so the next caller may try."""
    if trial is not None:
        with _row(account) as row:
            row.filter(try_at=trial).update(try_at=now)


@contextmanager
def _row(account: ZoomAccount) -> Iterator[QuerySet[ZoomAccount]]:
    """The account's row, in whosever scope: a shared one is in no organization's.

    What becomes of the call is worth more than this note of it: an admin who is saving the account
    may have the row locked, so it is waited for a moment, and a note that fails is logged.
    """
    try:
        with across_all_organizations(), give_up_after(_LOCK_MS):
            yield ZoomAccount.objects.filter(pk=account.pk)
    except DatabaseError as error:
        # Without its words: they may quote the row.
        log.error("The breaker of %s was not noted: %s", account.pk, type(error).__name__)
