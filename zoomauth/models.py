"""Zoom accounts, which organization reaches which, and the access token of each."""

import uuid
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.constraints import SameOrganization
from portal.models import Organization
from portal.sealing import SealedTextField
from portal.tenancy import tenant_manager

INSTALLATION = UUID(int=0)

# A token is not handed out in its last moments: it must outlive the call it is used for.
USABLE_MARGIN = timedelta(seconds=60)
# The sweep replaces a token before a host could meet its end (Zoom gives one hour).
REFRESH_BEFORE = timedelta(minutes=15)


class ZoomAccount(models.Model):
    """One Zoom account with its two apps: server-to-server OAuth and Meeting SDK.

    Owned by an organization, or by the installation (no organization) when several share it.
    """

    class Region(models.TextChoices):
        GLOBAL = "", _("Global")
        AU = "au", _("Australia")
        CA = "ca", _("Canada")
        EU = "eu", _("European Union")
        IN = "in", _("India")
        SG = "sg", _("Singapore")
        GB = "uk", _("United Kingdom")
        US = "us", _("United States")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="zoom_accounts",
        verbose_name=_("organization"),
        help_text=_("Empty: the installation's own, shared by several organizations."),
    )
    # The owner as one never-null column, so that a foreign key can name it.
    owner_key = models.GeneratedField(
        expression=Coalesce(F("organization"), Value(INSTALLATION, models.UUIDField())),
        output_field=models.UUIDField(),
        db_persist=True,
    )
    name = models.CharField(_("name"), max_length=150, default="Zoom")
    region = models.CharField(
        _("region"), max_length=4, choices=Region.choices, default=Region.GLOBAL, blank=True
    )
    account_id = models.CharField(_("account ID"), max_length=100)
    client_id = models.CharField(_("client ID"), max_length=100)
    client_secret = SealedTextField(_("client secret"))
    sdk_client_id = models.CharField(_("SDK client ID"), max_length=100)
    sdk_client_secret = SealedTextField(_("SDK client secret"))
    webhook_secret = SealedTextField(_("webhook secret token"), blank=True, default="")

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("Zoom account")
        verbose_name_plural = _("Zoom accounts")
        constraints = [
            models.UniqueConstraint(fields=["owner_key", "id"], name="zoomaccount_owner_key"),
        ]

    def __str__(self) -> str:
        return self.name


class ZoomConnection(models.Model):
    """Which Zoom account an organization uses: its own, or one of the installation's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.OneToOneField(
        Organization,
        models.CASCADE,
        related_name="zoom_connection",
        verbose_name=_("organization"),
    )
    account = models.ForeignKey(
        ZoomAccount, models.CASCADE, related_name="connections", verbose_name=_("Zoom account")
    )
    owner_key = models.UUIDField(editable=False)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("Zoom connection")
        verbose_name_plural = _("Zoom connections")
        constraints = [
            models.CheckConstraint(
                condition=Q(owner_key=F("organization")) | Q(owner_key=INSTALLATION),
                name="zoomconnection_own_or_shared",
            ),
            SameOrganization(
                field="account", owner="owner_key", name="zoomconnection_account_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.account}"


class ZoomUserAssignment(models.Model):
    """A user of one of the installation's accounts whom this organization may act as.

    An organization's own account is its own affair; on a shared one, whoever names a Zoom user
    could otherwise start meetings as somebody of another organization.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        related_name="zoom_user_assignments",
        verbose_name=_("organization"),
    )
    account = models.ForeignKey(
        ZoomAccount, models.CASCADE, related_name="assignments", verbose_name=_("Zoom account")
    )
    owner_key = models.UUIDField(default=INSTALLATION, editable=False)
    zoom_user_id = models.CharField(
        _("Zoom user ID"), max_length=100, help_text=_("As it is entered at the host.")
    )

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("Zoom user assignment")
        verbose_name_plural = _("Zoom user assignments")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "account", "zoom_user_id"], name="zoomuserassignment_once"
            ),
            models.CheckConstraint(
                condition=Q(owner_key=INSTALLATION), name="zoomuserassignment_shared_account"
            ),
            SameOrganization(
                field="account", owner="owner_key", name="zoomuserassignment_account_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.zoom_user_id}"


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
    """Accounts whose token ends soon. Accounts nobody has used yet have no row and are not due."""
    return AccessToken.objects.filter(
        expires_at__lt=(now or timezone.now()) + REFRESH_BEFORE
    ).order_by("expires_at")
