"""Links that wait for the holder of a Zoom user to agree. Until then they start nothing."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.hosts import Host
from portal.constraints import SameOrganization
from portal.models import Membership, Organization
from portal.tenancy import across_all_organizations, tenant_manager


class HostLinkQuerySet(models.QuerySet["HostLink"]):
    """Which links can still be answered."""

    def unanswered(self) -> "HostLinkQuerySet":
        return self.filter(answered_at=None)

    def open(self, now: datetime) -> "HostLinkQuerySet":
        return self.unanswered().filter(expires_at__gt=now)


class HostLink(models.Model):
    """An admin asks that a member may start as a Zoom user; whoever holds that user decides.

    The mailed link's token is stored as a digest only. A `Host` is linked when it is confirmed.
    """

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="host_links", verbose_name=_("organization")
    )
    membership = models.ForeignKey(
        Membership, models.CASCADE, related_name="host_links", verbose_name=_("member")
    )
    zoom_user_id = models.CharField(_("Zoom user ID"), max_length=100)
    # As they were when the admin asked: the mail goes there, and the answer counts for it.
    email = models.EmailField(_("e-mail address at Zoom"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    digest = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001
    # When the mail is to leave; empty when it has left, or when none will.
    mail_due_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True, default="")

    objects = tenant_manager(HostLinkQuerySet, organization="organization")

    class Meta:
        verbose_name = _("link to be confirmed")
        verbose_name_plural = _("links to be confirmed")
        ordering = ["-asked_at"]
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="hostlink_mail_due",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "zoom_user_id"],
                condition=Q(answered_at=None),
                name="hostlink_open_once",
            ),
            SameOrganization(field="membership", name="hostlink_membership_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.email}"

    @property
    def held_host(self) -> Host | None:
        """The host whom the member is already, on hold; None where this asks for a new link."""
        # Also for the holder's page, who acts for no organization.
        with across_all_organizations():
            held = Host.objects.filter(
                organization=self.organization_id,
                zoom_user_id=self.zoom_user_id,
                membership=self.membership_id,
            ).exclude(held_since=None)
            found: Host | None = held.select_related("organization", "membership__user").first()
            return found
