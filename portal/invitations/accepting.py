"""Taking up an invitation: once, by the person it was made for."""

from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
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
    ACCEPTED = (
        "accepted",
        _(
            "This invitation has been accepted already, or there is an account by now. "
            "Sign in instead."
        ),
    )
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
    return User.objects.of_address(invitation.email).first()


def is_claimable(user: User, invitation: Invitation, digest: str) -> bool:
    """Whether the reader of this very mail is to take the account over, with a new password.

    Somebody made it in the name of this address and never showed that it is theirs: an admin with
    the link shown to admins, or an identity provider. Whoever reads the address's mail is the one
    it belongs to. An operator's account is not had by an invitation.
    """
    if invitation.mailed_digest != digest or not user.is_active or user.is_superuser:
        return False
    return not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()


def accept(*, digest: str, user: User) -> Membership:
    """Make this person a member. Raises `InvitationRefused`; of two clicks at once one does it."""
    with across_all_organizations(), transaction.atomic():
        return _accept(digest, user)


def accept_with_password(*, digest: str, name: str, password: str, time_zone: str) -> User:
    """Make the invited person an account, or theirs the one that is, and a membership; or nothing.

    Raises `InvitationRefused`, also when there is by now an account that is somebody's.
    """
    try:
        with across_all_organizations(), transaction.atomic():
            invitation = get_invitation(digest)
            user = get_invited_user(invitation)
            if user is None:
                user = User(email=invitation.email, name=name, time_zone=time_zone)
                user.set_password(password)
                user.save(force_insert=True)
                record("user.added", organization=None, actor=user, target=user)
            else:
                user = _take_over(user.pk, invitation, digest, name=name, password=password)
            _accept(digest, user)
            if invitation.mailed_digest == digest:
                EmailAddress.objects.filter(user=user, email=user.email).update(verified=True)
    except IntegrityError as error:
        raise InvitationRefused(Refusal.ACCEPTED) from error
    return user


def _take_over(
    user_id: UUID, invitation: Invitation, digest: str, *, name: str, password: str
) -> User:
    """With a new password all sessions end; what else somebody could come back with goes too."""
    user = User.objects.select_for_update().get(pk=user_id)
    if not is_claimable(user, invitation, digest):
        raise InvitationRefused(Refusal.ACCEPTED)
    user.name = name
    user.set_password(password)
    user.save(update_fields=["name", "password"])
    factors, _each = Authenticator.objects.filter(user=user).delete()
    links, _each = SocialAccount.objects.filter(user=user).delete()
    record(
        "user.taken_over",
        organization=None,
        actor=user,
        target=user,
        second_factors_removed=factors,
        provider_links_removed=links,
    )
    return user


def _accept(digest: str, user: User) -> Membership:
    now = timezone.now()
    invitation = get_invitation(digest)
    if invitation.email != user.email:
        raise InvitationRefused(Refusal.OTHER_PERSON)
    # Whoever changes the row is the one who accepts; the other finds it changed.
    if not Invitation.objects.open(now).with_link(digest).update(accepted_at=now, mail_due_at=None):
        raise InvitationRefused(Refusal.ACCEPTED)
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True, "verified": False}
    )
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
    )
    if is_new:
        record(
            "membership.added",
            organization=invitation.organization,
            actor=user,
            target=membership,
            after={"role": membership.role, "is_active": True},
        )
    return membership


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
