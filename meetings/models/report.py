"""Tomorrow's report: which meetings of an organization will not start, and why."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from meetings.models.meetings import Meeting
from portal.constraints import SameOrganization
from portal.models import Organization
from portal.tenancy import tenant_manager


class TomorrowReport(models.Model):
    """One organization's one day, as it looked when it was last made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        related_name="tomorrow_reports",
        verbose_name=_("organization"),
    )
    day = models.DateField(_("day"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    made_at = models.DateTimeField(_("made"))
    meetings = models.PositiveIntegerField(_("meetings"))
    # Nobody can start them.
    failing = models.PositiveIntegerField(_("will not start"))
    # Zoom was not asked about them: too many, or Zoom did not answer.
    unasked = models.PositiveIntegerField(_("not looked up at Zoom"))
    # Zoom did not tell of all users who cannot host: it did not answer, or they are too many.
    users_unread = models.BooleanField(default=False, db_default=False, editable=False)
    # When the evening's report was done with, mailed or with nothing to mail.
    nightly_at = models.DateTimeField(null=True, editable=False)
    # Set before the mail leaves: a mail too few is seen in the admin, one too many by everybody.
    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("tomorrow's report")
        verbose_name_plural = _("tomorrow's reports")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "day"], name="tomorrowreport_once"),
            models.UniqueConstraint(fields=["organization", "id"], name="tomorrowreport_owner_key"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.day:%Y-%m-%d}"


class TomorrowReportRow(models.Model):
    """One meeting that its host cannot start, and the first reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    report = models.ForeignKey(TomorrowReport, models.CASCADE, related_name="rows")
    # A meeting may be taken off the list before the report is read.
    meeting = models.ForeignKey(Meeting, models.SET_NULL, null=True, related_name="+")
    topic = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    host_name = models.CharField(max_length=150)
    # Of `meetings.start_rules`; the sentences are in `meetings.start_texts`.
    rule = models.CharField(max_length=30)
    reason = models.CharField(max_length=60)
    # Who can start it all the same, as alternative host.
    alternative = models.CharField(max_length=150, blank=True)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("meeting that will not start")
        verbose_name_plural = _("meetings that will not start")
        ordering = ["starts_at", "pk"]
        constraints = [
            SameOrganization(field="report", name="tomorrowreportrow_report_same_organization"),
            SameOrganization(field="meeting", name="tomorrowreportrow_meeting_same_organization"),
        ]

    def __str__(self) -> str:
        return self.topic
