"""The access token of an account: one minter at a time, over all processes.

Zoom documents that a new token leaves the previous one alive and, elsewhere, that it ends it. So
the worse is assumed. Whoever needs a token reads the stored one; whoever must replace it first
takes a lease on that very generation by compare-and-set, which works alike on SQLite and
PostgreSQL and holds no lock or transaction while Zoom is asked. The others wait by reading again,
for the token or for what the minter met instead: a failure is one request too, not one for each.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from portal.sealing import SealBroken, SealingError
from zoomauth.client import ZoomClient
from zoomauth.errors import ZoomError, ZoomNotConnected, ZoomTimeout
from zoomauth.models import USABLE_MARGIN, AccessToken, Health, ZoomAccount
from zoomauth.refresh_schedule import next_attempt, next_refresh
from zoomauth.token_health import make_error, make_failure

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.05
# Above the deadline of any single start, so that a living minter is not overtaken.
_LEASE_MARGIN = timedelta(seconds=3)
_chance = random.SystemRandom()


@dataclass(frozen=True)
class Grant:
    """A usable access token and the generation it is.

    `scopes` as Zoom gave them; `api_url` too, which is known only where the token was minted.
    """

    token: str = field(repr=False)
    generation: int
    scopes: tuple[str, ...] = ()
    api_url: str = field(default="", compare=False)


def get_access_token(
    account: ZoomAccount, client: ZoomClient, before_mint: Callable[[], object] = lambda: None
) -> Grant:
    """The stored token while enough life remains, else a new one. Raises `ZoomError`.

    `before_mint` is called when it takes a new one, before it is requested or waited for.
    """
    row = _row_of(account)
    stored = _read(row)
    if stored is None:
        before_mint()
        return refresh_access_token(account, client, stale=row.generation)
    return stored


def refresh_access_token(
    account: ZoomAccount, client: ZoomClient, *, stale: int, is_probe: bool = False
) -> Grant:
    """A token newer than generation `stale`, minted here or by whoever was first.

    Raises `ZoomError`: what Zoom answered, to us or to the minter that was waited for;
    `ZoomTimeout` when another minter holds the lease until the deadline, and `ZoomNotConnected`
    for the account of an organization that has been deactivated. For some seconds after Zoom has
    refused the credentials it is not asked again, except by a probe: a worker's, or the connection
    check's, which somebody pressed to know.
    """
    waited_at: AccessToken | None = None
    while True:
        # The account anew too: its credentials may have been replaced since the caller read it.
        row = AccessToken.objects.select_related("account__organization").get(account=account)
        owner = row.account.organization
        if owner is not None and not owner.is_active:
            raise ZoomNotConnected(call="oauth.token")
        # Whoever waited for it uses it to its end: of a token that is hardly given before it counts
        # as used up, each of them would take one more.
        stored = _read(row, timedelta(0)) if row.generation > stale else None
        if stored is not None:
            return stored
        if waited_at is None or waited_at.generation != row.generation:
            waited_at = row
        now = timezone.now()
        if row.failures > waited_at.failures or (row.was_just_refused(now) and not is_probe):
            raise make_error(row)
        holder = row.take_lease(now=now, longest=longest_lease())
        if holder is not None:
            minted = _mint(client, row, holder)
            if minted is not None:
                return minted
        if client.deadline.remaining() <= _POLL_SECONDS:
            raise ZoomTimeout(call="oauth.token")
        time.sleep(_POLL_SECONDS)


def longest_lease() -> timedelta:
    """For how long a minter that died keeps others from minting."""
    return timedelta(seconds=settings.ZOOM_DEADLINE) + _LEASE_MARGIN


def _row_of(account: ZoomAccount) -> AccessToken:
    # `select_related` brings the row along, when there is one.
    row: AccessToken | None = getattr(account, "access_token", None)
    return row or AccessToken.objects.get_or_create(account=account)[0]


def _read(row: AccessToken, margin: timedelta = USABLE_MARGIN) -> Grant | None:
    if not row.is_usable(timezone.now(), margin):
        return None
    try:
        return Grant(row.token, row.generation, tuple(row.scopes.split()))
    except SealBroken as error:
        # As good as gone, and replaceable: the account's credentials decide, not this copy.
        log.error("The stored access token cannot be read: %s", error)
        return None


def _mint(client: ZoomClient, row: AccessToken, holder: UUID) -> Grant | None:
    """Ask Zoom and store the answer; None when the lease was lost while Zoom was answering."""
    asked_at = timezone.now()
    account = row.account
    try:
        answer = client.request_access_token(
            account_id=account.account_id,
            client_id=account.client_id,
            client_secret=account.client_secret,
        )
    except (ZoomError, SealingError) as error:
        _note_failure(row, holder, error)
        raise
    expires_at = asked_at + timedelta(seconds=answer.expires_in)
    stored = row.store(
        holder=holder,
        token=answer.access_token,
        scopes=answer.scopes,
        expires_at=expires_at,
        next_refresh_at=next_refresh(issued_at=asked_at, expires_at=expires_at, rng=_chance),
    )
    if not stored:
        return None
    return Grant(answer.access_token, row.generation + 1, answer.scopes, answer.api_url)


def _note_failure(row: AccessToken, holder: UUID, error: ZoomError | SealingError) -> None:
    now, failure = timezone.now(), make_failure(error)
    again = next_attempt(
        now=now,
        failures=row.failures + 1,
        is_lasting=failure.is_lasting or row.health == Health.BLOCKED,
        expires_at=row.expires_at,
        not_before=failure.not_before,
        rng=_chance,
    )
    row.note_failure(holder=holder, failure=failure, now=now, next_refresh_at=again)
