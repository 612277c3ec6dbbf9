"""Zoom's hundred creations and changes of meetings a day for each host, counted before Zoom does.

Zoom API reference: Rate limits; anew at 00:00 UTC. Counted for the Zoom user of the account, over
all organizations that act as them. Other apps of the account write too, so Zoom's word corrects
the count.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from portal.models import Organization
from zoomauth.accounts import account_of
from zoomauth.errors import (
    ZoomAccessTokenRejected,
    ZoomCredentialsRejected,
    ZoomDailyLimitReached,
    ZoomFailedRepeatedly,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomTooManyAtOnce,
    ZoomUnreachable,
)
from zoomauth.models import HostWrites, ZoomAccount
from zoomauth.zoom_users import assigned_ids

MOST_A_DAY = 100
# From here on people are told, before it is too late for them to plan.
NEAR = 80
_KEPT = timedelta(days=7)
# After these Zoom has carried out nothing and, as far as is known, counted nothing.
_NOT_COUNTED = (
    ZoomAccessTokenRejected,
    ZoomCredentialsRejected,
    ZoomFailedRepeatedly,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomTooManyAtOnce,
    ZoomUnreachable,
)


@contextmanager
def counted(
    account: ZoomAccount, zoom_user_id: str, *, call: str, now: datetime | None = None
) -> Iterator[None]:
    """Around one creation or change: counted before it is asked for, and no more than Zoom takes.

    Raises `ZoomDailyLimitReached` (`per_host`) when the day is used up; Zoom is not asked then.
    """
    day = _day_of(now or timezone.now())
    if not count_write(account, zoom_user_id, day=day):
        raise ZoomDailyLimitReached(call=call, code="counted", per_host=True, retry_at=_end_of(day))
    try:
        yield
    except ZoomDailyLimitReached as error:
        _correct(account, zoom_user_id, day, is_full=error.per_host)
        raise
    except _NOT_COUNTED:
        _correct(account, zoom_user_id, day, is_full=False)
        raise


def count_write(account: ZoomAccount, zoom_user_id: str, *, day: date) -> bool:
    """Count one more; False when the day is used up. One UPDATE, so that no two take the last."""
    rows = _rows(account, zoom_user_id, day).filter(count__lt=MOST_A_DAY)
    if rows.update(count=F("count") + 1):
        return True
    first = HostWrites(account_id=account.pk, zoom_user_id=_fold(zoom_user_id), day=day)
    HostWrites.objects.bulk_create([first], ignore_conflicts=True)
    HostWrites.objects.filter(account_id=account.pk, day__lt=day - _KEPT).delete()
    return bool(rows.update(count=F("count") + 1))


def get_writes_of_day(
    organization: Organization, zoom_user_ids: Collection[str], *, now: datetime | None = None
) -> dict[str, int]:
    """How many are counted today for each of these users, by the IDs as they were given.

    Of a shared account's users it says nothing but of those as whom the organization may act.
    """
    try:
        account = account_of(organization)
    except ZoomNotConnected:
        return dict.fromkeys(zoom_user_ids, 0)
    rows = HostWrites.objects.filter(account_id=account.pk, day=_day_of(now or timezone.now()))
    if account.organization_id is None:
        rows = rows.filter(zoom_user_id__in=map(_fold, assigned_ids(organization, account.pk)))
    known = dict(
        rows.filter(zoom_user_id__in=map(_fold, zoom_user_ids)).values_list("zoom_user_id", "count")
    )
    return {name: known.get(_fold(name), 0) for name in zoom_user_ids}


def _correct(account: ZoomAccount, zoom_user_id: str, day: date, *, is_full: bool) -> None:
    """Full, as Zoom said; or one fewer, as it came to nothing."""
    rows = _rows(account, zoom_user_id, day)
    if is_full:
        rows.update(count=MOST_A_DAY)
    else:
        rows.filter(count__gt=0).update(count=F("count") - 1)


def _rows(account: ZoomAccount, zoom_user_id: str, day: date) -> QuerySet[HostWrites]:
    return HostWrites.objects.filter(
        account_id=account.pk, zoom_user_id=_fold(zoom_user_id), day=day
    )


def _fold(zoom_user_id: str) -> str:
    """An address is the same in capitals; an ID is not."""
    return zoom_user_id.lower() if "@" in zoom_user_id else zoom_user_id


def _day_of(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
