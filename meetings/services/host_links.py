"""Who starts as which Zoom user: the only place where a host gets a member, or loses one.

A link holds at once only if the member's verified address is the Zoom user's. Otherwise an admin
asks for it, and it holds once whoever reads the mail at the Zoom user's address has agreed: an
admin alone can make nobody start as somebody else. `HOST_LINKS=at_once` gives that up, where mail
cannot be sent or admins are trusted to act as any host.
"""

from collections.abc import Callable
from datetime import timedelta
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
from meetings.services.zoom_people import ZoomPerson, get_zoom_person
from portal.audit import record
from portal.mail import mail_is_set_up
from portal.memberships import lock_organization
from portal.models import Membership, Organization, User, normalize_address

LINK_LIFE = timedelta(days=7)
# Nobody's portal is a mail cannon.
_MOST_A_DAY = 1000
_MOST_A_DAY_FOR_ONE = 5


class Outcome(models.TextChoices):
    """What came of an admin's wish."""

    LINKED = "linked", gettext_lazy("Linked.")
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

    To be offered only to an admin who showed lately who they are.
    """
    with transaction.atomic():
        lock_organization(organization.pk)
        person = _get_person(organization, zoom_user_id)
        _refuse_member(organization, membership, person)
        if is_verified(membership, person):
            old = _link(organization, person, membership, actor=actor, by="verified")
            _after_commit(partial(tell_linked, organization, person, membership, old, actor))
            return Outcome.LINKED
        if settings.HOST_LINKS == "at_once":
            old = _link(organization, person, membership, actor=actor, by="admin")
            _after_commit(partial(tell_linked, organization, person, membership, old, actor))
            return Outcome.LINKED
        _ask(organization, person, membership, actor)
        return Outcome.ASKED


def link_verified(
    *, organization: Organization, zoom_user_id: str, membership: Membership, actor: User
) -> None:
    """Link a member whose verified address is the Zoom user's. Raises `ValidationError`."""
    with transaction.atomic():
        lock_organization(organization.pk)
        person = _get_person(organization, zoom_user_id)
        _refuse_member(organization, membership, person)
        if not is_verified(membership, person):
            raise ValidationError(_("The member's verified address is not the Zoom user's."))
        if _host_of(organization, person).exclude(membership=None).exists():
            raise ValidationError(_("Somebody else is linked to this Zoom user."))
        _link(organization, person, membership, actor=actor, by="verified")


def link_confirmed(link: HostLink) -> None:
    """Link what the holder has just agreed to. Raises `ValidationError`.

    Called in the transaction that takes the answer, with the organization locked.
    """
    person = _get_person(link.organization, link.zoom_user_id)
    if person.email != link.email:
        raise ValidationError(_("The Zoom user has another address by now."))
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
        row.membership = None
        row.save(update_fields=["membership"])
        record(
            "host.unlinked",
            organization=row.organization,
            actor=actor,
            target=row,
            zoom_user_id=row.zoom_user_id,
            old_member=old.user.email,
        )
        _after_commit(partial(tell_unlinked, row, old, actor))
    return True


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


def record_link(verb: str, link: HostLink, actor: User | None) -> None:
    record(
        f"host.link_{verb}",
        organization=link.organization,
        actor=actor,
        target=link,
        zoom_user_id=link.zoom_user_id,
        zoom_email=link.email,
        new_member=link.membership.user.email,
    )


def _get_person(organization: Organization, zoom_user_id: str) -> ZoomPerson:
    person = get_zoom_person(organization, zoom_user_id)
    if person is None or person.is_gone:
        raise ValidationError(
            _("This is no Zoom user of your organization's account. Import the Zoom users again.")
        )
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
    if host.zoom_user_id in person.names:
        raise ValidationError(_("This member is linked to this Zoom user already."))
    raise ValidationError(
        _("This member is linked to the Zoom user %(email)s. End that link first.")
        % {"email": host.email}
    )


def _host_of(organization: Organization, person: ZoomPerson) -> models.QuerySet[Host]:
    """The Zoom user's row here; an older one may name it by address."""
    rows: models.QuerySet[Host] = Host.objects.filter(
        organization=organization, zoom_user_id__in=person.names
    )
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
        host.membership = membership
        host.save(update_fields=["zoom_user_id", "email", "membership"])
    HostLink.objects.unanswered().filter(
        organization=organization, zoom_user_id=person.zoom_user_id
    ).update(answered_at=timezone.now(), answer=HostLink.Answer.WITHDRAWN, mail_due_at=None)
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
    return old


def _ask(
    organization: Organization, person: ZoomPerson, membership: Membership, actor: User
) -> None:
    if not person.email:
        raise ValidationError(
            _("Zoom knows no address of this user, so nobody could be asked to agree.")
        )
    if not mail_is_set_up():
        raise ValidationError(
            _(
                "The holder of the Zoom user would have to agree by mail, and this installation "
                "sends none. Ask its operator."
            )
        )
    now = timezone.now()
    _refuse_over_limit(organization, person)
    HostLink.objects.unanswered().filter(
        organization=organization, zoom_user_id=person.zoom_user_id
    ).update(answered_at=now, answer=HostLink.Answer.WITHDRAWN, mail_due_at=None)
    link = HostLink(
        organization=organization,
        membership=membership,
        zoom_user_id=person.zoom_user_id,
        email=person.email,
        name=person.shown_name,
        asked_by=actor,
        asked_at=now,
        expires_at=now + LINK_LIFE,
        mail_due_at=now,
    )
    link.save(force_insert=True)
    record_link("asked", link, actor)
    _after_commit(partial(mail_link, link.pk))


def _refuse_over_limit(organization: Organization, person: ZoomPerson) -> None:
    lately = HostLink.objects.filter(
        organization=organization, asked_at__gt=timezone.now() - timedelta(days=1)
    )
    of_one = lately.filter(zoom_user_id=person.zoom_user_id)
    if of_one.count() >= _MOST_A_DAY_FOR_ONE or lately.count() >= _MOST_A_DAY:
        raise ValidationError(_("Too many of these mails were sent today. Go on tomorrow."))


def _after_commit(action: Callable[[], object]) -> None:
    transaction.on_commit(action, robust=True)
