"""Zoom users that an organization had made on a shared account: the duty row of each."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.constraints import SameOrganization
from portal.models import Organization
from portal.tenancy import tenant_manager
from zoomauth.models.accounts import INSTALLATION, ZoomAccount

# Beyond a call's own deadline; a row that is still asked then has lost whoever asked.
_MARGIN = timedelta(seconds=5)


class ZoomUserCreationQuerySet(models.QuerySet["ZoomUserCreation"]):
    """Which of them still stand in the way of another for the same address."""

    def unsettled(self) -> "ZoomUserCreationQuerySet":
        return self.filter(state__in=ZoomUserCreation.UNSETTLED)


class ZoomUserCreation(models.Model):
    """One wish to make a Zoom user, written down before Zoom is asked.

    Where the answer was lost, nobody knows whether the user is there. The row then stays and keeps
    the address from being asked for again, until somebody has looked and takes it off the list.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        DONE = "done", _("Created")
        FAILED = "failed", _("Not created")
        UNKNOWN = "unknown", _("Not known whether it was created")
        DISMISSED = "dismissed", _("Taken off the list")

    UNSETTLED = (State.ASKED, State.UNKNOWN)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="zoom_user_creations"
    )
    account = models.ForeignKey(ZoomAccount, models.CASCADE, related_name="user_creations")
    owner_key = models.UUIDField(default=INSTALLATION, editable=False)
    # In lower case, so that one address is one.
    email = models.EmailField()
    name = models.CharField(max_length=128)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    settled_at = models.DateTimeField(null=True)
    zoom_user_id = models.CharField(max_length=100, blank=True, default="")
    # Of the failure: what programs call it, and what Zoom's support asks for.
    error_code = models.CharField(max_length=60, blank=True, default="")
    zoom_code = models.CharField(max_length=60, blank=True, default="")
    tracking_id = models.CharField(max_length=80, blank=True, default="")

    objects = tenant_manager(ZoomUserCreationQuerySet, organization="organization")

    class Meta:
        verbose_name = _("creation of a Zoom user")
        verbose_name_plural = _("creations of Zoom users")
        ordering = ["-asked_at"]
        constraints = [
            # Two clicks are one call.
            models.UniqueConstraint(
                fields=["organization", "account", "email"],
                condition=Q(state__in=["asked", "unknown"]),
                name="zoomusercreation_unsettled_once",
            ),
            models.CheckConstraint(
                condition=Q(owner_key=INSTALLATION), name="zoomusercreation_shared_account"
            ),
            SameOrganization(
                field="account", owner="owner_key", name="zoomusercreation_account_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.email})"

    def is_under_way(self, now: datetime) -> bool:
        """Whether a call for it may still be answered."""
        longest = timedelta(seconds=settings.ZOOM_DEADLINE) + _MARGIN
        return self.state == self.State.ASKED and now <= self.asked_at + longest

    def is_unknown(self, now: datetime) -> bool:
        """Whether nobody will ever say what came of it: whoever asked died, or the answer did."""
        return self.state in self.UNSETTLED and not self.is_under_way(now)

    def settle(self, state: str, **columns: str) -> bool:
        """Write what came of it; False when it had been settled meanwhile."""
        columns = {"state": state, **columns}
        unsettled = ZoomUserCreation.objects.unsettled().filter(pk=self.pk)
        if not unsettled.update(settled_at=timezone.now(), **columns):
            return False
        for name, value in columns.items():
            setattr(self, name, value)
        return True
