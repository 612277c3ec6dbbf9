"""Mailing invitations. The row says what is due; a request or the sweep sends it.

The mailed link is made here, at the moment of sending, so it is in no task and no queue.
"""

import logging
import secrets
from datetime import UTC, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.core.mail import send_mail
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.invitations.issuing import digest_of, make_link
from portal.models import Invitation
from portal.tenancy import across_all_organizations

logger = logging.getLogger(__name__)
_MOST_ATTEMPTS = 5
_PAUSE = timedelta(minutes=5)
# For one sweep: it comes again in a minute, and a slow mail server must not block it for ever.
_AT_ONCE = 100


def mail_due_invitations() -> None:
    """Send what is due. Two at once send nothing twice."""
    with across_all_organizations():
        due = Invitation.objects.open(timezone.now()).filter(
            mail_due_at__lte=timezone.now(),
            mail_attempts__lt=_MOST_ATTEMPTS,
            organization__is_active=True,
        )
        keys = list(due.order_by("mail_due_at").values_list("pk", flat=True)[:_AT_ONCE])
    for key in keys:
        mail_invitation(key)


def mail_invitation(invitation_id: UUID) -> bool:
    """Send one that is due; whether it has left. One that has not is tried again by the sweep."""
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    with across_all_organizations():
        claimed = Invitation.objects.open(now).filter(
            pk=invitation_id, mail_due_at__lte=now, mail_attempts__lt=_MOST_ATTEMPTS
        )
        if not claimed.update(
            mailed_digest=digest_of(token),
            mail_due_at=now + _PAUSE,
            mail_attempts=F("mail_attempts") + 1,
        ):
            return False
        rows = Invitation.objects.select_related("organization", "invited_by")
        invitation = rows.get(pk=invitation_id)
        if not _send(invitation, token):
            return False
        sent = Invitation.objects.filter(pk=invitation_id, mailed_digest=digest_of(token))
        sent.update(mailed_at=now, mail_due_at=None)
    return True


def _send(invitation: Invitation, token: str) -> bool:
    subject = _("%(organization)s invites you to Greenroom") % {
        "organization": invitation.organization
    }
    # Nobody's zone is known here, so the text names one.
    with timezone.override(UTC):
        text = render_to_string(
            "invitations/mail.txt", {"invitation": invitation, "link": make_link(token)}
        )
    try:
        # A line break in a name would begin another header.
        send_mail(" ".join(subject.split()), text, None, [invitation.email])
    except (SMTPException, OSError) as error:
        # The error's class alone: its words may repeat the message.
        logger.warning("Invitation %s not mailed: %s", invitation.pk, type(error).__name__)
        return False
    return True
