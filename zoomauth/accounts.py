"""Calling Zoom as one account: which account serves an organization, and with which token."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone

from portal.models import Organization
from portal.sealing import SealingError
from portal.statements import give_up_after
from zoomauth.breaker import guarding
from zoomauth.budget import observe, pause_before_repeat
from zoomauth.client import Deadline, Gate, Heard, ZoomClient, seconds_left
from zoomauth.containment import place_for
from zoomauth.errors import (
    ZoomAccessTokenRejected,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomUserNotFound,
)
from zoomauth.models import ZoomAccount, ZoomConnection, ZoomUserAssignment
from zoomauth.permits import Permit, at_once, in_turn
from zoomauth.tokens import get_access_token, refresh_access_token

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_LONGEST_LOCK_WAIT = 3.0


def account_of(organization: Organization) -> ZoomAccount:
    """The account behind the organization's connection. Raises `ZoomNotConnected`.

    An organization that has been deactivated reaches none, whatever was read of it before.
    """
    connection = (
        ZoomConnection.objects.select_related("account__access_token")
        .filter(organization=organization, organization__is_active=True)
        .first()
    )
    if connection is None:
        raise ZoomNotConnected
    return connection.account


# What `select_related` of an organization brings along for the function below.
WITH_ACCOUNT = "zoom_connection__account__access_token"


def account_read_with(organization: Organization) -> ZoomAccount:
    """The account as `WITH_ACCOUNT` has just brought it, at no query; read now where it has not.

    What was brought is used once: the next call reads anew. Raises `ZoomNotConnected`.
    """
    brought = organization._state.fields_cache
    if "zoom_connection" not in brought:
        return account_of(organization)
    found: ZoomConnection | None = brought.pop("zoom_connection")
    if found is None or not organization.is_active:
        raise ZoomNotConnected
    return found.account


def account_as(organization: Organization, zoom_user_id: str) -> ZoomAccount:
    """The account, for acting as this user of it.

    Raises `ZoomUserNotFound` when the account is shared and the user not this organization's.
    """
    account = account_of(organization)
    refuse_unless_assigned(account, organization, zoom_user_id)
    return account


def refuse_unless_assigned(
    account: ZoomAccount, organization: Organization, zoom_user_id: str
) -> None:
    """Raise `ZoomUserNotFound` when the account is shared and the user not this organization's."""
    if account.organization_id is None:
        mine = ZoomUserAssignment.objects.filter(organization=organization, account=account)
        if not mine.filter(zoom_user_id=zoom_user_id).exists():
            raise ZoomUserNotFound(call="assignment")


# Both rows are the operator's to withdraw, and a withdrawal waits for a start that holds them.
_ASSIGNED = (
    f"SELECT 1 FROM {ZoomUserAssignment._meta.db_table} a "  # noqa: S608 - our own names
    f"JOIN {ZoomConnection._meta.db_table} c "
    "ON c.organization_id = a.organization_id AND c.account_id = a.account_id "
    "WHERE a.organization_id = %s AND a.account_id = %s AND a.zoom_user_id = %s "
)


def still_acting_as(
    account: ZoomAccount, organization: Organization, zoom_user_id: str, gate: Gate
) -> Gate:
    """The gate, and behind it: a shared account's user is this organization's still.

    What it raises is `ZoomUserNotFound`. Of an organization's own account all users are its own.
    """
    if account.organization_id is not None:
        return gate

    @contextmanager
    def guarded() -> Iterator[None]:
        with gate(), connection.cursor() as cursor:
            keys = [_as_key(row) for row in (organization, account)]
            lock = " FOR SHARE OF a, c" if connection.features.has_select_for_update else ""
            # What was left before the gate is less by now.
            with give_up_after(wait_limit(), is_durable=False):
                cursor.execute(f"{_ASSIGNED}{lock}", [*keys, zoom_user_id])
            if cursor.fetchone() is None:
                raise ZoomUserNotFound(call="assignment")
            yield

    return guarded


def wait_limit() -> int:
    """How long a statement of a gate may wait for who is changing what it locks, in milliseconds.

    Three seconds, and never beyond the deadline of the start.
    """
    return round(seconds_left(_LONGEST_LOCK_WAIT) * 1000)


def _as_key(row: Organization | ZoomAccount) -> Any:
    """As this database keeps it: SQLite has no type for it."""
    return row._meta.pk.get_db_prep_value(row.pk, connection)


def page_deadline() -> Deadline:
    """By when a page must have all that it asks Zoom for. To be made when the page is asked for."""
    return Deadline.after(settings.ZOOM_DEADLINE)


def client_for(
    account: ZoomAccount,
    listener: Callable[[Heard], object] = lambda heard: None,
    deadline: Deadline | None = None,
    *,
    permit: Permit = lambda call: None,
    in_background: bool = False,
) -> ZoomClient:
    """A client for this account's region, with this deadline or that of a whole page.

    Whatever it hears of Zoom's limits is kept for the account, before `listener` is told.
    """

    def hear(heard: Heard) -> None:
        observe(account, heard, now=timezone.now(), in_background=in_background)
        listener(heard)

    region = f"-{account.region}" if account.region else ""
    return ZoomClient(
        api_url=settings.ZOOM_API_URL.format(region=region),
        oauth_url=settings.ZOOM_OAUTH_URL,
        connect_timeout=settings.ZOOM_CONNECT_TIMEOUT,
        read_timeout=settings.ZOOM_READ_TIMEOUT,
        deadline=deadline or page_deadline(),
        listener=hear,
        permit=permit,
    )


def ask(
    account: ZoomAccount,
    call: Callable[[ZoomClient, str], Answer],
    before_mint: Callable[[], object] = lambda: None,
    deadline: Deadline | None = None,
    *,
    in_background: bool = False,
    listener: Callable[[Heard], object] = lambda heard: None,
) -> Answer:
    """One call with the stored token; if Zoom refuses that token, once more with a newer one.

    All of it within `deadline`: a wait for a place, for somebody else's token, for the gate, for
    Zoom. A page that asks more than once gives the same one each time.

    `in_background`: nobody waits for it, so it waits for its turn, and `ZoomPutOff` says when to
    come again. For a person, a read that meets the limit of a second is made once more after it.
    `listener` hears of every answer. `before_mint` is called when it takes a new token, right
    before that is requested or waited for, and once at most. What it raises, it raises to the
    caller, and Zoom is asked for nothing.
    Raises `ZoomFailedRepeatedly` and `ZoomTooManyAtOnce` where Zoom is having a bad day.
    """
    permit = in_turn(account) if in_background else at_once(account)
    client = client_for(account, listener, deadline, permit=permit, in_background=in_background)
    call = call if in_background else partial(_once_more_after_limit, call)
    with place_for(account.pk), guarding(account, in_background=in_background):
        return _ask_with_token(account, client, call, cache(before_mint))


def _ask_with_token(
    account: ZoomAccount,
    client: ZoomClient,
    call: Callable[[ZoomClient, str], Answer],
    before_mint: Callable[[], object],
) -> Answer:
    try:
        grant = get_access_token(account, client, before_mint)
        try:
            return call(client, grant.token)
        except ZoomAccessTokenRejected:
            before_mint()
            newer = refresh_access_token(account, client, stale=grant.generation)
            return call(client, newer.token)
    except SealingError as error:
        # Names model and field only. It is never business as usual: a lost key, or an attack.
        log.error("A secret of Zoom account %s cannot be read: %s", account.pk, error)
        # Without the cause: its frames hold what could be unsealed.
        raise ZoomNotConnected(code="sealing") from None


def _once_more_after_limit(
    call: Callable[[ZoomClient, str], Answer], client: ZoomClient, token: str
) -> Answer:
    """The call; a read once more, where Zoom's limit of a second ends within the deadline."""
    try:
        return call(client, token)
    except ZoomRateLimited as error:
        pause = pause_before_repeat(
            error,
            now=timezone.now(),
            remaining=client.deadline.remaining(),
            random=random.random,
        )
        if pause is None:
            raise
    time.sleep(pause)
    return call(client, token)
