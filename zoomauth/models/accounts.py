"""Zoom accounts, which organization reaches which, and as which Zoom users."""

import uuid
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.constraints import SameOrganization
from portal.models import Organization
from portal.sealing import SealedTextField
from portal.tenancy import tenant_manager

INSTALLATION = UUID(int=0)


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
    # When Zoom last validated our webhook address with the secret above; a new secret clears it.
    webhook_validated_at = models.DateTimeField(_("webhook validated"), null=True, editable=False)
    # Which account Zoom's events spoke of when they were refused for not being about this one, and
    # when that was last seen; the next event that is about this one clears it.
    webhook_foreign_at = models.DateTimeField(null=True, editable=False)
    webhook_foreign_id = models.CharField(
        max_length=100, blank=True, default="", db_default="", editable=False
    )

    # Grows with every change of what Zoom is asked with, so that a check of the credentials before
    # says nothing of those after.
    credentials_generation = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    # By secret: its last four characters (of long ones), when it was entered, and by whom.
    # Null where code that does not know this column has written the row.
    secret_notes = models.JSONField(default=dict, null=True, editable=False)

    # `zoomauth.breaker`: how often Zoom failed since then; since when calls are stopped for it, and
    # when the next one is let through to try.
    failures = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    try_at = models.DateTimeField(null=True, editable=False)

    # Until when Zoom takes no more of these calls, as it said itself: a limit per day is used up.
    # On the account, so that a start knows it without a query. `zoomauth.budget` writes them.
    light_spent_until = models.DateTimeField(null=True, editable=False)
    medium_spent_until = models.DateTimeField(null=True, editable=False)
    heavy_spent_until = models.DateTimeField(null=True, editable=False)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("Zoom account")
        verbose_name_plural = _("Zoom accounts")
        constraints = [
            models.UniqueConstraint(fields=["owner_key", "id"], name="zoomaccount_owner_key"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_webhook_path(self) -> str:
        """Where Zoom sends this account's events, below BASE_URL."""
        return reverse("zoomauth:webhook", args=[self.pk])

    def foreign_account_id(self) -> str:
        """The account that Zoom's events speak of, where it is another than was entered here."""
        if self.webhook_foreign_at is None or self.webhook_foreign_id == self.account_id:
            return ""
        return self.webhook_foreign_id


class ZoomConnectionQuerySet(models.QuerySet["ZoomConnection"]):
    """Which organizations may do what with their account."""

    def creators(self) -> "ZoomConnectionQuerySet":
        """Those of active organizations that may create users, which is on shared accounts only."""
        return self.filter(
            may_create_users=True, owner_key=INSTALLATION, organization__is_active=True
        )


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
    # The operator's word, as each user takes a licence of the operator's account.
    may_create_users = models.BooleanField(
        _("may create Zoom users"),
        default=False,
        db_default=False,
        help_text=_(
            "On a shared account: the organization's admins may create Zoom users there. Each one "
            "takes a licence of the account."
        ),
    )

    objects = tenant_manager(ZoomConnectionQuerySet, organization="organization")

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
        _("Zoom user ID"),
        max_length=100,
        help_text=_("As the list of Zoom users shows it; not the address."),
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
