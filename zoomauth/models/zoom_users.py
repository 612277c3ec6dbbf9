"""The users of a Zoom account, as Zoom last told of them, and the imports that asked."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.constraints import SameOrganization
from portal.models import Organization
from portal.tenancy import tenant_manager
from zoomauth.models.accounts import INSTALLATION, ZoomAccount

# Beyond the longest pause there is, a due time was set by a clock that ran ahead.
LONGEST_PAUSE = timedelta(hours=1)


# What a worker changes in an import; with the rest the organization at hand would be lost.
_CHANGING = [
    "state", "phase", "cursor", "cursor_at", "done", "done_before_phase", "total", "skipped",
    "started_at", "due_at", "holder", "attempts",
]  # fmt: skip


class ZoomUser(models.Model):
    """One user of a Zoom account. Zoom's id says who it is; the address may change hands.

    It is its account's and has no owner of its own: on a shared account it is in no organization's
    scope, and `zoomauth.zoom_users.zoom_users_of` is the one way to those that are somebody's.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Deactivated")
        PENDING = "pending", _("Invited")

    class Licence(models.IntegerChoices):
        BASIC = 1, _("Basic")
        LICENSED = 2, _("Licensed")
        UNASSIGNED = 4, _("No meetings")
        NONE = 99, _("None")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        ZoomAccount, models.CASCADE, related_name="zoom_users", verbose_name=_("Zoom account")
    )
    # The Zoom user ID; of an invited user who has none yet, the address. What makes it one user.
    key = models.CharField(max_length=300)
    zoom_user_id = models.CharField(_("Zoom user ID"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail address at Zoom"), blank=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    licence = models.PositiveIntegerField(_("licence"), choices=Licence.choices)
    # Zoom's own word, so also one that is new to us.
    status = models.CharField(_("status"), max_length=20, choices=Status.choices)
    seen_at = models.DateTimeField(_("last seen"))
    # The import that saw it last; what a finished import has not seen may be gone.
    seen_in = models.UUIDField(null=True)
    gone_at = models.DateTimeField(_("gone"), null=True)

    objects = tenant_manager(models.QuerySet, organization="account__organization")

    class Meta:
        verbose_name = _("Zoom user")
        verbose_name_plural = _("Zoom users")
        ordering = ["name", "email"]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="zoomuser_once"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.zoom_user_id

    @property
    def is_gone(self) -> bool:
        return self.gone_at is not None


class ZoomUserImportQuerySet(models.QuerySet["ZoomUserImport"]):
    """Which imports are under way, and which of them wait for somebody to go on."""

    def open(self) -> "ZoomUserImportQuerySet":
        return self.filter(state__in=ZoomUserImport.OPEN)

    def free(self, now: datetime) -> "ZoomUserImportQuerySet":
        """Those nobody works on."""
        return self.open().filter(Q(due_at__lte=now) | Q(due_at__gt=now + LONGEST_PAUSE))

    def active(self) -> "ZoomUserImportQuerySet":
        """Not those of inactive organizations. The operator's are always."""
        return self.filter(Q(organization=None) | Q(organization__is_active=True))

    def due(self, now: datetime) -> "ZoomUserImportQuerySet":
        """The free ones to go on with: an inactive organization's wait until it is active again."""
        return self.free(now).active()


class ZoomUserImport(models.Model):
    """One organization's asking Zoom for its users, page by page. The row says how far it is.

    Without an organization it is the operator's, of all users of one of the installation's
    accounts.

    Whoever works on it holds it until `due_at`. A worker that dies loses it then to the next one,
    which goes on at `cursor`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a worker")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    class Phase(models.TextChoices):
        """Zoom lists one status at a time. Those not listed are looked up one by one."""

        ACTIVE = "active", _("active users")
        INACTIVE = "inactive", _("deactivated users")
        PENDING = "pending", _("invited users")
        LOOKUP = "lookup", _("single users")

    OPEN = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, related_name="zoom_user_imports"
    )
    account = models.ForeignKey(ZoomAccount, models.CASCADE, related_name="user_imports")
    owner_key = models.UUIDField(editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    phase = models.CharField(max_length=10, choices=Phase.choices)
    # Zoom's page token while it lists, the last id while single users are looked up.
    cursor = models.TextField(blank=True, default="")
    cursor_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    done_before_phase = models.PositiveIntegerField(default=0)
    # As far as Zoom has told: it counts one status at a time.
    total = models.PositiveIntegerField(null=True)
    skipped = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    holder = models.UUIDField(null=True)
    # Turns in a row that brought it no further.
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True, default="")
    error = models.TextField(blank=True, default="")

    objects = tenant_manager(ZoomUserImportQuerySet, organization="organization")

    class Meta:
        verbose_name = _("import of Zoom users")
        verbose_name_plural = _("imports of Zoom users")
        ordering = ["-asked_at"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="zoomuserimport_due"
            ),
            models.Index(fields=["organization", "-asked_at"], name="zoomuserimport_by_org"),
        ]
        constraints = [
            # Two clicks are one import.
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(state__in=["waiting", "running"]),
                name="zoomuserimport_open_once",
            ),
            # To a unique constraint over an empty organization, no two are the same.
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["waiting", "running"], organization__isnull=True),
                name="zoomuserimport_operators_open_once",
            ),
            # The one below lets a null pass.
            models.CheckConstraint(
                condition=Q(organization__isnull=False) | Q(owner_key=INSTALLATION),
                name="zoomuserimport_operators_shared",
            ),
            models.CheckConstraint(
                condition=Q(owner_key=F("organization")) | Q(owner_key=INSTALLATION),
                name="zoomuserimport_own_or_shared",
            ),
            SameOrganization(
                field="account", owner="owner_key", name="zoomuserimport_account_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization or self.account}: {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_of_assigned_users(self) -> bool:
        """An organization's on a shared account: nothing is listed, as the others are not its."""
        return self.owner_key == INSTALLATION and self.organization_id is not None

    def take(self, *, now: datetime, lease: timedelta) -> bool:
        """The right to work on it until `now + lease`. Compare and set, one winner."""
        if self.organization is not None and not self.organization.is_active:
            return False
        holder = uuid.uuid4()
        # Of this table alone: with a join, PostgreSQL would let two win.
        won = ZoomUserImport.objects.free(now).filter(pk=self.pk)
        if not won.update(
            state=self.State.RUNNING,
            holder=holder,
            due_at=now + lease,
            started_at=Coalesce(F("started_at"), now),
            attempts=F("attempts") + 1,
        ):
            return False
        self.refresh_from_db(fields=_CHANGING)
        return self.holder == holder

    def keep(self, **columns: object) -> bool:
        """Write these columns, if it is still ours; False when somebody has taken it meanwhile."""
        if self.holder is None:
            return False
        held = ZoomUserImport.objects.filter(pk=self.pk, holder=self.holder)
        if not held.update(**columns):
            return False
        for name, value in columns.items():
            setattr(self, name, value)
        return True
