"""Organizations (tenants), and who belongs where."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.tenancy import tenant_manager


class Organization(models.Model):
    """A tenant, and its policies. Its admins set them; each change is audited."""

    class MfaRequired(models.TextChoices):
        NOBODY = "nobody", _("Nobody")
        ADMINS = "admins", _("Admins")
        EVERYBODY = "everybody", _("Everybody")

    class WhoMaySchedule(models.TextChoices):
        HOSTS_AND_SCHEDULERS = "hosts_and_schedulers", _("Hosts for themselves, and schedulers")
        SCHEDULERS_ONLY = "schedulers_only", _("Schedulers only")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=150)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Nobody can act in an inactive organization.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    # The database's own defaults too: code that does not know these columns may still be running.
    mfa_required = models.CharField(
        _("second step at sign-in"),
        max_length=20,
        choices=MfaRequired.choices,
        default=MfaRequired.ADMINS,
        db_default=MfaRequired.ADMINS.value,
        help_text=_("Who must use an authenticator app or a passkey besides the password."),
    )
    admins_may_start_on_behalf = models.BooleanField(
        _("admins may start meetings on a host's behalf"),
        default=False,
        db_default=False,
        help_text=_("They give a reason, and each such start is in the audit trail."),
    )
    who_may_schedule = models.CharField(
        _("who may schedule meetings"),
        max_length=30,
        choices=WhoMaySchedule.choices,
        default=WhoMaySchedule.HOSTS_AND_SCHEDULERS,
        db_default=WhoMaySchedule.HOSTS_AND_SCHEDULERS.value,
    )

    objects = tenant_manager(models.QuerySet, organization="id")

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="organization_name_unique"),
            models.CheckConstraint(
                condition=models.Q(mfa_required__in=["nobody", "admins", "everybody"]),
                name="organization_mfa_required_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    who_may_schedule__in=["hosts_and_schedulers", "schedulers_only"]
                ),
                name="organization_who_may_schedule_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in an organization. Being a host is not a role: see `meetings.Host`."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("Admin")
        SCHEDULER = "scheduler", _("Scheduler")
        MEMBER = "member", _("Member")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="memberships", verbose_name=_("organization")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField(_("active"), default=True)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="membership_once"),
            models.UniqueConstraint(fields=["organization", "id"], name="membership_owner_key"),
            models.CheckConstraint(
                condition=models.Q(role__in=["admin", "scheduler", "member"]),
                name="membership_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def asks_for_second_factor(self) -> bool:
        """Whether the organization's policy wants one of whoever has this role."""
        policy = self.organization.mfa_required
        return policy == Organization.MfaRequired.EVERYBODY or (
            policy == Organization.MfaRequired.ADMINS and self.is_admin
        )
