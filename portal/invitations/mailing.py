"""Mailing invitations. The row says what is due; a request or the sweep sends it.

The mailed link is made here, at the moment of sending, so it is in no task and no queue.
"""

import logging
import secrets
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from celery import current_app
from django.core.mail import send_mail
from django.db import models
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from portal.invitations.issuing import digest_of, make_link
from portal.models import Invitation
from portal.tenancy import across_all_organizations

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 5
_PAUSE = timedelta(minutes=5)
# For one sweep: it comes again in a minute, and a slow mail server must not block it for ever.
_AT_ONCE = 100
TASK = "portal.tasks.mail_invitations"


def enqueue_due_invitations() -> None:
    """Let a worker mail them now. Without one they leave with a sweep, within minutes.

    By name, as the tasks import this module.
    """
    try:
        current_app.send_task(TASK)
    except (OperationalError, OSError) as error:
        logger.warning("Invitations wait for the sweep: %s", type(error).__name__)


class MailState(models.TextChoices):
    """What has become of an invitation's mail."""

    SENT = "sent", gettext_lazy("Sent")
    DUE = "due", gettext_lazy("Will be sent within minutes")
    LATE = "late", gettext_lazy("Not sent yet: the mail server did not take it; it is tried again")
    GIVEN_UP = (
        "given_up",
        gettext_lazy("Not sent: given up. Send it again once the mail server works."),
    )
    NONE = "none", gettext_lazy("None")


def get_mail_state(invitation: Invitation, now: datetime) -> MailState:
    """`NONE`: none was to be sent, or none will be any more."""
    if invitation.mailed_at is not None:
        return MailState.SENT
    is_open = invitation.get_state(now) == Invitation.State.OPEN
    if invitation.mail_attempts >= MOST_ATTEMPTS and is_open:
        return MailState.GIVEN_UP
    if invitation.mail_due_at is None or not is_open:
        return MailState.NONE
    return MailState.LATE if invitation.mail_attempts else MailState.DUE


def mail_due_invitations() -> None:
    """Send what is due. Two at once send nothing twice."""
    with across_all_organizations():
        due = Invitation.objects.open(timezone.now()).filter(
            mail_due_at__lte=timezone.now(),
            mail_attempts__lt=MOST_ATTEMPTS,
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
            pk=invitation_id, mail_due_at__lte=now, mail_attempts__lt=MOST_ATTEMPTS
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
