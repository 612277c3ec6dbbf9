"""Invitations: how people come into an organization."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models.organizations import Membership, Organization
from portal.tenancy import tenant_manager


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Which invitations can still be taken up."""

    def unanswered(self) -> "InvitationQuerySet":
        """Neither accepted nor revoked; they may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self, now: datetime) -> "InvitationQuerySet":
        return self.unanswered().filter(expires_at__gt=now)

    def with_link(self, digest: str) -> "InvitationQuerySet":
        """The one that this link belongs to."""
        return self.filter(Q(shown_digest=digest) | Q(mailed_digest=digest))


class Invitation(models.Model):
    """One person, by e-mail address, asked into one organization.

    It has two links, each stored as a digest only. One was shown to the admin who made it, one was
    mailed. Only who holds the mailed one has shown that the address is theirs.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        REVOKED = "revoked", _("Revoked")
        EXPIRED = "expired", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="invitations", verbose_name=_("organization")
    )
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(
        _("role"), max_length=20, choices=Membership.Role.choices, default=Membership.Role.MEMBER
    )
    shown_digest = models.CharField(max_length=64, unique=True, editable=False)
    mailed_digest = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    issued_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    # When the mail is to leave; empty when it has left, or when none will.
    mail_due_at = models.DateTimeField(null=True, editable=False)
    mail_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)

    objects = tenant_manager(InvitationQuerySet, organization="organization")

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-issued_at"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["admin", "scheduler", "member"]),
                name="invitation_role_known",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-issued_at"], name="invitation_by_organization"),
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="invitation_mail_due",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_state(self, now: datetime) -> State:
        """What has become of it by `now`."""
        if self.accepted_at is not None:
            return self.State.ACCEPTED
        if self.revoked_at is not None:
            return self.State.REVOKED
        return self.State.EXPIRED if self.expires_at <= now else self.State.OPEN
