"""Starts on a host's behalf: the host is told of each."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.hosts import Host
from meetings.models.meetings import Meeting
from portal.constraints import SameOrganization
from portal.models import Organization
from portal.tenancy import tenant_manager

MOST_ATTEMPTS = 10
LONGEST_REASON = 500


class OnBehalfStartQuerySet(models.QuerySet["OnBehalfStart"]):
    """Of which starts the host has yet to be told."""

    def due(self, now: datetime) -> "OnBehalfStartQuerySet":
        return self.filter(mail_due_at__lte=now, mail_attempts__lt=MOST_ATTEMPTS)


class OnBehalfStart(models.Model):
    """An admin is about to start a host's meeting as that host.

    Written together with its audit event, before Zoom is asked for anything: there is no such
    start of which the host is not told. The row is the duty to mail; a sweep does it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="on_behalf_starts")
    host = models.ForeignKey(Host, models.CASCADE, related_name="on_behalf_starts")
    # A snapshot, as in the audit trail.
    actor_name = models.CharField(_("who"), max_length=254)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)
    at = models.DateTimeField(_("time"), default=timezone.now)
    mail_due_at = models.DateTimeField(null=True, default=timezone.now)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)

    objects = tenant_manager(OnBehalfStartQuerySet, organization="organization")

    class Meta:
        verbose_name = _("start on behalf")
        verbose_name_plural = _("starts on behalf")
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="onbehalfstart_mail_due",
            ),
        ]
        constraints = [
            SameOrganization(field="meeting", name="onbehalfstart_meeting_same_organization"),
            SameOrganization(field="host", name="onbehalfstart_host_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.meeting}"

    def take_mail(self, now: datetime, pause: timedelta) -> bool:
        """The right to mail it now. Two at once: one wins, the other sends nothing."""
        won = OnBehalfStart.objects.due(now).filter(pk=self.pk)
        return bool(won.update(mail_due_at=now + pause, mail_attempts=F("mail_attempts") + 1))
