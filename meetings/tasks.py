"""What meetings does at regular times."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from meetings.services.host_mail import mail_due_links
from meetings.services.on_behalf import mail_due_hosts
from meetings.services.report import make_report
from meetings.services.report_mail import run_nightly
from meetings.services.traces import prune
from portal.models import Organization
from portal.tenancy import across_all_organizations, acting_for

REPORTS_SPREAD_SECONDS = 15 * 60
# Zoom may be asked about hundreds of meetings; see `meetings.services.report`.
_REPORT_SECONDS = 300
# Two clicks are one report.
_MADE_LATELY = timedelta(minutes=1)


@shared_task(ignore_result=True)
def mail_hosts_started_for() -> None:
    """Mail the hosts for whom an admin starts a meeting, each of them once."""
    mail_due_hosts()


@shared_task(ignore_result=True)
def mail_host_links() -> None:
    """Ask the holders of Zoom users by mail where it is due, or did not leave before."""
    mail_due_links()


@shared_task(ignore_result=True)
def sweep_reports() -> int:
    """Enqueue tomorrow's report for each active organization; returns how many.

    Hourly, because evening comes at another hour in each zone; the task knows whether it is time
    and whether it was done. One task each, so that a broken organization stops nobody, and spread,
    so that Zoom does not get them all at once.
    """
    with across_all_organizations():
        keys = list(Organization.objects.filter(is_active=True).values_list("pk", flat=True))
    for key in keys:
        report_tomorrow.apply_async(args=(str(key),), countdown=key.int % REPORTS_SPREAD_SECONDS)
    return len(keys)


@shared_task(ignore_result=True, soft_time_limit=_REPORT_SECONDS - 20, time_limit=_REPORT_SECONDS)
def report_tomorrow(organization_id: str) -> None:
    """Make and mail one organization's report, if its evening has come and it was not done."""
    with acting_for(UUID(organization_id)):
        organization = Organization.objects.filter(pk=organization_id, is_active=True).first()
        if organization is not None:
            run_nightly(organization, now=timezone.now())


@shared_task(ignore_result=True, soft_time_limit=_REPORT_SECONDS - 20, time_limit=_REPORT_SECONDS)
def make_report_now(organization_id: str) -> None:
    """Make one organization's report because an admin asks. It is not mailed: they look at it."""
    now = timezone.now()
    with acting_for(UUID(organization_id)):
        organization = Organization.objects.filter(pk=organization_id, is_active=True).first()
        if organization is None:
            return
        if not organization.tomorrow_reports.filter(made_at__gt=now - _MADE_LATELY).exists():
            make_report(organization, now=now)


@shared_task(ignore_result=True)
def prune_start_attempts() -> int:
    """Delete the attempts of longer ago than they are kept; returns how many."""
    return prune(timezone.now(), timedelta(days=settings.START_ATTEMPT_DAYS))
