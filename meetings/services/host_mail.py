"""Mails about links: the question to the holder of a Zoom user, and the notices afterwards.

The token of the question is made here, at the moment of sending, so it is in no task and no queue.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from datetime import UTC, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.models import Host, HostLink
from meetings.services.zoom_people import ZoomPerson
from portal.models import Membership, Organization, User
from portal.tenancy import across_all_organizations

logger = logging.getLogger(__name__)
_MOST_ATTEMPTS = 5
_PAUSE = timedelta(minutes=5)
# For one sweep: it comes again in a minute, and a slow mail server must not block it for ever.
_AT_ONCE = 100


def digest_of(token: str) -> str:
    """What is stored of a token. It is 32 random bytes, so a plain hash tells nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def mail_due_links() -> None:
    """Send the questions that are due. Two at once send nothing twice."""
    now = timezone.now()
    with across_all_organizations():
        due = HostLink.objects.open(now).filter(
            mail_due_at__lte=now, mail_attempts__lt=_MOST_ATTEMPTS, organization__is_active=True
        )
        keys = list(due.order_by("mail_due_at").values_list("pk", flat=True)[:_AT_ONCE])
    for key in keys:
        mail_link(key)


def mail_link(link_id: UUID) -> bool:
    """Send one that is due; whether it has left. One that has not is tried again by the sweep."""
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    with across_all_organizations():
        claimed = HostLink.objects.open(now).filter(
            pk=link_id, mail_due_at__lte=now, mail_attempts__lt=_MOST_ATTEMPTS
        )
        if not claimed.update(
            digest=digest_of(token),
            mail_due_at=now + _PAUSE,
            mail_attempts=F("mail_attempts") + 1,
        ):
            return False
        rows = HostLink.objects.select_related("organization", "membership__user", "asked_by")
        link = rows.get(pk=link_id)
        held = link.held_host
        member = link.membership.user
        if held:
            subject = _("Your address at Zoom has changed: does %(member)s still start as you?")
        else:
            subject = _("May %(member)s start Zoom meetings as you?")
        subject %= {"member": member.get_full_name()}
        # The token stands behind the #: browsers send that to nobody, so no log can have it.
        address = f"{settings.BASE_URL}{reverse('host_link:open')}#{token}"
        context = {"link": link, "address": address}
        if not _send(link.email, subject, "ask_again" if held else "ask", context):
            return False
        sent = HostLink.objects.filter(pk=link_id, digest=digest_of(token))
        sent.update(mailed_at=now, mail_due_at=None)
        if held:
            subject = _("You cannot start Zoom meetings at the moment: please confirm your address")
            _send(member.email, subject, "held", {"link": link})
    return True


def tell_linked(
    organization: Organization,
    person: ZoomPerson,
    membership: Membership,
    old: Membership | None,
    actor: User | None,
) -> None:
    """Tell the Zoom user's address, the member and whoever was linked before."""
    context = {
        "organization": organization,
        "person": person,
        "member": membership.user,
        "old": old.user if old else None,
        "actor": actor,
    }
    subject = _("%(member)s now starts Zoom meetings as %(person)s") % {
        "member": membership.user.get_full_name(),
        "person": person.shown_name,
    }
    addresses = {person.email, membership.user.email, old.user.email if old else ""} - {""}
    for address in sorted(addresses):
        _send(address, subject, "linked", context)


def tell_moved(host: Host, old: Membership) -> None:
    """Tell the old member and the new address that a link has ended: the Zoom user moved on."""
    context = {"host": host, "member": old.user}
    subject = _("You no longer start Zoom meetings as %(host)s") % {"host": host.name}
    _send(old.user.email, subject, "moved", context)
    subject = _("%(member)s no longer starts Zoom meetings as your Zoom user") % {
        "member": old.user.get_full_name()
    }
    _send(host.email, subject, "moved_to_you", context)


def tell_unlinked(host: Host, old: Membership, actor: User | None) -> None:
    """Tell the member that they start nothing as this host any more.

    `actor`: None where the Zoom user's holder said so, and no admin.
    """
    context = {"host": host, "member": old.user, "actor": actor}
    subject = _("You no longer start Zoom meetings as %(host)s") % {"host": host.name}
    _send(old.user.email, subject, "unlinked", context)


def _send(address: str, subject: str, name: str, context: Mapping[str, object]) -> bool:
    # Nobody's zone is known here, so the text names one.
    with timezone.override(UTC):
        text = render_to_string(f"host_links/{name}.txt", context)
    try:
        # A line break in a name would begin another header.
        send_mail(" ".join(subject.split()), text, None, [address])
    except (SMTPException, OSError) as error:
        # The error's class alone: its words may repeat the message.
        logger.warning("A mail about a host (%s) has not left: %s", name, type(error).__name__)
        return False
    return True
