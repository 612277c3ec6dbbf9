"""Which tokens are due, and who replaces them: the row is the duty, Celery the clock and the hands.

    sweep: take_due -> one message for each account -> begin -> refresh -> the row's next time

A duty that was taken is out of sight for `taken_for`, by its own `next_refresh_at`, and that very
value is what the message carries: whoever begins must still find it there. So two beats, a message
that is delivered twice, or a host who got a token meanwhile cost nothing, and whatever is lost,
message, worker or all of Redis, is due again by itself.

Nothing here reads a clock: `now` is passed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from portal.tenancy import across_all_organizations
from zoomauth.models import AccessToken, ZoomAccount, ZoomConnection
from zoomauth.tokens import longest_lease

# What one sweep hands out at most: about what a small worker does until the next one.
BATCH = 500
# Beyond a lease: what a message may wait in the queue before it is handed out again.
_IN_QUEUE = timedelta(seconds=10)
# A token found without a duty is replaced this long before its end, or at once.
_LEAD = timedelta(minutes=20)


@dataclass(frozen=True)
class Duty:
    """An account whose token is to be replaced, by whoever finds `taken_until` on its row."""

    account_id: UUID
    taken_until: datetime


def taken_for() -> timedelta:
    """For how long a duty that was taken is nobody else's: well below a minute."""
    return longest_lease() + _IN_QUEUE


def take_due(now: datetime, limit: int = BATCH) -> list[Duty]:
    """Take the duties that are due at `now`, the longest overdue first; each has one taker.

    The cost is that of what is due: one step down an index, however many accounts there are. An
    account that no active organization is connected to loses its duty here.
    """
    until = now + taken_for()
    with across_all_organizations(), transaction.atomic():
        due = AccessToken.objects.filter(next_refresh_at__lte=now).order_by("next_refresh_at")
        # SQLite has no such clause and needs none: its transaction keeps other writers out.
        due = due.select_for_update(skip_locked=True)
        keys = list(due.values_list("pk", flat=True)[:limit])
        in_use = set(_connected(keys))
        AccessToken.objects.filter(pk__in=in_use).update(next_refresh_at=until)
        AccessToken.objects.filter(pk__in=set(keys) - in_use).update(next_refresh_at=None)
    return [Duty(key, until) for key in keys if key in in_use]


def _connected(keys: Iterable[UUID]) -> Iterable[UUID]:
    rows = ZoomConnection.objects.filter(account__in=keys, organization__is_active=True)
    return rows.values_list("account_id", flat=True)


def begin(duty: Duty, now: datetime) -> bool:
    """Whether this duty is still the caller's, who then has `taken_for` to do it."""
    mine = AccessToken.objects.filter(pk=duty.account_id, next_refresh_at=duty.taken_until)
    return bool(mine.update(next_refresh_at=now + taken_for()))


def give_duties(now: datetime) -> int:
    """Give each account in use a duty that has none; returns how many.

    For those that come into use without new credentials: an organization is activated again, a
    connection is made, a row was written by code that knew of no duty. It looks at all accounts,
    so it is asked for more seldom than `take_due`.
    """
    with across_all_organizations():
        in_use = ZoomAccount.objects.filter(connections__organization__is_active=True)
        idle = Q(access_token=None) | Q(access_token__next_refresh_at=None)
        keys = list(in_use.filter(idle).values_list("pk", flat=True).distinct())
        AccessToken.objects.bulk_create(
            (AccessToken(account_id=key) for key in keys), ignore_conflicts=True
        )
        first = Coalesce(F("expires_at") - _LEAD, Value(now))
        idle_rows = AccessToken.objects.filter(pk__in=keys, next_refresh_at=None)
        return idle_rows.update(next_refresh_at=first)
