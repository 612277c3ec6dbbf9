"""Mailing that Zoom refuses an account's credentials, once each time. The row is the duty.

For an organization's own account its admins are told; for a shared one the operators, who alone
can change it.
"""

import logging
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.mail import mail_is_set_up
from portal.memberships import active_admins
from portal.models import User
from portal.tenancy import across_all_organizations
from zoomauth.models import AccessToken, Health
from zoomauth.token_health import explain_health

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 10
_PAUSE = timedelta(minutes=5)
# For one sweep: it comes again in a minute, and a slow mail server must not block it for ever.
_AT_ONCE = 100


def mail_due_notices() -> None:
    """Tell whom it concerns. Two at once send nothing twice; what did not leave is tried again."""
    if not mail_is_set_up():
        return
    with across_all_organizations():
        rows = _due(timezone.now()).select_related("account__organization")
        for row in list(rows.order_by("notice_due_at")[:_AT_ONCE]):
            _mail(row, timezone.now())


def _due(now: datetime) -> QuerySet[AccessToken]:
    return AccessToken.objects.filter(
        notice_due_at__lte=now, notice_attempts__lt=MOST_ATTEMPTS, health=Health.BLOCKED
    )


def _mail(row: AccessToken, now: datetime) -> None:
    """One mail, unless somebody else sends it, or Zoom gives tokens again meanwhile."""
    again = now + _PAUSE
    taken = _due(now).filter(pk=row.pk, failing_since=row.failing_since)
    if not taken.update(notice_due_at=again, notice_attempts=F("notice_attempts") + 1):
        return
    if _send(row):
        # Only this duty: the account may have recovered and been blocked anew.
        AccessToken.objects.filter(pk=row.pk, notice_due_at=again).update(notice_due_at=None)


def _addresses(row: AccessToken) -> list[str]:
    organization = row.account.organization
    if organization is None:
        operators = User.objects.filter(is_superuser=True, is_active=True)
        return sorted(operators.values_list("email", flat=True))
    if not organization.is_active:
        return []
    return sorted(active_admins(organization.pk).values_list("user__email", flat=True))


def _send(row: AccessToken) -> bool:
    """Whether the duty is done: also when there is nobody to tell."""
    addresses = _addresses(row)
    subject = _("Zoom refuses the credentials of “%(account)s”") % {"account": row.account}
    # Nobody's zone is known here, so the text names one.
    with timezone.override(UTC):
        text = render_to_string(
            "zoomauth/mail/blocked.txt",
            {
                "account": row.account,
                "since": row.failing_since,
                "advice": explain_health(row),
                "tracking_id": row.tracking_id,
                "base_url": settings.BASE_URL,
            },
        )
    try:
        # One message, so that it leaves for all of them or for none; they need not read of each
        # other in it. A line break in a name would begin another header.
        EmailMessage(" ".join(subject.split()), text, bcc=addresses).send()
    except (SMTPException, OSError, ValueError) as error:  # An address may be none.
        # The error's class alone: its words may repeat the message.
        log.warning("Blocked account %s not mailed: %s", row.pk, type(error).__name__)
        return False
    return True
