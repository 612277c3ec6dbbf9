"""Taking up an invitation: once, by the person it was made for."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.audit import record
from portal.models import Invitation, Membership, User
from portal.tenancy import across_all_organizations


class Refusal(models.TextChoices):
    """Why an invitation cannot be taken up, each with what to do."""

    UNKNOWN = (
        "unknown",
        _(
            "This link is not valid. If you were sent a newer invitation, use the link in that "
            "one; otherwise ask for a new invitation."
        ),
    )
    ACCEPTED = "accepted", _("This invitation has been accepted already. Sign in instead.")
    REVOKED = (
        "revoked",
        _(
            "This invitation was taken back. Ask the organization's administrator, if you think "
            "that it should not have been."
        ),
    )
    EXPIRED = (
        "expired",
        _("This invitation has expired. Ask the organization's administrator to send it again."),
    )
    SENDER_GONE = (
        "sender_gone",
        _(
            "The person who invited you no longer administers the organization. Ask another "
            "administrator to send the invitation again."
        ),
    )
    CLOSED = (
        "closed",
        _("This organization is not active at present. Ask its administrator when it will be."),
    )
    OTHER_PERSON = (
        "other_person",
        _("This invitation is for somebody else. Sign out, and sign in with the invited address."),
    )
    DEACTIVATED = (
        "deactivated",
        _("Your membership of this organization was deactivated. Ask its administrator."),
    )


# By name: an installation may do without them.
_FACTORS = ("mfa", "Authenticator")


@dataclass(frozen=True)
class Accepted:
    """What came of it."""

    membership: Membership
    # Second factors went, because only now the address is known to be this person's.
    factors_removed: bool


class InvitationRefused(Exception):
    """It cannot be taken up, by nobody or not by this person."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def get_invitation(digest: str) -> Invitation:
    """The open invitation with this link. Raises `InvitationRefused`."""
    with across_all_organizations():
        rows = Invitation.objects.select_related("organization", "invited_by")
        invitation: Invitation | None = rows.with_link(digest).first()
        if invitation is None:
            raise InvitationRefused(Refusal.UNKNOWN)
        _refuse_unless_open(invitation)
        return invitation


def get_invited_user(invitation: Invitation) -> User | None:
    """The person with this address, if they have an account."""
    return User.objects.filter(email__iexact=invitation.email).first()


def accept(*, digest: str, user: User) -> Accepted:
    """Make this person a member. Raises `InvitationRefused`; of two clicks at once one does it."""
    with across_all_organizations(), transaction.atomic():
        return _accept(digest, user)


def accept_as_new_person(*, digest: str, name: str, password: str, time_zone: str) -> User:
    """Make the invited person an account and a membership, or neither.

    Raises `InvitationRefused`, also when there is such an account by now.
    """
    try:
        with across_all_organizations(), transaction.atomic():
            invitation = get_invitation(digest)
            user = User(email=invitation.email, name=name, time_zone=time_zone)
            user.set_password(password)
            user.save(force_insert=True)
            _accept(digest, user)
            record("user.added", organization=None, actor=user, target=user)
    except IntegrityError as error:
        raise InvitationRefused(Refusal.ACCEPTED) from error
    return user


def _accept(digest: str, user: User) -> Accepted:
    now = timezone.now()
    invitation = get_invitation(digest)
    if invitation.email != user.email.lower():
        raise InvitationRefused(Refusal.OTHER_PERSON)
    # Whoever changes the row is the one who accepts; the other finds it changed.
    if not Invitation.objects.open(now).with_link(digest).update(accepted_at=now, mail_due_at=None):
        raise InvitationRefused(Refusal.ACCEPTED)
    factors_removed = _note_address(user, proven=invitation.mailed_digest == digest)
    membership, is_new = Membership.objects.get_or_create(
        organization=invitation.organization, user=user, defaults={"role": invitation.role}
    )
    if not membership.is_active:
        # An old invitation does not undo what an admin has done since.
        raise InvitationRefused(Refusal.DEACTIVATED)
    record(
        "invitation.accepted",
        organization=invitation.organization,
        actor=user,
        target=invitation,
        role=membership.role,
        factors_removed=factors_removed,
    )
    if is_new:
        record(
            "membership.added",
            organization=invitation.organization,
            actor=user,
            target=membership,
            after={"role": membership.role, "is_active": True},
        )
    return Accepted(membership, factors_removed)


def _refuse_unless_open(invitation: Invitation) -> None:
    state = invitation.get_state(timezone.now())
    if state != Invitation.State.OPEN:
        raise InvitationRefused(Refusal(state.value))
    if not invitation.organization.is_active:
        raise InvitationRefused(Refusal.CLOSED)
    sender = invitation.invited_by
    # Whose rights are gone, their invitations are: they could have been made for this day.
    if sender is None or not (
        (sender.is_superuser and sender.is_active)
        or invitation.organization_id in sender.admin_of()
    ):
        raise InvitationRefused(Refusal.SENDER_GONE)


def _note_address(user: User, *, proven: bool) -> bool:
    """Keep whether the address is known to be theirs; whether second factors went.

    A link from an admin's hands proves nothing: with it, the admin could have made an account in
    somebody's name. So when the address becomes known, second factors from before go.
    """
    address, _is_new = EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True, "verified": False}
    )
    if not proven or address.verified:
        return False
    EmailAddress.objects.filter(pk=address.pk).update(verified=True)
    if not apps.is_installed("allauth.mfa"):
        return False
    factors = apps.get_model(*_FACTORS).objects.filter(user=user)
    return bool(factors.delete()[0])
