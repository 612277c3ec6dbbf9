"""Making invitations, sending them again, taking them back. Their links exist here for a moment."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit import record
from portal.mail import mail_is_set_up
from portal.models import (
    AuditEvent,
    Invitation,
    Membership,
    Organization,
    User,
    normalize_address,
)

# Of one organization within a day, and to one address of them; sending again counts like inviting:
# nobody's portal is a mail cannon.
DAILY_LIMIT = 2000
DAILY_LIMIT_FOR_ONE = 5
_DAY = timedelta(days=1)
SENT_AGAIN = "sent_again"
# A second click on "Send again" is not meant.
_PAUSE = timedelta(seconds=30)
_ALREADY = gettext_lazy("This address is invited already. Send that invitation again instead.")


class OverLimit(ValidationError):
    """So many were sent today that this one is not."""


@dataclass(frozen=True)
class Issued:
    """An invitation with its link, which nobody can show a second time."""

    invitation: Invitation
    link: str = field(repr=False)


def digest_of(token: str) -> str:
    """What is stored of a token. It is 32 random bytes, so a plain hash tells nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_link(token: str) -> str:
    """The token stands behind the #: browsers send that to nobody, so no log can have it."""
    return f"{settings.BASE_URL}{reverse('invitation:open')}#{token}"


def invite(*, invitation: Invitation, actor: User) -> Issued:
    """Save a new invitation. Raises `ValidationError` where it makes no sense.

    A mail is due afterwards, if there is any mail: see `portal.invitations.mailing`.
    """
    now = timezone.now()
    invitation.email = invitation.email.strip().lower()
    with transaction.atomic():
        refuse_over_limit(invitation.organization, now)
        _refuse_too_often(invitation, now)
        refuse_known(invitation)
        link = _issue(invitation, actor, now)
        _insert(invitation)
        _record("added", invitation, actor)
    return Issued(invitation, link)


def invite_again(*, invitation: Invitation, actor: User) -> Issued:
    """New links, a new term; the old links end. Raises `ValidationError` if it is answered."""
    now = timezone.now()
    with transaction.atomic():
        refuse_over_limit(invitation.organization, now)
        _refuse_too_often(invitation, now)
        link = _issue(invitation, actor, now)
        columns = [
            "shown_digest", "mailed_digest", "invited_by", "issued_at", "expires_at",
            "mail_due_at", "mail_attempts", "mailed_at",
        ]  # fmt: skip
        unanswered = Invitation.objects.unanswered().filter(
            pk=invitation.pk, issued_at__lt=now - _PAUSE
        )
        if not unanswered.update(**{name: getattr(invitation, name) for name in columns}):
            raise ValidationError(
                _(
                    "%(email)s has answered the invitation meanwhile, or it was sent again just "
                    "now. Look at the list."
                )
                % {"email": invitation.email}
            )
        _record(SENT_AGAIN, invitation, actor)
    return Issued(invitation, link)


def revoke(*, invitation: Invitation, actor: User) -> bool:
    """End the invitation; False when it had been answered already."""
    with transaction.atomic():
        unanswered = Invitation.objects.unanswered().filter(pk=invitation.pk)
        if not unanswered.update(revoked_at=timezone.now(), mail_due_at=None):
            return False
        _record("revoked", invitation, actor)
    return True


def refuse_over_limit(organization: Organization, now: datetime, more: int = 1) -> None:
    """Raise `ValidationError` if this organization would invite too many within a day."""
    made = Invitation.objects.filter(organization=organization, created_at__gt=now - _DAY)
    if made.count() + _sent_again(organization, now).count() + more > DAILY_LIMIT:
        raise OverLimit(
            _("%(limit)s invitations a day are the most. Go on tomorrow.") % {"limit": DAILY_LIMIT}
        )


def _refuse_too_often(invitation: Invitation, now: datetime) -> None:
    """The same for one address, whether sent again or taken back and made anew."""
    made = Invitation.objects.filter(
        organization=invitation.organization,
        email=invitation.email,
        created_at__gt=now - _DAY,
    )
    again = _sent_again(invitation.organization, now).filter(target_name=invitation.email)
    if made.count() + again.count() >= DAILY_LIMIT_FOR_ONE:
        raise OverLimit(
            _("%(limit)s times within a day are the most for %(email)s. Go on tomorrow.")
            % {"email": invitation.email, "limit": DAILY_LIMIT_FOR_ONE}
        )


def _sent_again(organization: Organization, now: datetime) -> QuerySet[AuditEvent]:
    """The row has the last time only; the trail has each, and keeps them for longer than a day."""
    rows: QuerySet[AuditEvent] = AuditEvent.objects.filter(
        organization_id=organization.pk, action=f"invitation.{SENT_AGAIN}", at__gt=now - _DAY
    )
    return rows


def refuse_known(invitation: Invitation) -> None:
    """Raise `ValidationError` if this person belongs to the organization, or is invited already.

    Of other organizations it knows nothing, so nobody can ask who is in them.
    """
    asked = Invitation.objects.unanswered().filter(
        organization=invitation.organization, email=normalize_address(invitation.email)
    )
    if asked.exists():
        raise ValidationError(_ALREADY)
    membership = Membership.objects.filter(
        organization=invitation.organization, user__email=normalize_address(invitation.email)
    ).first()
    if membership is None:
        return
    if membership.is_active:
        raise ValidationError(_("This person is a member already."))
    raise ValidationError(
        _("This person is a member who was deactivated. Make the membership active instead.")
    )


def _insert(invitation: Invitation) -> None:
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError as error:
        # The other of two clicks at once has invited them.
        raise ValidationError(_ALREADY) from error


def _issue(invitation: Invitation, actor: User, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    invitation.shown_digest = digest_of(token)
    invitation.mailed_digest = None
    invitation.invited_by = actor
    invitation.issued_at = now
    invitation.expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    invitation.mail_due_at = now if mail_is_set_up() else None
    invitation.mail_attempts = 0
    invitation.mailed_at = None
    return make_link(token)


def _record(verb: str, invitation: Invitation, actor: User) -> None:
    record(
        f"invitation.{verb}",
        organization=invitation.organization,
        actor=actor,
        target=invitation,
        role=invitation.role,
    )
