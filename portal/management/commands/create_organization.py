"""`manage.py create_organization`: an organization, its first admin and the link to sign in."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models, transaction
from django.urls import reverse

from portal.audit import record
from portal.models import Membership, Organization, User, normalize_address
from portal.tenancy import across_all_organizations

# Whoever first invited this address could have made it.
_UNCONFIRMED = (
    "There is an account for {}, but its address was never confirmed by mail, so it may be "
    "somebody else's. Ask this person whether it is theirs, and then add --account-is-theirs; or "
    "begin with another admin, who invites them by mail."
)


class Command(BaseCommand):
    """All of it or nothing; each part is audited."""

    help = (
        "Create an organization and its admin. A person who has no account yet gets one without a "
        "password, and the printed link sets it: once, and within three days."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The organization's name.")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="Who administers it.")
        parser.add_argument("--admin-name", default="", help="A new admin's name.")
        parser.add_argument(
            "--time-zone", default="UTC", help="A new admin's time zone, such as Europe/Berlin."
        )
        parser.add_argument(
            "--account-is-theirs",
            action="store_true",
            help="Take an existing account although its address was never confirmed by mail.",
        )

    def handle(
        self,
        *,
        name: str,
        admin: str,
        admin_name: str,
        time_zone: str,
        account_is_theirs: bool,
        **options: Any,
    ) -> None:
        with across_all_organizations(), transaction.atomic():
            organization = Organization(name=name.strip())
            _check(organization)
            organization.save(force_insert=True)
            record("organization.added", organization=organization, actor=None, target=organization)
            new = User(email=normalize_address(admin), name=admin_name.strip(), time_zone=time_zone)
            user = self._get_admin(new, trusted=account_is_theirs)
            membership = Membership(
                organization=organization, user=user, role=Membership.Role.ADMIN
            )
            membership.save(force_insert=True)
            record("membership.added", organization=organization, actor=None, target=membership)
        self.stdout.write(f"{organization.name} is there; {user.email} administers it.")
        if user.has_usable_password():
            self.stdout.write("They have an account already and sign in as before.")
        else:
            self.stdout.write("Give them this link, with which they choose a password once:")
            self.stdout.write(_make_password_link(user))

    def _get_admin(self, new: User, *, trusted: bool) -> User:
        """The person with this address, as they are, or the new one without a password."""
        new.set_unusable_password()
        user = User.objects.of_address(new.email).first()
        if user is None:
            _check(new)
            new.save(force_insert=True)
            record("user.added", organization=None, actor=None, target=new)
            return new
        if not user.is_active:
            raise CommandError(f"{user.email} is deactivated. Activate them first.")
        if not trusted and _may_be_somebody_elses(user):
            raise CommandError(_UNCONFIRMED.format(user.email))
        return user


def _may_be_somebody_elses(user: User) -> bool:
    """Whether somebody can sign in to it who has never shown that the address is theirs."""
    if EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        return False
    ways = (Authenticator.objects.filter(user=user), SocialAccount.objects.filter(user=user))
    return user.has_usable_password() or any(rows.exists() for rows in ways)


def _check(row: models.Model) -> None:
    """Raise `CommandError` with every reason why this row cannot be saved."""
    try:
        row.full_clean()
    except ValidationError as error:
        reasons = [
            f"{field}: {message}" if field != "__all__" else message
            for field, messages in error.message_dict.items()
            for message in messages
        ]
        raise CommandError("\n".join(reasons)) from error


def _make_password_link(user: User) -> str:
    """The address of allauth's own page; PASSWORD_RESET_TIMEOUT says how long it holds."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return f"{settings.BASE_URL}{path}"
