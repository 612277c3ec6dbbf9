"""The access token of each account, when to replace it, and how getting one goes."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.sealing import SealedTextField
from zoomauth.models.accounts import ZoomAccount

# A token is not handed out in its last moments: it must outlive the call it is used for.
USABLE_MARGIN = timedelta(seconds=60)
# How long an account that Zoom has just refused answers by itself, without asking again.
REFUSED_FOR = timedelta(seconds=15)


class Health(models.TextChoices):
    """How getting access tokens goes."""

    HEALTHY = "healthy", _("healthy")
    FAILING = "failing", _("failing")  # by itself it ends
    BLOCKED = "blocked", _("blocked")  # until somebody changes something


@dataclass(frozen=True)
class Failure:
    """Why there is no token, as the row keeps it: nothing secret, and enough to say it again."""

    slug: str
    is_lasting: bool
    code: str = ""
    tracking_id: str = ""
    not_before: datetime | None = None


# What a token, or new credentials, put an end to.
NO_FAILURE: Final[dict[str, Any]] = {
    "health": Health.HEALTHY,
    "failures": 0,
    "failing_since": None,
    "failed_at": None,
    "error_slug": "",
    "error_code": "",
    "tracking_id": "",
    "notice_due_at": None,
    "notice_attempts": 0,
}


class AccessToken(models.Model):
    """The server-to-server access token of one account, and who may replace it.

    Not scoped by organization: an account may serve several, and only this app reads it.
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

    # The duty: when a worker is to replace the token. Null where nobody uses the account.
    next_refresh_at = models.DateTimeField(null=True)

    # What Zoom said instead of giving tokens, since the last one it gave.
    health = models.CharField(
        max_length=10, choices=Health.choices, default=Health.HEALTHY, db_default=Health.HEALTHY
    )
    failures = models.PositiveIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error_slug = models.CharField(max_length=50, blank=True, default="", db_default="")
    error_code = models.CharField(max_length=50, blank=True, default="", db_default="")
    tracking_id = models.CharField(max_length=200, blank=True, default="", db_default="")

    # The duty to mail whoever can help, once for each time that the account is blocked.
    notice_due_at = models.DateTimeField(null=True)
    notice_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_refresh_at"],
                condition=Q(next_refresh_at__isnull=False),
                name="accesstoken_next_refresh",
            ),
            models.Index(
                fields=["notice_due_at"],
                condition=Q(notice_due_at__isnull=False),
                name="accesstoken_notice_due",
            ),
        ]

    def __str__(self) -> str:
        return f"access token {self.generation} of {self.account_id}"

    def is_usable(self, now: datetime, margin: timedelta = USABLE_MARGIN) -> bool:
        return self.expires_at is not None and self.expires_at - margin > now

    def was_just_refused(self, now: datetime) -> bool:
        """Blocked, and Zoom said so so lately that it would only say it again."""
        if self.health != Health.BLOCKED or self.failed_at is None:
            return False
        # Both ways: a time from a clock that runs ahead must not hold for longer.
        return abs(now - self.failed_at) < REFUSED_FOR

    def take_lease(self, *, now: datetime, longest: timedelta) -> UUID | None:
        """The right to replace this very generation, or None. Compare and set, one winner.

        None also if another attempt has failed since this row was read: what it met is to be read
        first. A lease beyond the `longest` there is was taken by a clock that runs ahead: it is
        free too.
        """
        holder, until = uuid.uuid4(), now + longest
        held = Q(lease_until__gte=now, lease_until__lte=until + longest)
        free = Q(lease_until__isnull=True) | ~held
        won = AccessToken.objects.filter(
            free, pk=self.pk, generation=self.generation, failures=self.failures
        ).update(lease_holder=holder, lease_until=until)
        return holder if won else None

    def store(
        self,
        *,
        holder: UUID,
        token: str,
        scopes: tuple[str, ...],
        expires_at: datetime,
        next_refresh_at: datetime,
    ) -> bool:
        """Put the next generation in place; False when the lease was lost to somebody newer."""
        field = cast("SealedTextField", self._meta.get_field("token"))
        stored = AccessToken.objects.filter(
            pk=self.pk, generation=self.generation, lease_holder=holder
        ).update(
            **NO_FAILURE,
            token=field.seal_for(self, token),
            scopes=" ".join(scopes),
            expires_at=expires_at,
            next_refresh_at=next_refresh_at,
            generation=self.generation + 1,
            lease_holder=None,
            lease_until=None,
        )
        return bool(stored)

    def note_failure(
        self, *, holder: UUID, failure: Failure, now: datetime, next_refresh_at: datetime
    ) -> bool:
        """Give the lease back without a token, and keep why; False when it was lost meanwhile.

        What is known to be wrong stays known while Zoom cannot be asked: a temporary failure does
        not end a lasting one. A notice becomes due when the account gets blocked, and only then.
        """
        noted: dict[str, Any] = {
            "failures": F("failures") + 1,
            "failing_since": self.failing_since or now,
            "next_refresh_at": next_refresh_at,
            "lease_holder": None,
            "lease_until": None,
        }
        if failure.is_lasting or self.health != Health.BLOCKED:
            noted |= {
                "health": Health.BLOCKED if failure.is_lasting else Health.FAILING,
                "failed_at": now,
                "error_slug": failure.slug,
                "error_code": failure.code,
                "tracking_id": failure.tracking_id,
            }
        if failure.is_lasting and self.health != Health.BLOCKED:
            noted |= {"notice_due_at": now, "notice_attempts": 0}
        return bool(
            AccessToken.objects.filter(
                pk=self.pk, generation=self.generation, lease_holder=holder
            ).update(**noted)
        )

    def forget(self, *, now: datetime) -> None:
        """The credentials are others: token and failures say nothing any more. Due at once.

        A late answer finds its lease gone.
        """
        AccessToken.objects.filter(pk=self.pk).update(
            **NO_FAILURE,
            token="",
            expires_at=None,
            next_refresh_at=now,
            generation=F("generation") + 1,
            lease_holder=None,
            lease_until=None,
        )
