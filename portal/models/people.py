"""A person."""

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

from portal.compiled import CompiledQuery
from portal.models.organizations import Membership


def normalize_address(address: str) -> str:
    """The one way in which e-mail addresses are stored and compared."""
    return address.strip().lower()


def validate_time_zone(name: str) -> None:
    """Raise `ValidationError` unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(_("This is not a known time zone, such as Europe/Berlin."))


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

    def get_with_memberships(self, key: UUID) -> "User | None":
        """The person, and what they are in which organization, by one query; None: nobody is.

        Across all organizations: it is this from which the scope of a request is made.
        """
        found = _PERSON.rows(user=key)
        if not found:
            return None
        user, each = found[0], [row.belonging for row in found]
        user.memberships_read = [one for one in each if one and one.organization.is_active]
        return user


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

    # By `get_with_memberships`; Django sets nothing where there is none.
    belonging: Membership | None = None

    @cached_property
    def memberships_read(self) -> list[Membership]:
        """Active ones of active organizations, read once: the next request has a person of its own.

        Whoever the session names has been read with them.
        """
        read = User.objects.get_with_memberships(self.pk)
        return read.memberships_read if read else []

    def _belongs_to(self) -> list[Membership]:
        if not self.is_active:
            return []
        only = self.acts_only_in
        return [one for one in self.memberships_read if only in (None, one.organization_id)]

    def member_of(self) -> list[UUID]:
        """The organizations in which this person is an active member."""
        return [one.organization_id for one in self._belongs_to()]

    def admin_of(self) -> list[UUID]:
        """The organizations of which this person is an active admin."""
        return [one.organization_id for one in self._belongs_to() if one.is_admin]

    def organization_names(self) -> list[str]:
        """What the organizations of this person are called."""
        return [one.organization.name for one in self._belongs_to()]

    def must_have_second_factor(self) -> bool:
        """Whether an organization's policy says so; of operators, the installation says so."""
        return self.is_superuser or any(one.asks_for_second_factor for one in self._belongs_to())

    @property
    def is_staff(self) -> bool:
        """Whether the admin site opens for this person (Django's name for the question)."""
        return self.is_active and (self.is_superuser or bool(self.admin_of()))


def _with_memberships(user: UUID) -> "models.QuerySet[User]":
    """A row for each of their active memberships, or one without."""
    mine = models.Q(memberships__is_active=True)
    along: dict[str, Any] = {"belonging": models.FilteredRelation("memberships", condition=mine)}
    # The stubs know no such relations.
    rows: Any = User.objects.filter(pk=user).annotate(**along)
    return rows.select_related("belonging__organization").order_by(  # type: ignore[no-any-return]
        "belonging__organization__name"
    )


# Asked at every request.
_PERSON = CompiledQuery(_with_memberships)
