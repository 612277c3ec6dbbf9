"""Hosts: Zoom users of the organization's account, and who may schedule for them."""

import uuid
from dataclasses import replace

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meetings.start_rules import StartFacts
from portal.constraints import SameOrganization
from portal.models import Membership, Organization, User
from portal.tenancy import tenant_manager


class HostQuerySet(models.QuerySet["Host"]):
    """Which hosts a person is, or acts for."""

    def of_person(self, user: User) -> "HostQuerySet":
        """The active hosts that this person is, by an active membership."""
        return self.filter(is_active=True, membership__user=user, membership__is_active=True)

    def settled(self) -> "HostQuerySet":
        """Those of whom it is clear as whom they start: by Zoom's ID, and not on hold."""
        return self.filter(held_since=None).exclude(zoom_user_id__contains="@")

    def schedulable_by(self, user: User) -> "HostQuerySet":
        """The active hosts for whom this person may schedule: themselves, or as their scheduler.

        Not themselves where the organization leaves it to schedulers.
        """
        own = Q(
            membership__user=user,
            membership__is_active=True,
            organization__who_may_schedule=Organization.WhoMaySchedule.HOSTS_AND_SCHEDULERS,
        )
        granted = Q(
            schedulers__membership__user=user,
            schedulers__membership__is_active=True,
            schedulers__membership__role=Membership.Role.SCHEDULER,
        )
        # By id: joining the grants directly would list a host once for each of them.
        return self.filter(
            is_active=True, pk__in=self.model.objects.filter(own | granted).values("pk")
        )


class Host(models.Model):
    """A Zoom user of the organization's account. A member linked to one may start meetings."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="hosts", verbose_name=_("organization")
    )
    membership = models.OneToOneField(
        Membership,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="host",
        verbose_name=_("member"),
        help_text=_("The person who may start meetings as this Zoom user."),
    )
    zoom_user_id = models.CharField(
        _("Zoom user ID"), max_length=100, help_text=_("The ID or e-mail address at Zoom.")
    )
    email = models.EmailField(_("e-mail address at Zoom"))
    name = models.CharField(_("name"), max_length=150)
    is_active = models.BooleanField(_("active"), default=True)
    # The Zoom user may be somebody else's by now: nobody starts as them until its holder has
    # agreed to the member. `meetings.services.host_following` sets it.
    held_since = models.DateTimeField(_("on hold since"), null=True, editable=False)

    objects = tenant_manager(HostQuerySet, organization="organization")

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "zoom_user_id"], name="host_zoom_user_once"
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="host_owner_key"),
            SameOrganization(field="membership", name="host_membership_same_organization"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on_hold(self) -> bool:
        return self.held_since is not None

    @property
    def has_zoom_id(self) -> bool:
        """Whether it names a Zoom user for good: an address is somebody else's tomorrow."""
        return "@" not in self.zoom_user_id

    def add_to_facts(self, facts: StartFacts) -> StartFacts:
        """What the rules of a start ask about the host as whom one would start."""
        return replace(
            facts,
            host_active=self.is_active,
            host_named=self.has_zoom_id,
            host_settled=not self.is_on_hold,
        )


class HostScheduler(models.Model):
    """A scheduler's grant: this member may schedule for this host, and start nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    host = models.ForeignKey(
        Host, models.CASCADE, related_name="schedulers", verbose_name=_("host")
    )
    membership = models.ForeignKey(
        Membership, models.CASCADE, related_name="schedules_for", verbose_name=_("scheduler")
    )

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("scheduler")
        verbose_name_plural = _("schedulers")
        constraints = [
            models.UniqueConstraint(fields=["host", "membership"], name="hostscheduler_once"),
            SameOrganization(field="host", name="hostscheduler_host_same_organization"),
            SameOrganization(field="membership", name="hostscheduler_member_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} for {self.host}"
