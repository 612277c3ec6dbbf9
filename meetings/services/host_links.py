"""Who starts as which Zoom user: the only place where a host gets a member, or loses one.

A link holds at once only if the member's verified address is the Zoom user's. Otherwise an admin
asks for it, and it holds once whoever reads the mail at the Zoom user's address has agreed: an
admin alone can make nobody start as somebody else. `HOST_LINKS=at_once` gives that up, where mail
cannot be sent or admins are trusted to act as any host. What a changed address does to a link is in
`host_following`.
"""

from collections.abc import Callable
from functools import partial

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings.models import Host, HostLink
from meetings.services.host_mail import mail_link, tell_linked, tell_unlinked
from meetings.services.host_proof import ask_zoom, ask_zoom_if_old
from meetings.services.host_questions import ask_holder, record_link, withdraw_questions
from meetings.services.zoom_people import ZoomPerson, get_zoom_person
from portal.audit import record
from portal.memberships import lock_organization
from portal.models import Membership, Organization, User, normalize_address
from zoomauth.services import fold_name


class Outcome(models.TextChoices):
    """What came of an admin's wish."""

    LINKED = "linked", gettext_lazy("Linked.")
    LINKED_INACTIVE = (
        "linked_inactive",
        gettext_lazy(
            "Linked. The host is deactivated here, so nobody starts as it before you activate it "
            "on its page."
        ),
    )
    ASKED = (
        "asked",
        gettext_lazy(
            "A mail asks the holder of the Zoom user to agree. Until then the member starts "
            "nothing as this Zoom user."
        ),
    )


def link_by_hand(
    *, organization: Organization, zoom_user_id: str, membership: Membership, actor: User
) -> Outcome:
    """Link, or ask the holder. Raises `ValidationError` where it makes no sense.

    To be offered only to an admin who showed lately who they are. Asks Zoom whether the import is
    right about this user.
    """
    seen = _get_person(organization, zoom_user_id)
    _refuse_member(organization, membership, seen)
    ask_zoom(organization, seen.zoom_user_id, seen.email)
    with transaction.atomic():
        lock_organization(organization.pk)
        person = _get_person(organization, zoom_user_id, seen.email)
        _refuse_member(organization, membership, person)
        if is_verified(membership, person):
            old = _link(organization, person, membership, actor=actor, by="verified")
            _after_commit(partial(tell_linked, organization, person, membership, old, actor))
            return _outcome(membership)
        if settings.HOST_LINKS == "at_once":
            old = _link(organization, person, membership, actor=actor, by="admin")
            _after_commit(partial(tell_linked, organization, person, membership, old, actor))
            return _outcome(membership)
        link = ask_holder(organization, person, membership, actor)
        _after_commit(partial(mail_link, link.pk))
        return Outcome.ASKED


def link_verified(
    *, organization: Organization, zoom_user_id: str, membership: Membership, actor: User
) -> None:
    """Link a member whose verified address is the Zoom user's. Raises `ValidationError`.

    For many at once: Zoom is asked only about users that no import has seen lately. Should one be
    handed on within that hour, the next import ends the link.
    """
    seen = _get_person(organization, zoom_user_id)
    ask_zoom_if_old(organization, seen)
    with transaction.atomic():
        lock_organization(organization.pk)
        person = _get_person(organization, zoom_user_id, seen.email)
        _refuse_member(organization, membership, person)
        if not is_verified(membership, person):
            raise ValidationError(_("The member's verified address is not the Zoom user's."))
        if (
            _host_of(organization, person)
            .exclude(membership=None)
            .exclude(membership=membership)
            .exists()
        ):
            raise ValidationError(_("Somebody else is linked to this Zoom user."))
        _link(organization, person, membership, actor=actor, by="verified")


def link_confirmed(link: HostLink) -> None:
    """Link what the holder has just agreed to. Raises `ValidationError`.

    Called in the transaction that takes the answer, with the organization locked.
    """
    person = _get_person(link.organization, link.zoom_user_id, link.email)
    _refuse_member(link.organization, link.membership, person)
    old = _link(
        link.organization, person, link.membership, actor=None, by="confirmed",
        asked_by=link.asked_by.email if link.asked_by else "",
    )  # fmt: skip
    _after_commit(
        partial(tell_linked, link.organization, person, link.membership, old, link.asked_by)
    )


def unlink(*, host: Host, actor: User) -> bool:
    """End a link; False when there was none. Whoever was linked is told."""
    with transaction.atomic():
        lock_organization(host.organization_id)
        linked = Host.objects.select_related("organization", "membership__user")
        row = linked.filter(pk=host.pk).exclude(membership=None).first()
        if row is None or row.membership is None:
            return False
        old = row.membership
        end_link(row, by="admin", actor=actor)
        _after_commit(partial(tell_unlinked, row, old, actor))
    return True


def end_link(host: Host, *, by: str, actor: User | None = None) -> None:
    """Take the member off this host, in the caller's transaction, which has the lock."""
    old = host.membership
    host.membership, host.held_since = None, None
    host.save(update_fields=["membership", "held_since"])
    record(
        "host.unlinked",
        organization=host.organization,
        actor=actor,
        target=host,
        by=by,
        zoom_user_id=host.zoom_user_id,
        old_member=old.user.email if old else "",
    )


def end_refused(link: HostLink) -> None:
    """The holder says that they are not the member who is on hold: then that link is over."""
    host = link.held_host
    if host is None or host.membership is None:
        return
    old = host.membership
    end_link(host, by="refused")
    _after_commit(partial(tell_unlinked, host, old, None))


def withdraw(*, link: HostLink, actor: User) -> bool:
    """Take back what was asked; False when it had been answered already."""
    with transaction.atomic():
        unanswered = HostLink.objects.unanswered().filter(pk=link.pk)
        if not unanswered.update(
            answered_at=timezone.now(), answer=HostLink.Answer.WITHDRAWN, mail_due_at=None
        ):
            return False
        record_link("withdrawn", link, actor)
    return True


def is_verified(membership: Membership, person: ZoomPerson) -> bool:
    """Whether this member has shown that the Zoom user's address is theirs."""
    rows = EmailAddress.objects.filter(user=membership.user_id, verified=True)
    shown = {normalize_address(address) for address in rows.values_list("email", flat=True)}
    # Not by the database, to which two addresses may be the same that are not.
    return bool(person.email) and normalize_address(person.email) in shown


def _outcome(membership: Membership) -> Outcome:
    # Whoever deactivated the host meant it; a link does not undo that.
    off = Host.objects.filter(membership=membership, is_active=False).exists()
    return Outcome.LINKED_INACTIVE if off else Outcome.LINKED


def _get_person(
    organization: Organization, zoom_user_id: str, email: str | None = None
) -> ZoomPerson:
    """`email`: the address that it must have, as somebody was asked about that one."""
    person = get_zoom_person(organization, zoom_user_id)
    if person is None or person.is_gone:
        raise ValidationError(
            _("This is no Zoom user of your organization's account. Import the Zoom users again.")
        )
    if email is not None and person.email != email:
        raise ValidationError(_("The Zoom user has another address by now."))
    return person


def _refuse_member(organization: Organization, membership: Membership, person: ZoomPerson) -> None:
    """Raise `ValidationError` for a member who cannot start, or starts as somebody else already."""
    current = Membership.objects.filter(
        pk=membership.pk, organization=organization, is_active=True, user__is_active=True
    )
    if not current.exists():
        raise ValidationError(_("This is no active member of your organization."))
    host = Host.objects.filter(membership=membership).first()
    if host is None:
        return
    if fold_name(host.zoom_user_id) in person.names:
        if host.is_on_hold:
            return
        raise ValidationError(_("This member is linked to this Zoom user already."))
    raise ValidationError(
        _("This member is linked to the Zoom user %(email)s. End that link first.")
        % {"email": host.email}
    )


def _host_of(organization: Organization, person: ZoomPerson) -> models.QuerySet[Host]:
    """The Zoom user's row here; an older one may name it by address."""
    named = models.Q(zoom_user_id=person.zoom_user_id)
    if person.email:
        named |= models.Q(zoom_user_id__iexact=person.email)
    rows: models.QuerySet[Host] = Host.objects.filter(named, organization=organization)
    return rows


def _link(
    organization: Organization,
    person: ZoomPerson,
    membership: Membership,
    *,
    actor: User | None,
    by: str,
    asked_by: str = "",
) -> Membership | None:
    """The one place that sets a host's member; who was linked before."""
    rows = list(_host_of(organization, person).select_related("membership__user"))
    host = next((row for row in rows if row.zoom_user_id == person.zoom_user_id), None)
    host = host or next(iter(rows), None)
    old: Membership | None = host.membership if host else None
    if host is None:
        host = Host(organization=organization, zoom_user_id=person.zoom_user_id)
        host.name, host.email, host.membership = person.shown_name, person.email, membership
        host.save(force_insert=True)
    else:
        host.zoom_user_id, host.email = person.zoom_user_id, person.email or host.email
        host.membership, host.held_since = membership, None
        host.save(update_fields=["zoom_user_id", "email", "membership", "held_since"])
    withdraw_questions(organization, person.zoom_user_id)
    record(
        "host.linked",
        organization=organization,
        actor=actor,
        target=host,
        by=by,
        zoom_user_id=person.zoom_user_id,
        zoom_email=person.email,
        old_member=old.user.email if old else "",
        new_member=membership.user.email,
        asked_by=asked_by,
    )
    # Who was on hold and goes on has taken nothing from anybody.
    return None if old == membership else old


def _after_commit(action: Callable[[], object]) -> None:
    transaction.on_commit(action, robust=True)
