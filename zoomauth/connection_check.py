"""The connection check: is this account fit to start meetings, and what is missing.

First cut: a new access token, one user, and that user's ZAK. Each step needs the one before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.sealing import SealingError
from zoomauth.accounts import client_for
from zoomauth.client import ZoomClient
from zoomauth.errors import ZoomError, ZoomNotConnected
from zoomauth.models import AccessToken, ZoomAccount
from zoomauth.tokens import refresh_access_token

Text = str | Promise


@dataclass(frozen=True)
class CheckRow:
    """One line of the check. `ok` is None where it was not reached."""

    name: str
    label: Text
    ok: bool | None
    message: Text
    tracking_id: str = ""


_LABELS: dict[str, Text] = {
    "token": _("Access token"),
    "user": _("One user of the account"),
    "zak": _("That user's start key (ZAK)"),
}


def check_account(account: ZoomAccount) -> list[CheckRow]:
    """The rows of the check, in order; never raises for what Zoom does."""
    steps = _run(account)
    rows: list[CheckRow] = []
    try:
        rows.extend(steps)
    except ZoomError as error:
        rows.append(_failed(_next_name(rows), error))
    except SealingError:
        rows.append(_failed(_next_name(rows), ZoomNotConnected()))
    not_reached = list(_LABELS)[len(rows) :]
    return rows + [CheckRow(name, _LABELS[name], None, _("Not checked.")) for name in not_reached]


def _run(account: ZoomAccount) -> Iterator[CheckRow]:
    client = client_for(account)
    # A token of the past says nothing about the credentials that were just entered.
    stored, _created = AccessToken.objects.get_or_create(account=account)
    token = refresh_access_token(account, client, stale=stored.generation).token
    yield _passed("token", _("Zoom accepts the credentials."))
    users = client.list_users(access_token=token, status="active", page_size=1).users
    if not users:
        yield CheckRow("user", _LABELS["user"], False, _("The account has no active user."))
        return
    yield _passed("user", _("Zoom lists the account's users."))
    yield _zak_row(client, token, users[0].id)


def _zak_row(client: ZoomClient, token: str, zoom_user_id: str) -> CheckRow:
    # Asked for to see that Zoom gives one, with the shortest sensible life, and dropped at once.
    client.fetch_user_zak(access_token=token, zoom_user_id=zoom_user_id, ttl_seconds=60)
    return _passed("zak", _("Zoom gives out start keys. It was discarded."))


def _next_name(rows: list[CheckRow]) -> str:
    return list(_LABELS)[len(rows)]


def _passed(name: str, message: Text) -> CheckRow:
    return CheckRow(name, _LABELS[name], True, message)


def _failed(name: str, error: ZoomError) -> CheckRow:
    return CheckRow(name, _LABELS[name], False, error.admin_message, error.tracking_id)
