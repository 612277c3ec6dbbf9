"""Attempts to start a meeting: each press of Start, and how far it came."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from meetings.attempt_codes import show_code
from meetings.models.hosts import Host
from meetings.models.meetings import Meeting
from meetings.start_steps import (
    SETTLED,
    SILENCE,
    UNDER_WAY,
    WITHOUT_PAGE,
    Outcome,
    Step,
    Way,
    judge,
)
from portal.constraints import SameOrganization
from portal.models import Organization, User
from portal.tenancy import tenant_manager

_WEEK = timedelta(days=7)


class StartAttemptQuerySet(models.QuerySet["StartAttempt"]):
    """Attempts by what became of them."""

    def of_last_week(self, now: datetime) -> "StartAttemptQuerySet":
        return self.filter(pressed_at__gt=now - _WEEK)

    def with_outcome(self, now: datetime) -> "StartAttemptQuerySet":
        """`outcome` and `step` of each row, as `start_steps.judge` says; a test compares them."""
        lost = Q(in_meeting_at__isnull=False, lost_at__lt=F("in_meeting_at") + SETTLED)
        handed_out = Q(way__in=WITHOUT_PAGE, delivered_at__isnull=False, init_at=None, join_at=None)
        columns = [step.column for step in reversed(UNDER_WAY)]
        silent = Q(last_at__lt=now - SILENCE)
        return self.annotate(last_at=Coalesce(*columns)).annotate(
            outcome=Case(
                When(lost, then=Value(Outcome.FAILED.value)),
                When(in_meeting_at__isnull=False, then=Value(Outcome.IN_MEETING.value)),
                When(failed_at__isnull=False, then=Value(Outcome.FAILED.value)),
                When(started_at__isnull=False, then=Value(Outcome.IN_MEETING.value)),
                When(handed_out, then=Value(Outcome.HANDED_OUT.value)),
                When(silent, then=Value(Outcome.STOPPED.value)),
                default=Value(Outcome.UNDER_WAY.value),
            ),
            step=Case(
                When(lost, then=Value(Step.IN_MEETING.value)),
                When(in_meeting_at__isnull=False, then=Value("")),
                When(failed_at__isnull=False, then=F("failed_step")),
                When(started_at__isnull=False, then=Value("")),
                When(handed_out, then=Value("")),
                *(
                    When(**{f"{step.column}__isnull": False}, then=Value(UNDER_WAY[step].value))
                    for step in reversed(UNDER_WAY)
                ),
                default=Value(""),
                output_field=models.CharField(),
            ),
        )


class StartAttempt(models.Model):
    """One press of Start, and when it took each step; empty: it did not, as far as is known.

    The id follows from person, meeting and code (`meetings.attempt_codes`). Times are the
    server's; the milliseconds are the page's own, since the press. Holds no secret.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    # Without indexes of their own: those below begin with them.
    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        related_name="+",
        db_index=False,
        verbose_name=_("organization"),
    )
    meeting = models.ForeignKey(
        Meeting,
        models.CASCADE,
        related_name="attempts",
        db_index=False,
        verbose_name=_("meeting"),
    )
    user = models.ForeignKey(
        User, models.CASCADE, related_name="+", db_index=False, verbose_name=_("who")
    )
    # As whom; empty where nobody was let in.
    host = models.ForeignKey(
        Host, models.SET_NULL, null=True, related_name="+", verbose_name=_("as host")
    )
    code = models.CharField(_("code"), max_length=8)
    way = models.CharField(
        _("way"),
        max_length=10,
        choices=[
            (Way.BROWSER.value, _("in the page")),
            (Way.ON_BEHALF.value, _("on a host's behalf")),
            (Way.APP.value, _("in the Zoom app")),
            (Way.API.value, _("by the API")),
        ],
    )

    pressed_at = models.DateTimeField(_("pressed"), db_index=True)
    allowed_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    token_at = models.DateTimeField(null=True)
    zak_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    init_at = models.DateTimeField(null=True)
    join_at = models.DateTimeField(null=True)
    in_meeting_at = models.DateTimeField(null=True)
    # By Zoom's event, in Zoom's time.
    started_at = models.DateTimeField(null=True)
    # The page asked for another ZAK by itself, because Zoom did not take the first.
    renewed_at = models.DateTimeField(null=True)
    # The page lost Zoom after it had been in the meeting.
    lost_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    init_ms = models.PositiveIntegerField(null=True)
    join_ms = models.PositiveIntegerField(null=True)
    in_meeting_ms = models.PositiveIntegerField(null=True)
    renewed_ms = models.PositiveIntegerField(null=True)
    lost_ms = models.PositiveIntegerField(null=True)
    failed_ms = models.PositiveIntegerField(null=True)

    failed_step = models.CharField(max_length=10, blank=True)
    # Ours, the page's or the SDK's; see `meetings.attempt_texts`.
    error_code = models.CharField(_("error"), max_length=100, blank=True)
    zoom_code = models.CharField(_("Zoom's code"), max_length=40, blank=True)
    tracking_id = models.CharField(_("Zoom's tracking ID"), max_length=100, blank=True)

    objects = tenant_manager(StartAttemptQuerySet, organization="organization")

    class Meta:
        verbose_name = _("start")
        verbose_name_plural = _("starts")
        indexes = [
            models.Index(fields=["organization", "-pressed_at"], name="startattempt_lately"),
            models.Index(fields=["organization", "code"], name="startattempt_code"),
            models.Index(fields=["user", "-pressed_at"], name="startattempt_of_person"),
            models.Index(fields=["meeting", "-pressed_at"], name="startattempt_of_meeting"),
        ]
        constraints = [
            SameOrganization(field="meeting", name="startattempt_meeting_same_organization"),
            SameOrganization(field="host", name="startattempt_host_same_organization"),
        ]

    def __str__(self) -> str:
        return self.shown_code

    @property
    def shown_code(self) -> str:
        return show_code(self.code)

    def judge(self, now: datetime) -> tuple[Outcome, Step | None]:
        return judge(self, now)
