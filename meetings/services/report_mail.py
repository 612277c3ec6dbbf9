"""The evening's report: made once for an organization and a day, mailed if there is anything."""

import logging
from datetime import datetime
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.models import TomorrowReport, TomorrowReportRow
from meetings.services.report import make_report, tomorrow_in, zone_of
from meetings.start_texts import fix_of, meaning_of
from portal.models import Membership, Organization

log = logging.getLogger(__name__)

# By their own clock, so that there is an evening left to put it right.
REPORT_HOUR = 17
# The rest is in the admin.
MOST_MAILED = 20


def run_nightly(organization: Organization, *, now: datetime) -> TomorrowReport | None:
    """Make and mail tomorrow's report, once the day is far enough on and once only.

    Without mail, or where mail fails, it stays to be done, and the next hour tries again.
    """
    zone = zone_of(organization)
    if now.astimezone(zone).hour < REPORT_HOUR:
        return None
    done = TomorrowReport.objects.filter(organization=organization, nightly_at__isnull=False)
    if done.filter(day=tomorrow_in(zone, now)).exists():
        return None
    report = make_report(organization, now=now)
    if mail_report(report, now=now):
        TomorrowReport.objects.filter(pk=report.pk).update(nightly_at=now)
    return report


def mail_report(report: TomorrowReport, *, now: datetime) -> bool:
    """Mail it to the organization's admins, unless it was; whether that is done with.

    Nothing to tell, or nobody to tell it to, is done with too.
    """
    rows = list(report.rows.all())
    admins = _admins_of(report.organization)
    if not rows or not admins:
        return True
    mine = TomorrowReport.objects.filter(pk=report.pk, mailed_at=None)
    if not mine.update(mailed_at=now):
        return True
    if _send(report, rows, admins):
        return True
    TomorrowReport.objects.filter(pk=report.pk, mailed_at=now).update(mailed_at=None)
    return False


def headline(report: TomorrowReport) -> str:
    return _("%(failing)s of %(meetings)s meetings will not start tomorrow") % {
        "failing": report.failing,
        "meetings": report.meetings,
    }


def _admins_of(organization: Organization) -> list[str]:
    admins = Membership.objects.filter(
        organization=organization,
        role=Membership.Role.ADMIN,
        is_active=True,
        user__is_active=True,
    )
    return sorted(admins.values_list("user__email", flat=True))


def _send(report: TomorrowReport, rows: list[TomorrowReportRow], admins: list[str]) -> bool:
    page = reverse("admin:meetings_tomorrowreport_change", args=[report.pk])
    told = [
        {
            "row": row,
            "meaning": meaning_of(row.rule, row.reason),
            "fix": fix_of(row.rule, row.reason),
        }
        for row in rows[:MOST_MAILED]
    ]
    context = {
        "report": report,
        "headline": headline(report),
        "rows": told,
        "more": len(rows) - len(told),
        "link": f"{settings.BASE_URL}{page}",
    }
    subject = f"{report.organization}: {headline(report)}"
    with timezone.override(ZoneInfo(report.time_zone)):
        text = render_to_string("meetings/mail/tomorrow.txt", context)
    try:
        # A line break in a name would begin another header. One message: all of them or none.
        send_mail(" ".join(subject.split()), text, None, admins)
    except (SMTPException, OSError) as error:
        # The error's class alone: its words may repeat the message.
        log.warning("Report %s not mailed: %s", report.pk, type(error).__name__)
        return False
    return True
