"""The access token of an account: one minter at a time, over all processes.

Zoom documents that a new token leaves the previous one alive and, elsewhere, that it ends it. So
the worse is assumed. Whoever needs a token reads the stored one; whoever must replace it first
takes a lease on that very generation by compare-and-set, which works alike on SQLite and
PostgreSQL and holds no lock or transaction while Zoom is asked. The others wait by reading again.
"""

import logging
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
from zoomauth.models import AccessToken, ZoomAccount

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.05
# Above the deadline of any single start, so that a living minter is not overtaken.
_LEASE_MARGIN = timedelta(seconds=3)


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


def refresh_access_token(account: ZoomAccount, client: ZoomClient, *, stale: int) -> Grant:
    """A token newer than generation `stale`, minted here or by whoever was first.

    Raises `ZoomError`; `ZoomTimeout` when another minter holds the lease until the deadline, and
    `ZoomNotConnected` for the account of an organization that has been deactivated.
    """
    while True:
        # The account anew too: its credentials may have been replaced since the caller read it.
        row = AccessToken.objects.select_related("account__organization").get(account=account)
        owner = row.account.organization
        if owner is not None and not owner.is_active:
            raise ZoomNotConnected(call="oauth.token")
        stored = _read(row) if row.generation > stale else None
        if stored is not None:
            return stored
        now = timezone.now()
        longest = timedelta(seconds=settings.ZOOM_DEADLINE) + _LEASE_MARGIN
        holder = row.take_lease(now=now, longest=longest)
        if holder is not None:
            minted = _mint(client, row, holder)
            if minted is not None:
                return minted
        if client.deadline.remaining() <= _POLL_SECONDS:
            raise ZoomTimeout(call="oauth.token")
        time.sleep(_POLL_SECONDS)


def _row_of(account: ZoomAccount) -> AccessToken:
    # `select_related` brings the row along, when there is one.
    row: AccessToken | None = getattr(account, "access_token", None)
    return row or AccessToken.objects.get_or_create(account=account)[0]


def _read(row: AccessToken) -> Grant | None:
    if not row.is_usable(timezone.now()):
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
    except (ZoomError, SealingError):
        row.release(holder=holder)
        raise
    stored = row.store(
        holder=holder,
        token=answer.access_token,
        scopes=answer.scopes,
        expires_at=asked_at + timedelta(seconds=answer.expires_in),
    )
    if not stored:
        return None
    return Grant(answer.access_token, row.generation + 1, answer.scopes, answer.api_url)
