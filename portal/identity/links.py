"""Who comes in through an organization's identity provider, and who linked themselves to it.

A link is (provider, subject) -> user. Nothing else leads to an existing user: a provider may name
any e-mail address it likes.
"""

from dataclasses import dataclass, field

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from portal.audit import record
from portal.models import AuditEvent, IdentityProvider, Membership, User
from portal.reauthentication import is_recent
from portal.tenancy import across_all_organizations


class Refusal(models.TextChoices):
    """Why somebody does not come in, or is not linked, each with what to do."""

    # One sentence for "nobody here" and "the address is taken": it must not tell who has one.
    UNKNOWN = (
        "unknown",
        _(
            "Nobody here is linked to this sign-in. If you have an account, sign in with your "
            "password and link it under “Your account”. Otherwise ask your organization's "
            "administrator."
        ),
    )
    NOT_A_MEMBER = (
        "not_a_member",
        _("You are not an active member of this organization. Ask its administrator."),
    )
    OPERATOR = "operator", _("Operators of the portal sign in with their password.")
    TAKEN = "taken", _("This sign-in is linked to somebody else. Ask your administrator.")
    LINKED = "linked", _("You have linked this sign-in already. Unlink it first.")
    STALE = "stale", _("That took too long. Start again under “Your account”.")
    NOT_ASKED = (
        "not_asked",
        _(
            "You were to show again who you are, but your organization's provider did not ask you, "
            "or does not say when it last did. Sign out there and try again. If that does not "
            "help, sign in here with your password, or tell your administrator that the provider "
            "has to answer prompt=login and to send auth_time."
        ),
    )
    SIGNED_OUT = "signed_out", _("You were signed out meanwhile. Sign in and start again.")


class SignInRefused(Exception):
    """Somebody the provider vouches for does not come in."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True)
class Assertion:
    """What a provider says of the person in front of it."""

    provider: IdentityProvider
    subject: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    # When the person last showed the provider who they are; None if it does not tell.
    authenticated_at: float | None = None


def admit(assertion: Assertion, *, asked_again: bool = False) -> SocialAccount:
    """The link by which this person comes in; made, if the provider adds people.

    `asked_again`: they were sent to show once more who they are. Raises `SignInRefused`; a refusal
    is audited.
    """
    account = _find(assertion)
    try:
        if asked_again and not is_recent(assertion.authenticated_at):
            raise SignInRefused(Refusal.NOT_ASKED)
        if account is None:
            return _add_member(assertion)
        _refuse_unless_member(account.user, assertion.provider)
    except SignInRefused as refused:
        record(
            "login.denied",
            organization=assertion.provider.organization,
            actor=account.user if account else None,
            target=assertion.provider,
            result=AuditEvent.Result.DENIED,
            reason=refused.refusal.value,
        )
        raise
    return account


def link(assertion: Assertion, user: User) -> SocialAccount:
    """Link `user`, who is signed in and confirmed it, to who the provider says they are.

    Raises `SignInRefused`.
    """
    _refuse_unless_member(user, assertion.provider)
    with transaction.atomic():
        # One after the other: the table is allauth's and allows a person two links to a provider.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        found = _find(assertion)
        if found is not None and found.user_id != user.pk:
            raise SignInRefused(Refusal.TAKEN)
        if found is not None or links_of(user).filter(provider=str(assertion.provider.pk)).exists():
            raise SignInRefused(Refusal.LINKED)
        account = _make(assertion, user)
        record(
            "identity.linked",
            organization=assertion.provider.organization,
            actor=user,
            target=assertion.provider,
        )
    return account


def unlink(account: SocialAccount, provider: IdentityProvider | None) -> None:
    """End a link; its provider may be gone."""
    with transaction.atomic():
        record(
            "identity.unlinked",
            organization=provider.organization if provider else None,
            actor=account.user,
            target=provider,
        )
        account.delete()


def links_of(user: User) -> models.QuerySet[SocialAccount]:
    rows: models.QuerySet[SocialAccount] = SocialAccount.objects.filter(user=user)
    return rows


def _find(assertion: Assertion) -> SocialAccount | None:
    found: SocialAccount | None = (
        SocialAccount.objects.select_related("user")
        .filter(provider=str(assertion.provider.pk), uid=assertion.subject)
        .first()
    )
    return found


def _make(assertion: Assertion, user: User) -> SocialAccount:
    try:
        with transaction.atomic():
            account: SocialAccount = SocialAccount.objects.create(
                user=user, provider=str(assertion.provider.pk), uid=assertion.subject
            )
    except IntegrityError:
        # Somebody else was faster.
        raise SignInRefused(Refusal.TAKEN) from None
    return account


def _refuse_unless_member(user: User, provider: IdentityProvider) -> None:
    if user.is_superuser:
        raise SignInRefused(Refusal.OPERATOR)
    with across_all_organizations():
        membership = Membership.objects.filter(
            user=user, user__is_active=True, organization=provider.organization_id, is_active=True
        )
        if not membership.exists():
            raise SignInRefused(Refusal.NOT_A_MEMBER)


def _add_member(assertion: Assertion) -> SocialAccount:
    """A new user without a password, whose address nobody has verified."""
    provider = assertion.provider
    if not provider.creates_members or not _is_free(assertion.email):
        raise SignInRefused(Refusal.UNKNOWN)
    try:
        with transaction.atomic(), across_all_organizations():
            user = User.objects.create_user(assertion.email, name=assertion.name[:150].strip())
            membership = Membership(organization=provider.organization, user=user)
            membership.save(force_insert=True)
            account = _make(assertion, user)
            record(
                "membership.added",
                organization=provider.organization,
                actor=user,
                target=membership,
                by="identity_provider",
            )
    except IntegrityError:
        raise SignInRefused(Refusal.UNKNOWN) from None
    return account


def _is_free(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= 254 and not User.objects.of_address(email).exists()
