"""Starts on a host's behalf are written down before they happen, and the host is told."""

import logging
from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.models import Host, Meeting, OnBehalfStart
from portal.audit import record
from portal.models import User
from portal.tenancy import across_all_organizations

log = logging.getLogger(__name__)

_PAUSE = timedelta(minutes=5)
# For one sweep: it comes again in a minute, and a slow mail server must not block it for ever.
_AT_ONCE = 100


def announce_on_behalf(*, meeting: Meeting, user: User, reason: str) -> None:
    """Write down that this admin is about to start this meeting as its host, and why.

    The audit event and the duty to mail the host are one transaction: neither is without the other.
    """
    with transaction.atomic():
        record(
            "start.on_behalf",
            organization=meeting.organization,
            actor=user,
            target=meeting,
            host=meeting.host.name,
            zoom_user_id=meeting.host.zoom_user_id,
            reason=reason,
        )
        OnBehalfStart.objects.create(
            organization=meeting.organization,
            meeting=meeting,
            host=meeting.host,
            actor_name=str(user)[:254],
            reason=reason,
        )


def mail_due_hosts() -> None:
    """Tell the hosts who have not been told. Two at once send nothing twice."""
    with across_all_organizations():
        due = OnBehalfStart.objects.due(timezone.now()).order_by("mail_due_at")
        keys = list(due.values_list("pk", flat=True)[:_AT_ONCE])
    for key in keys:
        mail_host(key)


def mail_host(key: UUID) -> bool:
    """Tell one host of one start; whether the mail has left. If not, the sweep tries again."""
    now = timezone.now()
    with across_all_organizations():
        rows = OnBehalfStart.objects.select_related(
            "meeting", "organization", "host__membership__user"
        )
        start: OnBehalfStart | None = rows.filter(pk=key).first()
        if start is None or not start.take_mail(now, _PAUSE) or not _send(start):
            return False
        start.mailed_at, start.mail_due_at = now, None
        start.save(update_fields=["mailed_at", "mail_due_at"])
    return True


def _person_of(host: Host) -> User | None:
    """The member behind the host, while they are one."""
    membership = host.membership
    if membership is None or not (membership.is_active and membership.user.is_active):
        return None
    return membership.user


def _send(start: OnBehalfStart) -> bool:
    person = _person_of(start.host)
    zone = ZoneInfo(person.time_zone if person else "UTC")
    # Both: the person signs in with one address, and whoever reads the other should know as well.
    addresses = {start.host.email.lower(), person.email.lower() if person else ""} - {""}
    subject = _("%(who)s starts your meeting “%(topic)s” on your behalf") % {
        "who": start.actor_name,
        "topic": start.meeting.topic,
    }
    with timezone.override(zone):
        text = render_to_string(
            "meetings/mail/on_behalf.txt",
            {"start": start, "zone": zone.key, "base_url": settings.BASE_URL},
        )
    try:
        # A line break in a topic would begin another header.
        send_mail(" ".join(subject.split()), text, None, sorted(addresses))
    except (SMTPException, OSError) as error:
        # The error's class alone: its words may repeat the message.
        log.warning("Start on behalf %s not mailed: %s", start.pk, type(error).__name__)
        return False
    return True
