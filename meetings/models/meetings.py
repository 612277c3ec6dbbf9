"""Meetings, their alternative hosts, and who sees and starts them."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.hosts import Host
from meetings.start_rules import Belongs, Link, Outcome, Stage, StartFacts, Way, first_refusal
from portal.constraints import SameOrganization
from portal.models import Membership, Organization, User
from portal.sealing import SealedTextField
from portal.tenancy import tenant_manager


class MeetingQuerySet(models.QuerySet["Meeting"]):
    """The meetings a person has to do with, and in which order they come."""

    def startable_by(self, user: User) -> "MeetingQuerySet":
        """Meetings this person hosts or may start as alternative host.

        What `start_rules` says at the door of each, for many rows at once; a test compares them in
        every case.
        """
        return self.of_hosts(Host.objects.of_person(user).settled())

    def of_hosts(self, hosts: models.QuerySet[Host]) -> "MeetingQuerySet":
        """Theirs, and those of which they are alternative hosts."""
        return self._of(hosts, and_granted_to=hosts)

    def visible_to(self, user: User) -> "MeetingQuerySet":
        """Meetings this person hosts, is alternative host of, or schedules for.

        Also while they are on hold: the page then says why they cannot start.
        """
        # In no order: SQLite joins no ordered ones.
        own = Host.objects.of_person(user).order_by()
        schedulable = Host.objects.schedulable_by(user).order_by()
        return self._of(schedulable.union(own), and_granted_to=own)

    def _of(
        self, hosts: models.QuerySet[Host], *, and_granted_to: models.QuerySet[Host]
    ) -> "MeetingQuerySet":
        # One list of ids, from two indexes. With OR the database would look at every meeting of
        # the organization, of which there may be a hundred thousand; `make bench` has the figure.
        hosted = self.model.objects.filter(host__in=hosts.values("pk")).values("pk")
        granted = AlternativeHost.objects.filter(host__in=and_granted_to.values("pk"))
        return self.filter(pk__in=hosted.union(granted.values("meeting")))

    def with_person(self, user: UUID) -> "MeetingQuerySet":
        """Each with the person's membership in its organization, and the host that they are there.

        As `person`, at no further query, and `is_alternative`: what `get_facts_of_person` is made
        from. There is one membership at most, so a meeting comes once.
        """
        granted = AlternativeHost.objects.filter(
            meeting=models.OuterRef("pk"), host=models.OuterRef("person__host")
        )
        mine = Q(organization__memberships__user=user)
        along: dict[str, Any] = {
            "person": models.FilteredRelation("organization__memberships", condition=mine),
            "is_alternative": models.Exists(granted),
        }
        # The stubs know no filtered relations.
        return self.annotate(**along).select_related("person__host")  # type: ignore[misc]

    def upcoming(self, now: datetime) -> "MeetingQuerySet":
        """Not over yet, soonest first."""
        return self.filter(ends_at__gt=now).order_by("starts_at", "pk")

    def past(self, now: datetime) -> "MeetingQuerySet":
        """Over, latest first."""
        return self.filter(ends_at__lte=now).order_by("-starts_at", "pk")


class Meeting(models.Model):
    """A meeting at Zoom. `start_url` is not here: it is a credential and is fetched when needed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="meetings", verbose_name=_("organization")
    )
    host = models.ForeignKey(Host, models.PROTECT, related_name="meetings", verbose_name=_("host"))
    topic = models.CharField(_("topic"), max_length=200)
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    # Empty until Zoom has confirmed the meeting.
    meeting_number = models.BigIntegerField(_("meeting number"), null=True, editable=False)
    passcode = SealedTextField(_("passcode"), blank=True, default="", editable=False)
    join_url = SealedTextField(_("join link"), blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )

    objects = tenant_manager(MeetingQuerySet, organization="organization")

    # By `with_person`; Django sets nothing where there is none.
    person: Membership | None = None
    is_alternative: bool

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        indexes = [
            models.Index(fields=["host", "ends_at"], name="meeting_host_ends_at"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "meeting_number"], name="meeting_number_once"
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="meeting_owner_key"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="meeting_ends_after_start"
            ),
            SameOrganization(field="host", name="meeting_host_same_organization"),
        ]

    def __str__(self) -> str:
        return self.topic

    def get_absolute_url(self) -> str:
        return reverse("meetings:detail", args=[self.pk])

    @property
    def duration_minutes(self) -> int:
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)

    @property
    def is_scheduled(self) -> bool:
        """Whether Zoom has confirmed it."""
        return self.meeting_number is not None

    @property
    def meeting_number_spaced(self) -> str:
        """As Zoom prints it: 123 4567 8901."""
        digits = str(self.meeting_number or "")
        return " ".join(filter(None, (digits[:3], digits[3:-4], digits[-4:])))

    def get_starting_host(self, user: User) -> Host | None:
        """As whom this person may start the meeting: its host, an alternative host, or nobody.

        Always a host that is this very person, so the ZAK that follows from it is their own. The
        rules are those of `meetings.start_rules`.
        """
        facts, host = self.get_start_facts(user)
        return None if first_refusal(facts, Stage.DOOR) else host

    def can_be_started_by(self, user: User) -> bool:
        return self.get_starting_host(user) is not None

    def refusal_on_behalf(self, user: User) -> Outcome | None:
        """The rule by which this person may not start the meeting as its host; None: they may."""
        return first_refusal(self.get_on_behalf_facts(user), Stage.DOOR, Way.ON_BEHALF)

    def get_start_facts(self, user: User) -> tuple[StartFacts, Host | None]:
        """What the door asks about a person who comes as themselves, read now; and which host of
        this meeting they are, active or not. Of the person themselves it is as they were read.
        """
        read: Meeting = (
            Meeting.objects.with_person(user.pk).select_related("organization").get(pk=self.pk)
        )
        return read.get_facts_of_person(user)

    def get_facts_of_person(self, user: User) -> tuple[StartFacts, Host | None]:
        """The same, of what `with_person` has read."""
        if self.person is not None:
            self.person.user = user
        host: Host | None = getattr(self.person, "host", None)
        if host is not None and host.pk == self.host_id:
            # The same row, which need not be read once more.
            self.host = host
        if host is None or not (host.pk == self.host_id or self.is_alternative):
            return self._facts_about(user, self.person), None
        return self.get_facts_as(host, user), host

    def get_facts_as(self, host: Host, user: User) -> StartFacts:
        """Of the person who is this host: the meeting's own, or else an alternative one."""
        link = Link.HOST if host.pk == self.host_id else Link.ALTERNATIVE
        facts = self._facts_about(user, host.membership)
        return host.add_to_facts(replace(facts, link=link))

    def get_on_behalf_facts(self, user: User) -> StartFacts:
        """What the door asks about an admin who would start it as its host, read now."""
        membership: Membership | None = (
            Membership.objects.filter(user=user, organization_id=self.organization_id)
            .select_related("user")
            .first()
        )
        facts = self._facts_about(user, membership)
        return self.host.add_to_facts(replace(facts, link=Link.HOST))

    def get_own_facts(self) -> StartFacts:
        """What this row says by itself; of the person it says nothing yet."""
        return StartFacts(
            user_active=False,
            belongs=Belongs.NO,
            organization_active=self.organization.is_active,
            on_behalf_allowed=self.organization.admins_may_start_on_behalf,
            link=Link.NONE,
            host_active=None,
            confirmed=self.is_scheduled,
        )

    def _facts_about(self, user: User, membership: Membership | None) -> StartFacts:
        """Of the row of the membership where it was read, else of what the request began with."""
        if membership is not None:
            belongs = Belongs.ACTIVE if membership.is_active else Belongs.INACTIVE
            user, is_admin = membership.user, membership.role == Membership.Role.ADMIN
        else:
            belongs = Belongs.ACTIVE if self.organization_id in user.member_of() else Belongs.NO
            is_admin = self.organization_id in user.admin_of()
        return replace(
            self.get_own_facts(), user_active=user.is_active, belongs=belongs, is_admin=is_admin
        )


class AlternativeHost(models.Model):
    """A host who may start somebody else's meeting, as themselves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="alternative_hosts", verbose_name=_("meeting")
    )
    host = models.ForeignKey(
        Host, models.CASCADE, related_name="alternative_for", verbose_name=_("host")
    )

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("alternative host")
        verbose_name_plural = _("alternative hosts")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "host"], name="alternativehost_once"),
            SameOrganization(field="meeting", name="alternativehost_meeting_same_organization"),
            SameOrganization(field="host", name="alternativehost_host_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.host} for {self.meeting}"
