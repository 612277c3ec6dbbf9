"""Questions to the holder of a Zoom user: may this member start as you?"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.models import HostLink
from meetings.services.zoom_people import ZoomPerson
from portal.audit import record
from portal.mail import mail_is_set_up
from portal.models import Membership, Organization, User

LINK_LIFE = timedelta(days=7)
# Nobody's portal is a mail cannon.
_MOST_A_DAY = 1000
_MOST_A_DAY_FOR_ONE = 5


def ask_holder(
    organization: Organization, person: ZoomPerson, membership: Membership, actor: User | None
) -> HostLink:
    """A question, due to be mailed, in the place of any before it. Raises `ValidationError`.

    `actor`: None where a changed address asks, and not an admin.
    """
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
    withdraw_questions(organization, person.zoom_user_id)
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
    return link


def withdraw_questions(organization: Organization, zoom_user_id: str) -> None:
    """What was asked about this Zoom user is settled, or is asked anew."""
    HostLink.objects.unanswered().filter(
        organization=organization, zoom_user_id=zoom_user_id
    ).update(answered_at=timezone.now(), answer=HostLink.Answer.WITHDRAWN, mail_due_at=None)


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


def _refuse_over_limit(organization: Organization, person: ZoomPerson) -> None:
    lately = HostLink.objects.filter(
        organization=organization, asked_at__gt=timezone.now() - timedelta(days=1)
    )
    of_one = lately.filter(zoom_user_id=person.zoom_user_id)
    if of_one.count() >= _MOST_A_DAY_FOR_ONE or lately.count() >= _MOST_A_DAY:
        raise ValidationError(_("Too many of these mails were sent today. Go on tomorrow."))
