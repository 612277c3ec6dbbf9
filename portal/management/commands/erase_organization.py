"""`manage.py erase_organization`: export it, then erase it for good."""

import contextlib
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from portal.erasure import ErasureRefused, erase, mark_for_erasure
from portal.models import EXPORT_HOLDS_FOR, Organization
from portal.tenancy import across_all_organizations


class Command(BaseCommand):
    """Two calls. The second needs the first, and the organization's name once more."""

    help = (
        "Erase an organization. Deactivate it first. Then --export FILE writes what it has here, "
        "without secrets; and within 30 days --erase --confirm NAME deletes it: its rows, and the "
        "people who belong to no other organization. Its audit events stay. Meetings that are at "
        "Zoom stay there. Killed, --erase is simply run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization", help="The organization's name or id.")
        step = parser.add_mutually_exclusive_group(required=True)
        step.add_argument("--export", type=Path, metavar="FILE", help="Step 1; a new file.")
        step.add_argument("--erase", action="store_true", help="Step 2. There is no way back.")
        parser.add_argument("--confirm", default="", metavar="NAME", help="The name, for --erase.")

    def handle(self, **options: Any) -> None:
        with across_all_organizations():
            organization = _find(options["organization"])
            try:
                if options["erase"]:
                    self._erase(organization, options["confirm"])
                else:
                    self._export(organization, options["export"])
            except ErasureRefused as refused:
                raise CommandError(str(refused)) from refused

    def _export(self, organization: Organization, path: Path) -> None:
        try:
            erasure = mark_for_erasure(organization, path, timezone.now())
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{path} has what {organization.name} has here, without secrets.")
        self.stdout.write(f"SHA-256 {erasure.sha256}")
        self.stdout.write(
            f"Until {erasure.holds_until:%Y-%m-%d} ({EXPORT_HOLDS_FOR.days} days) it can be erased:"
            f' manage.py erase_organization {organization.pk} --erase --confirm "NAME"'
        )

    def _erase(self, organization: Organization, confirmed: str) -> None:
        if confirmed != organization.name:
            raise CommandError(f'Confirm it by its name: --confirm "{organization.name}".')
        name = organization.name
        erased = erase(organization, timezone.now(), self._tell)
        self.stdout.write(f"{name} is erased: {sum(erased.values())} rows. Its audit events stay.")

    def _tell(self, model: str, count: int) -> None:
        self.stdout.write(f"{model}: {count}")
        self.stdout.flush()


def _find(text: str) -> Organization:
    named = Q(name__iexact=text)
    with contextlib.suppress(ValueError):
        named |= Q(pk=UUID(text))
    found = list(Organization.objects.filter(named)[:2])
    if len(found) != 1:
        raise CommandError(f"There is no organization {text!r}." if not found else "Give its id.")
    return found[0]
