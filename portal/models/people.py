"""A person."""

import uuid
from dataclasses import dataclass
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

from portal.models.organizations import Membership, Organization
from portal.tenancy import across_all_organizations


def normalize_address(address: str) -> str:
    """The one way in which e-mail addresses are stored and compared."""
    return address.strip().lower()


def validate_time_zone(name: str) -> None:
    """Raise `ValidationError` unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(_("This is not a known time zone, such as Europe/Berlin."))


@dataclass(frozen=True)
class _Belonging:
    """What somebody is in an organization."""

    role: str
    name: str
    mfa_required: str

    @property
    def is_admin(self) -> bool:
        return self.role == Membership.Role.ADMIN

    @property
    def asks_for_second_factor(self) -> bool:
        policy = Organization.MfaRequired
        return self.mfa_required == policy.EVERYBODY or (
            self.mfa_required == policy.ADMINS and self.is_admin
        )


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail, whatever its case.

    Never by the database's `iexact`: to PostgreSQL the `\u0131` of another domain is an `i`.
    """

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalize_address(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def of_address(self, address: str) -> "models.QuerySet[User]":
        """Whose address this is; one at most."""
        return self.filter(email=normalize_address(address))

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.of_address(username or "").get()


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
        return normalize_address(super().normalize_username(username))

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    # In a session that an organization's identity provider began: that organization. All that
    # asks what this person may do asks the methods below, so they then know of nothing else.
    acts_only_in: UUID | None = None

    @cached_property
    def _belongs_to(self) -> dict[UUID, _Belonging]:
        """By organization, read once: the next request has an object of its own."""
        if not self.is_active:
            return {}
        # The scope is made from this, so it cannot be read inside one.
        with across_all_organizations():
            rows = Membership.objects.filter(
                user=self, is_active=True, organization__is_active=True
            ).order_by("organization__name")
            if self.acts_only_in is not None:
                rows = rows.filter(organization=self.acts_only_in)
            found = rows.values_list(
                "organization_id", "role", "organization__name", "organization__mfa_required"
            )
            return {key: _Belonging(*rest) for key, *rest in found}

    def member_of(self) -> list[UUID]:
        """The organizations in which this person is an active member."""
        return list(self._belongs_to)

    def admin_of(self) -> list[UUID]:
        """The organizations of which this person is an active admin."""
        return [key for key, belonging in self._belongs_to.items() if belonging.is_admin]

    def organization_names(self) -> list[str]:
        """What the organizations of this person are called."""
        return [belonging.name for belonging in self._belongs_to.values()]

    def must_have_second_factor(self) -> bool:
        """Whether an organization's policy says so; of operators, the installation says so."""
        return self.is_superuser or any(
            belonging.asks_for_second_factor for belonging in self._belongs_to.values()
        )

    @property
    def is_staff(self) -> bool:
        """Whether the admin site opens for this person (Django's name for the question)."""
        return self.is_active and (self.is_superuser or bool(self.admin_of()))
