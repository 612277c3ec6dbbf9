"""The evening's report: made once for an organization and a day, mailed if there is anything."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.models import TomorrowReport, TomorrowReportRow
from meetings.services.report import addressed_admins, make_report, tomorrow_in, zone_of
from meetings.start_texts import fix_of, meaning_of
from portal.models import Organization

log = logging.getLogger(__name__)

# By their own clock, so that there is an evening left to put it right.
REPORT_HOUR = 17
# The sweep is hourly and spreads its tasks over a quarter of an hour. Where this much does not fit
# into the day any more, a later try of the same day may not come.
_NEXT_TRY = timedelta(hours=1, minutes=15)
# The rest is in the admin.
MOST_MAILED = 20


def run_nightly(organization: Organization, *, now: datetime) -> TomorrowReport | None:
    """Make and mail tomorrow's report, once the day is far enough on and once only.

    Where Zoom did not say all, or a mail did not leave, it stays to be done, and the next hour
    tries again; the day's last try says what could not be looked up.
    """
    zone = zone_of(organization)
    local = now.astimezone(zone)
    if local.hour < REPORT_HOUR:
        return None
    done = TomorrowReport.objects.filter(organization=organization, nightly_at__isnull=False)
    if done.filter(day=tomorrow_in(zone, now)).exists():
        return None
    made = make_report(organization, now=now)
    is_final = not made.may_know_more or (now + _NEXT_TRY).astimezone(zone).date() > local.date()
    if mail_report(made.report, now=now, is_final=is_final) and is_final:
        TomorrowReport.objects.filter(pk=made.report.pk).update(nightly_at=now)
    return made.report


def mail_report(report: TomorrowReport, *, now: datetime, is_final: bool) -> bool:
    """Mail it to the organization's admins, unless it was; whether that is done with.

    Nothing to tell, or nobody to tell it to, is done with too. That something could not be looked
    up is by itself worth a mail only when nobody will look again.
    """
    rows = list(report.rows.all())
    admins = sorted(addressed_admins(report.organization).values_list("user__email", flat=True))
    if not (rows or (is_final and report.unasked)) or not admins:
        return True
    mine = TomorrowReport.objects.filter(pk=report.pk, mailed_at=None)
    if not mine.update(mailed_at=now):
        return True
    if _send(report, rows, admins):
        return True
    TomorrowReport.objects.filter(pk=report.pk, mailed_at=now).update(mailed_at=None)
    return False


def headline(report: TomorrowReport, *, rows: int) -> str:
    """The worst there is to tell. `rows`: how many meetings their own host cannot start."""
    counts = {
        "failing": report.failing,
        "rows": rows,
        "unasked": report.unasked,
        "meetings": report.meetings,
    }
    if report.failing:
        text = ngettext(
            "%(failing)s of %(meetings)s meeting will not start tomorrow",
            "%(failing)s of %(meetings)s meetings will not start tomorrow",
            report.meetings,
        )
    elif rows:
        text = ngettext(
            "%(rows)s meeting of tomorrow can be started by an alternative host only",
            "%(rows)s meetings of tomorrow can be started by alternative hosts only",
            rows,
        )
    elif report.unasked:
        text = ngettext(
            "%(unasked)s of tomorrow's %(meetings)s meeting could not be looked up at Zoom",
            "%(unasked)s of tomorrow's %(meetings)s meetings could not be looked up at Zoom",
            report.meetings,
        )
    elif report.meetings:
        text = ngettext(
            "Nothing known is in the way of tomorrow's %(meetings)s meeting",
            "Nothing known is in the way of tomorrow's %(meetings)s meetings",
            report.meetings,
        )
    else:
        text = _("There are no meetings tomorrow")
    return text % counts


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
    said = headline(report, rows=len(rows))
    context = {
        "report": report,
        "headline": said,
        "rows": told,
        "more": len(rows) - len(told),
        "link": f"{settings.BASE_URL}{page}",
    }
    subject = f"{report.organization}: {said}"
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
