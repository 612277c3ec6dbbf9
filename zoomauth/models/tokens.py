"""The access token of each account."""

import uuid
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.sealing import SealedTextField
from zoomauth.models.accounts import ZoomAccount

# A token is not handed out in its last moments: it must outlive the call it is used for.
USABLE_MARGIN = timedelta(seconds=60)
# The sweep replaces a token before a host could meet its end (Zoom gives one hour).
REFRESH_BEFORE = timedelta(minutes=15)


class AccessToken(models.Model):
    """The server-to-server access token of one account, and who may replace it.

    Not scoped by organization: an account may serve several, and only `zoomauth.tokens` reads it.
    """

    account = models.OneToOneField(
        ZoomAccount, models.CASCADE, primary_key=True, related_name="access_token"
    )
    token = SealedTextField(owner="account_id", blank=True, default="")
    scopes = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    # Grows by one with each token, so that a late answer never overwrites a newer one.
    generation = models.PositiveIntegerField(default=0)
    lease_holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="accesstoken_expires_at")]

    def __str__(self) -> str:
        return f"access token {self.generation} of {self.account_id}"

    def is_usable(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at - USABLE_MARGIN > now

    def take_lease(self, *, now: datetime, longest: timedelta) -> UUID | None:
        """The right to replace this very generation, or None. Compare and set, one winner.

        A lease beyond the `longest` there is was taken by a clock that runs ahead: it is free too.
        """
        holder, until = uuid.uuid4(), now + longest
        held = Q(lease_until__gte=now, lease_until__lte=until + longest)
        free = Q(lease_until__isnull=True) | ~held
        won = AccessToken.objects.filter(free, pk=self.pk, generation=self.generation).update(
            lease_holder=holder, lease_until=until
        )
        return holder if won else None

    def store(
        self, *, holder: UUID, token: str, scopes: tuple[str, ...], expires_at: datetime
    ) -> bool:
        """Put the next generation in place; False when the lease was lost to somebody newer."""
        field = cast("SealedTextField", self._meta.get_field("token"))
        stored = AccessToken.objects.filter(
            pk=self.pk, generation=self.generation, lease_holder=holder
        ).update(
            token=field.seal_for(self, token),
            scopes=" ".join(scopes),
            expires_at=expires_at,
            generation=self.generation + 1,
            lease_holder=None,
            lease_until=None,
        )
        return bool(stored)

    def release(self, *, holder: UUID) -> None:
        """Give the lease back without a new token."""
        AccessToken.objects.filter(pk=self.pk, lease_holder=holder).update(
            lease_holder=None, lease_until=None
        )


def due_for_refresh(now: datetime | None = None) -> models.QuerySet[Any]:
    """Accounts in use whose token ends soon. Accounts nobody has used yet have no row.

    An account is in use while an active organization is connected to it.
    """
    soon = AccessToken.objects.filter(expires_at__lt=(now or timezone.now()) + REFRESH_BEFORE)
    in_use = soon.filter(account__connections__organization__is_active=True)
    return in_use.distinct().order_by("expires_at")
