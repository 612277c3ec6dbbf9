"""How much of the portal a provider may hold up: few requests, for seconds, then none for a while.

A provider is somebody else's machine, and every organization may name one. However slow it is, the
threads it holds must not be missing where others start their meetings. What is counted stands in
the provider's row, so it counts over all processes. It is compared and set, so nothing is locked
while the provider is asked.
"""

import contextlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import models
from django.utils import timezone

from portal.identity.wire import Unreachable, within
from portal.models import IdentityProvider
from portal.tenancy import across_all_organizations

# For all that one web request asks: discovery, token, keys, userinfo.
VISIT_SECONDS: Final = 7.0
AT_ONCE: Final = 3
PAUSE: Final = timedelta(seconds=25)
# Whose process died gives the place back after that.
_LEASE: Final = timedelta(seconds=VISIT_SECONDS + 8)
_TRIES: Final = 10


class ComeBackLater(Unreachable):
    """The provider was not asked: it just failed, or enough people are being signed in by it."""

    def __init__(self, *, is_busy: bool) -> None:
        super().__init__("too many at once" if is_busy else "it did not answer just now")
        self.is_busy = is_busy


@contextlib.contextmanager
def visit(provider_id: uuid.UUID) -> Iterator[None]:
    """Around everything that one web request asks of a provider. Raises `ComeBackLater`.

    An answer that stayed away in this block keeps the next ones from asking for `PAUSE`.
    """
    place = _enter(provider_id)
    stayed_away = False
    try:
        with within(VISIT_SECONDS) as asking:
            try:
                yield
            finally:
                stayed_away = asking.stayed_away
    finally:
        _leave(provider_id, place, stayed_away)


def _enter(provider_id: uuid.UUID) -> str:
    """A place among those under way."""
    place, rows = uuid.uuid4().hex, _rows(provider_id)
    for _ in range(_TRIES):
        row = rows.only("visits", "unreachable_until").first()
        now = timezone.now()
        if row is None or (row.unreachable_until is not None and row.unreachable_until > now):
            raise ComeBackLater(is_busy=False)
        under_way = {name: until for name, until in row.visits.items() if until > now.timestamp()}
        if len(under_way) >= AT_ONCE:
            break
        after = {**under_way, place: (now + _LEASE).timestamp()}
        if rows.filter(visits=row.visits).update(visits=after):
            return place
    raise ComeBackLater(is_busy=True)


def _leave(provider_id: uuid.UUID, place: str, stayed_away: bool) -> None:
    rows = _rows(provider_id)
    if stayed_away:
        rows.update(unreachable_until=timezone.now() + PAUSE)
    for _ in range(_TRIES):
        before = rows.values_list("visits", flat=True).first() or {}
        after = {name: until for name, until in before.items() if name != place}
        if after == before or rows.filter(visits=before).update(visits=after):
            return


def _rows(provider_id: uuid.UUID) -> models.QuerySet[IdentityProvider]:
    with across_all_organizations():
        rows: models.QuerySet[IdentityProvider] = IdentityProvider.objects.filter(pk=provider_id)
    return rows
