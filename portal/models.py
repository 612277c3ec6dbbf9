"""People, organizations (tenants), who belongs where, and the audit trail."""

import uuid
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.tenancy import across_all_organizations, tenant_manager


def validate_time_zone(name: str) -> None:
    """Raise `ValidationError` unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(_("This is not a known time zone, such as Europe/Berlin."))


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do comes from their memberships; a superuser is the operator."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Inactive people cannot sign in.")
    )
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Addresses in lower case, in forms too: sign-in looks for them so."""
        return super().normalize_username(username).strip().lower()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    @cached_property
    def _belongs_to(self) -> dict[UUID, tuple[str, str]]:
        """Role and name by organization, read once: the next request has an object of its own."""
        if not self.is_active:
            return {}
        # The scope is made from this, so it cannot be read inside one.
        with across_all_organizations():
            rows = (
                Membership.objects.filter(user=self, is_active=True, organization__is_active=True)
                .order_by("organization__name")
                .values_list("organization_id", "role", "organization__name")
            )
            return {key: (role, name) for key, role, name in rows}

    def member_of(self) -> list[UUID]:
        """The organizations in which this person is an active member."""
        return list(self._belongs_to)

    def admin_of(self) -> list[UUID]:
        """The organizations of which this person is an active admin."""
        roles = self._belongs_to.items()
        return [key for key, (role, _) in roles if role == Membership.Role.ADMIN]

    def organization_names(self) -> list[str]:
        """What the organizations of this person are called."""
        return [name for _, name in self._belongs_to.values()]

    @property
    def is_staff(self) -> bool:
        """Whether the admin site opens for this person (Django's name for the question)."""
        return self.is_active and (self.is_superuser or bool(self.admin_of()))


class Organization(models.Model):
    """A tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=150)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Nobody can act in an inactive organization.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = tenant_manager(models.QuerySet, organization="id")

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="organization_name_unique")]

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
        User, models.CASCADE, related_name="memberships", verbose_name=_("user")
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


class AuditEvent(models.Model):
    """One sensitive action. Rows can be added and read; the database refuses anything else.

    Plain ids and a snapshot of names instead of foreign keys: an event outlives what it speaks of.
    """

    class Result(models.TextChoices):
        DONE = "done", _("Done")
        DENIED = "denied", _("Denied")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    organization_name = models.CharField(_("organization"), max_length=150, editable=False)
    actor_id = models.UUIDField(null=True, editable=False)
    actor_name = models.CharField(_("who"), max_length=254, editable=False)
    action = models.CharField(_("action"), max_length=60, editable=False)
    result = models.CharField(_("result"), max_length=10, choices=Result.choices, editable=False)
    target_kind = models.CharField(_("kind"), max_length=60, editable=False)
    target_id = models.CharField(max_length=64, editable=False)
    target_name = models.CharField(_("what"), max_length=300, editable=False)
    detail = models.JSONField(_("detail"), default=dict, editable=False)
    ip = models.GenericIPAddressField(_("address"), null=True, editable=False)
    request_id = models.CharField(_("request"), max_length=36, editable=False)

    objects = tenant_manager(models.QuerySet, organization="organization_id")

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at"]
        indexes = [models.Index(fields=["organization_id", "-at"], name="audit_by_organization")]

    def __str__(self) -> str:
        return f"{self.action}: {self.target_name}"
