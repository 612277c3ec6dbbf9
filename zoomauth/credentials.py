"""Entering and changing an account's credentials: what is noted, audited, and no longer true after.

Everybody who writes them goes through here. A secret is named in the trail and never told.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.audit import record
from portal.models import User
from zoomauth.models import AccessToken, ZoomAccount

SECRETS = ("client_secret", "sdk_client_secret", "webhook_secret")

# What an access token was given for. With others it is somebody else's.
TOKEN_GROUNDS = frozenset({"region", "account_id", "client_id", "client_secret"})
# What the connection check tries. Not the webhook secret: whether that one is right, Zoom shows by
# validating the address.
CHECK_GROUNDS = TOKEN_GROUNDS | {"sdk_client_id", "sdk_client_secret"}

_SHOWN = 4
# Of a shorter one, four characters would be too much of it.
_LONG_ENOUGH = 16


def add_account(account: ZoomAccount, *, actor: User | None) -> None:
    """Save a new account with all that was entered."""
    entered = [name for name in SECRETS if _raw(account, name)]
    with transaction.atomic():
        account.secret_notes = _make_notes(account, entered, actor, timezone.now())
        account.save(force_insert=True)
        # A worker gets the first token, so that no host waits for it.
        AccessToken.objects.create(account=account, next_refresh_at=timezone.now())
        for name in entered:
            _record(account, "secret_set", name, actor)


def change_account(account: ZoomAccount, columns: Collection[str], *, actor: User | None) -> None:
    """Save these columns, and take back what rested on what they replace."""
    changed = set(columns)
    entered = [name for name in SECRETS if name in changed]
    with transaction.atomic():
        stored = ZoomAccount.objects.select_for_update().get(pk=account.pk)
        notes = _make_notes(account, entered, actor, timezone.now())
        account.secret_notes = {**(stored.secret_notes or {}), **notes}
        if "webhook_secret" in changed:
            # Zoom validated the address with the secret that has just been replaced.
            account.webhook_validated_at = None
            changed.add("webhook_validated_at")
        if {"webhook_secret", "account_id"} & changed:
            account.webhook_foreign_at, account.webhook_foreign_id = None, ""
            changed |= {"webhook_foreign_at", "webhook_foreign_id"}
        if CHECK_GROUNDS & changed:
            account.credentials_generation = stored.credentials_generation + 1
            changed.add("credentials_generation")
        account.save(update_fields=[*changed, "secret_notes"])
        if TOKEN_GROUNDS & changed:
            _forget_token(account)
        for name in entered:
            verb = "secret_rotated" if _raw(stored, name) else "secret_set"
            _record(account, verb, name, actor)


def _make_notes(
    account: ZoomAccount, names: Collection[str], actor: User | None, now: datetime
) -> dict[str, Any]:
    return {
        name: {
            "last_four": _last_four(getattr(account, name)),
            "at": now.isoformat(),
            "by": actor.email if actor else "",
        }
        for name in names
    }


def _last_four(secret: str) -> str:
    return secret[-_SHOWN:] if len(secret) >= _LONG_ENOUGH else ""


def _raw(account: ZoomAccount, name: str) -> Any:
    # The raw column: whether something is stored can be told without unsealing it.
    return account.__dict__.get(name)


def _forget_token(account: ZoomAccount) -> None:
    """It was given for what has just been replaced."""
    row, _created = AccessToken.objects.get_or_create(account=account)
    row.forget(now=timezone.now())


def _record(account: ZoomAccount, verb: str, name: str, actor: User | None) -> None:
    record(
        f"zoomaccount.{verb}",
        organization=account.organization,
        actor=actor,
        target=account,
        field=name,
    )
