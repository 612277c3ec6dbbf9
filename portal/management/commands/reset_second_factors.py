"""`manage.py reset_second_factors`: for a person who has lost phone and recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from portal.audit import organizations_of, record
from portal.models import User
from portal.notices import tell_of_reset_factors
from portal.signing_out import sign_out_everywhere
from portal.tenancy import across_all_organizations


class Command(BaseCommand):
    """All of it or nothing; audited, and the person is told."""

    help = (
        "Remove a person's second factors (authenticator app, passkeys, recovery codes) and end "
        "their sessions. Afterwards the password alone lets them in, so make sure who asks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address the person signs in with.")

    def handle(self, *, email: str, **options: Any) -> None:
        with across_all_organizations(), transaction.atomic():
            # Exactly: another spelling may be another person's.
            user = User.objects.filter(email=email.strip().lower()).first()
            if user is None:
                raise CommandError(f"Nobody signs in as {email}.")
            factors = Authenticator.objects.filter(user=user)
            methods = sorted(factors.values_list("type", flat=True))
            if not methods:
                raise CommandError(f"{user.email} has no second factor.")
            factors.delete()
            ended = sign_out_everywhere(user)
            for organization in organizations_of(user):
                record(
                    "second_factor.reset",
                    organization=organization,
                    actor=None,
                    target=user,
                    methods=methods,
                    sessions_ended=ended,
                )
            tell_of_reset_factors(user)
        self.stdout.write(
            f"{user.email} has no second factor any more ({', '.join(methods)}), and is signed out "
            f"everywhere ({ended})."
        )
