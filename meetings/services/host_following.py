"""What hosts take over from a finished import: addresses change, Zoom's id stays.

Zoom's id says which user it is, and not whose. When the address changes, the user may have been
handed on, or its holder may have got married. So a link outlives a new address only if the member
has verified that one; if it is somebody else's here, the link ends; else it is on hold until
whoever reads the new address's mail has agreed to the member, as for a link that an admin asks for.
The same goes for a host that had only an address, once the import tells whose it is.
"""

import logging
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from meetings.models import Host, HostLink
from meetings.services.host_links import end_link, is_verified
from meetings.services.host_mail import tell_moved
from meetings.services.host_questions import ask_holder, withdraw_questions
from meetings.services.zoom_people import ZoomPerson, as_person
from portal.audit import record
from portal.memberships import lock_organization
from portal.models import Membership, Organization, User, normalize_address
from zoomauth.services import zoom_users_of

log = logging.getLogger(__name__)


def follow_zoom_users(organization: Organization) -> None:
    """Give each host the address its Zoom user has now, and Zoom's id where it had an address.

    Called in the transaction that ends the import.
    """
    lock_organization(organization.pk)
    rows = Host.objects.filter(organization=organization)
    hosts = list(rows.select_related("organization", "membership__user"))
    taken = {host.zoom_user_id for host in hosts}
    # There may be many more Zoom users than hosts.
    users = zoom_users_of(organization).exclude(zoom_user_id="")
    known = {user.key: user for user in users.filter(key__in=rows.values("zoom_user_id"))}
    by_address: dict[str, list[Any]] = {}
    addresses = [host.zoom_user_id.lower() for host in hosts if not host.has_zoom_id]
    for user in users.filter(email__in=addresses, gone_at=None):
        by_address.setdefault(user.email, []).append(user)
    for host in hosts:
        found = known.get(host.zoom_user_id)
        if not host.has_zoom_id:
            several = by_address.get(host.zoom_user_id.lower(), [])
            found = several[0] if len(several) == 1 else None
            if found is not None and found.zoom_user_id in taken:
                # Two hosts for one Zoom user: an admin has to say which of them stays.
                continue
        if found is not None:
            _follow(host, as_person(found))


def _follow(host: Host, person: ZoomPerson) -> None:
    before = {"zoom_user_id": host.zoom_user_id, "email": host.email}
    after = {"zoom_user_id": person.zoom_user_id, "email": person.email or host.email}
    is_new = before["zoom_user_id"] != after["zoom_user_id"] or (
        normalize_address(before["email"]) != normalize_address(after["email"])
    )
    if before != after:
        host.zoom_user_id, host.email = after["zoom_user_id"], after["email"]
        host.save(update_fields=["zoom_user_id", "email"])
        record(
            "host.followed",
            organization=host.organization,
            actor=None,
            target=host,
            before=before,
            after=after,
        )
    if host.membership is not None and (is_new or host.is_on_hold):
        _judge(host, host.membership, person)


def _judge(host: Host, member: Membership, person: ZoomPerson) -> None:
    """Whether the link goes on now that the Zoom user has this address."""
    if is_verified(member, person):
        if host.is_on_hold:
            _release(host, person)
    elif _is_somebody_elses(person.email, member.user):
        withdraw_questions(host.organization, host.zoom_user_id)
        end_link(host, by="address_changed")
        transaction.on_commit(partial(tell_moved, host, member), robust=True)
    else:
        _hold(host, member, person)


def _is_somebody_elses(address: str, user: User) -> bool:
    """Whether another person, of any organization, signs in with this address or verified it."""
    address = normalize_address(address)
    users = User.objects.filter(email__iexact=address).exclude(pk=user.pk)
    shown = EmailAddress.objects.filter(email__iexact=address, verified=True).exclude(user=user.pk)
    found = [*users.values_list("email", flat=True), *shown.values_list("email", flat=True)]
    # Not by the database, to which two addresses may be the same that are not.
    return bool(address) and address in map(normalize_address, found)


def _hold(host: Host, member: Membership, person: ZoomPerson) -> None:
    """Nobody starts as this host until its holder has agreed; they are asked once for an address.

    The sweep mails, so that an import is not kept by a slow mail server when a whole organization
    gets new addresses.
    """
    if not host.is_on_hold:
        host.held_since = timezone.now()
        host.save(update_fields=["held_since"])
        record(
            "host.held",
            organization=host.organization,
            actor=None,
            target=host,
            zoom_user_id=host.zoom_user_id,
            zoom_email=person.email,
            member=member.user.email,
        )
    asked = HostLink.objects.filter(
        organization=host.organization,
        zoom_user_id=host.zoom_user_id,
        membership=member,
        email=person.email,
        asked_at__gte=host.held_since,
    )
    if asked.exists():
        return
    try:
        ask_holder(host.organization, person, member, None)
    except ValidationError as error:
        # It stays on hold; the next import tries again, and an admin can.
        log.warning("Host %s is on hold, and nobody was asked: %s", host.pk, error.messages[0])


def _release(host: Host, person: ZoomPerson) -> None:
    """The member has verified the address since."""
    host.held_since = None
    host.save(update_fields=["held_since"])
    withdraw_questions(host.organization, host.zoom_user_id)
    record(
        "host.released",
        organization=host.organization,
        actor=None,
        target=host,
        zoom_user_id=host.zoom_user_id,
        zoom_email=person.email,
    )
