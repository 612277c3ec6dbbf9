"""Zoom's limits as a budget: hosts come first, and what Zoom has refused is not asked again.

Zoom counts calls per account and label, over all its apps: so many a second, and on some plans so
many a day (Zoom API reference: Rate limits). A call of a host's asks at once, and waits for nothing
here. Work that nobody waits for takes turns, spread over its share of a second by one row per
account and label, and keeps away while a limit is met, until Zoom's own time for it, or while the
rest of a day is small. What is used up for the day is refused here, from the account's own row.

Each function takes `now`; none asks Zoom, sleeps, or looks at a clock.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeGuard
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q

from portal.tenancy import across_all_organizations
from zoomauth.client import Heard, Label, Rate
from zoomauth.errors import ZoomDailyLimitReached, ZoomError, ZoomPutOff, ZoomRateLimited
from zoomauth.models import BackgroundTurns, ZoomAccount

log = logging.getLogger(__name__)

# Calls a second of each plan. Zoom API reference: Rate limits.
PLANS: dict[str, dict[Label, float]] = {
    "free": {Label.LIGHT: 4, Label.MEDIUM: 2, Label.HEAVY: 1, Label.INTENSIVE: 10 / 60},
    "pro": {Label.LIGHT: 30, Label.MEDIUM: 20, Label.HEAVY: 10, Label.INTENSIVE: 10 / 60},
    "business": {Label.LIGHT: 80, Label.MEDIUM: 60, Label.HEAVY: 40, Label.INTENSIVE: 20 / 60},
}
# A header that says more is no limit of Zoom's.
_MOST_PER_SECOND = 1000
# Heavy and resource-intensive calls share one day.
_SPENT = {
    Label.LIGHT: "light_spent_until",
    Label.MEDIUM: "medium_spent_until",
    Label.HEAVY: "heavy_spent_until",
    Label.INTENSIVE: "heavy_spent_until",
}
_DAY = timedelta(days=1)

# A turn further off is not waited for: the work is put off.
LONGEST_TURN = timedelta(seconds=2)
# How long background work keeps away after a limit was met. Whoever met it was not alone.
QUIET = timedelta(seconds=10)
# Of a day's calls, this part is kept for hosts.
RESERVE = 0.2
# A repeated read waits a little longer than Zoom says, each of many another while, and is not begun
# with less time than this before the deadline.
JITTER_SECONDS = 0.5
_WINDOW_SECONDS = 1.0
_CALL_SECONDS = 1.0

# What this process has written already, so that a storm of refusals is no storm of writes.
_written_away: dict[tuple[UUID, Label], datetime] = {}
_written_rate: dict[tuple[UUID, Label], int] = {}


# --- Before a call ----------------------------------------------------------------------------


def refusal_of_spent(
    account: ZoomAccount, label: Label | None, *, call: str, now: datetime
) -> ZoomDailyLimitReached | None:
    """Why a call is not made at all: this label's day is used up, as the account's row says."""
    until = None if label is None else get_spent_until(account, label)
    if not _lasts(until, now):
        return None
    return ZoomDailyLimitReached(call=call, code="remembered", retry_at=until)


def get_spent_until(account: ZoomAccount, label: Label) -> datetime | None:
    until: datetime | None = getattr(account, _SPENT[label])
    return until


def take_turn(account: ZoomAccount, label: Label, *, now: datetime) -> datetime:
    """A turn for one background call: the moment, at most `LONGEST_TURN` off, at which to make it.

    Raises `ZoomPutOff` with the time to come again. Compare and set, so that no two get one turn.
    """
    row, _created = BackgroundTurns.objects.get_or_create(account_id=account.pk, label=label)
    while True:
        if _lasts(row.away_until, now):
            raise ZoomPutOff(code=row.away_reason, retry_at=row.away_until)
        every = timedelta(seconds=1 / _background_rate(row.per_second, label))
        turn = max(row.next_at or now, now)
        if turn > now + LONGEST_TURN + every + QUIET:
            turn = now  # Given by a clock that ran ahead.
        if turn > now + LONGEST_TURN:
            raise ZoomPutOff(code="turns", retry_at=turn)
        mine = BackgroundTurns.objects.filter(pk=row.pk, next_at=row.next_at)
        mine = mine.filter(Q(away_until=None) | Q(away_until=row.away_until))
        if mine.update(next_at=turn + every):
            return turn
        row.refresh_from_db()


def get_away_until(account: ZoomAccount, *labels: Label, now: datetime) -> datetime | None:
    """Until when background work keeps away from one of these labels; None: it need not."""
    rows = BackgroundTurns.objects.filter(account_id=account.pk, label__in=labels)
    spent = [get_spent_until(account, label) for label in labels]
    away = [row.away_until for row in rows]
    return max((until for until in (*away, *spent) if _lasts(until, now)), default=None)


def _lasts(until: datetime | None, now: datetime) -> TypeGuard[datetime]:
    """Not over. Further off than any limit lasts, it was set by a clock that ran ahead."""
    return until is not None and now < until <= now + _DAY + QUIET


def _background_rate(learned: int | None, label: Label) -> float:
    """Calls a second that background work may make."""
    allowed = learned or PLANS[settings.ZOOM_PLAN][label]
    return allowed * float(settings.ZOOM_BACKGROUND_PERCENT) / 100


# --- After an answer --------------------------------------------------------------------------


def observe(account: ZoomAccount, heard: Heard, *, now: datetime, in_background: bool) -> None:
    """Learn from an answer. Writes where something has changed, and never fails the call."""
    if heard.label is None:
        return
    try:
        _learn(account, heard, heard.label, now, in_background)
    except DatabaseError as error:
        log.error("What Zoom says of its limits was not kept: %s", type(error).__name__)


def _learn(
    account: ZoomAccount, heard: Heard, label: Label, now: datetime, in_background: bool
) -> None:
    error, rate = heard.error, heard.rate
    if isinstance(error, ZoomDailyLimitReached):
        # One that is a host's own says nothing of the account's; and of another status it is read
        # out of words, which may be somebody's topic.
        if not error.per_host and error.http_status == HTTPStatus.TOO_MANY_REQUESTS:
            _set_spent(account, label, _bounded(error.retry_at or _end_of_day(now), now))
    elif isinstance(error, ZoomRateLimited):
        until = _bounded(error.retry_at or now, now) + QUIET
        _keep_away(account.pk, label, until, BackgroundTurns.Reason.LIMITED, now)
    elif error is None:
        if get_spent_until(account, label) is not None:
            # The plan is another, or it was not true; the connection check asks all the same.
            _set_spent(account, label, None)
        if rate is not None and rate.is_daily and rate.remaining < rate.most * RESERVE:
            end = _end_of_day(now)
            _keep_away(account.pk, label, end, BackgroundTurns.Reason.RESERVE, now)
        elif rate is not None and in_background:
            _set_rate(account.pk, label, rate)


def _set_spent(account: ZoomAccount, label: Label, until: datetime | None) -> None:
    column = _SPENT[label]
    # A shared account is in no organization's scope.
    with across_all_organizations():
        ZoomAccount.objects.filter(pk=account.pk).update(**{column: until})
    setattr(account, column, until)


def _keep_away(
    account_id: UUID, label: Label, until: datetime, reason: BackgroundTurns.Reason, now: datetime
) -> None:
    key = account_id, label
    written = _written_away.get(key)
    if written is not None and now < written and until - written < QUIET / 2:
        return
    _written_away[key] = until
    rows = BackgroundTurns.objects.filter(account_id=account_id, label=label)
    columns = {"away_until": until, "away_reason": reason}
    # Never shorter than it is, unless that was set by a clock that ran ahead.
    is_shorter = Q(away_until=None) | Q(away_until__lt=until) | Q(away_until__gt=now + _DAY + QUIET)
    if not rows.filter(is_shorter).update(**columns):
        row = BackgroundTurns(account_id=account_id, label=label, **columns)
        BackgroundTurns.objects.bulk_create([row], ignore_conflicts=True)


def _set_rate(account_id: UUID, label: Label, rate: Rate) -> None:
    """Calls a second as the account has them. Those of a label that counts minutes are not told."""
    key = account_id, label
    is_told = rate.category == label and label is not Label.INTENSIVE and not rate.is_daily
    if not is_told or not 0 < rate.most <= _MOST_PER_SECOND or _written_rate.get(key) == rate.most:
        return
    rows = BackgroundTurns.objects.filter(account_id=account_id, label=label)
    rows.update(per_second=rate.most)
    _written_rate[key] = rate.most


def _bounded(until: datetime, now: datetime) -> datetime:
    """No limit of Zoom's lasts longer than a day."""
    return min(max(until, now), now + _DAY)


def _end_of_day(now: datetime) -> datetime:
    """Zoom's days end at 00:00 UTC."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + _DAY


# --- Once more --------------------------------------------------------------------------------


def pause_before_repeat(
    error: ZoomError, *, now: datetime, remaining: float, random: Callable[[], float]
) -> float | None:
    """Seconds to wait before a host's read is made once more; None: it is not.

    Only what reads, only after a limit of the moment, and only within the deadline of which
    `remaining` seconds are left. `random` gives numbers from 0 to 1.
    """
    if not isinstance(error, ZoomRateLimited) or not error.is_of_read:
        return None
    said = (error.retry_at - now).total_seconds() if error.retry_at else _WINDOW_SECONDS
    pause = max(said, 0.0) + random() * JITTER_SECONDS
    return pause if pause + _CALL_SECONDS <= remaining else None
