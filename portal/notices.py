"""Mails about a change that somebody else made. A mail server that is down undoes nothing."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import partial
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.mail import mail_is_set_up
from portal.memberships import active_admins
from portal.models import Organization, User

log = logging.getLogger(__name__)


def tell_admins_of_policies(
    organization: Organization, policies: Mapping[str, tuple[str, str]], actor: User
) -> None:
    """Tell an organization's active admins what was and is, by each policy's name."""
    subject = _("A policy of %(organization)s was changed") % {"organization": organization}
    context = {"organization": organization, "policies": dict(policies), "actor": actor}
    admins = active_admins(organization.pk).values_list("user__email", flat=True)
    _after_commit(sorted(admins), subject, "policies", context)


def tell_of_new_address(user: User, *, before: str) -> None:
    """Tell both addresses of a person that the operator has changed it."""
    context = {"before": before, "after": user.email}
    subject = _("Your address at Greenroom was changed")
    _after_commit([before, user.email], subject, "address", context)


def tell_of_reset_factors(user: User) -> None:
    """Tell a person that the operator has taken their second factors away."""
    _after_commit([user.email], _("Your second step at Greenroom was removed"), "factors", {})


def _after_commit(
    addresses: Iterable[str], subject: str, name: str, context: Mapping[str, object]
) -> None:
    if not mail_is_set_up():
        return
    # Nobody's zone is known here, so the text names one.
    with timezone.override(UTC):
        text = render_to_string(
            f"notices/{name}.txt",
            {**context, "at": timezone.now(), "base_url": settings.BASE_URL},
        )
    for address in addresses:
        # One each: the admins of an organization need not read of each other here.
        transaction.on_commit(partial(_send, address, subject, name, text), robust=True)


def _send(address: str, subject: str, name: str, text: str) -> None:
    try:
        # A line break in a name would begin another header.
        send_mail(" ".join(subject.split()), text, None, [address])
    except (SMTPException, OSError) as error:
        # The error's class alone: its words may repeat the message.
        log.warning("A notice (%s) has not left: %s", name, type(error).__name__)
