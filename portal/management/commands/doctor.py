"""`manage.py doctor`: is this installation fit, and what is to be done about it?"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.doctor import Finding, Result
from portal.tenancy import across_all_organizations

_SIGNS = {Result.PASS: "ok  ", Result.FAIL: "FAIL", Result.NOT_CHECKED: "-   "}
_FAILED = 1


class Command(BaseCommand):
    """Prints what was found; the exit status is 1 if anything failed."""

    help = "Check settings, keys, files, database, broker and every Zoom account."
    # What the system checks say is part of what is found, and not a reason to stop.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fresh", action="store_true", help="Ask Zoom now, instead of telling the last check."
        )
        parser.add_argument("--json", action="store_true", help="Print a list in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        with across_all_organizations():
            for finding in _look(fresh=options["fresh"]):
                findings.append(finding)
                if not options["json"]:
                    self._print(finding)
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_json() for finding in findings], indent=2))
        if any(finding.result is Result.FAIL for finding in findings):
            sys.exit(_FAILED)

    def _print(self, finding: Finding) -> None:
        self.stdout.write(f"{_SIGNS[finding.result]} {finding.subject}: {finding.meaning}")
        if finding.fix and finding.result is not Result.PASS:
            self.stdout.write(f"       {finding.fix}")
        if finding.code or finding.tracking_id:
            self.stdout.write(f"       {finding.code} {finding.tracking_id}".rstrip())


def _look(*, fresh: bool) -> Iterator[Finding]:
    """All probes; one whose database is gone does not keep the others from being told."""
    for path in settings.DOCTOR_PROBES:
        probe: Callable[..., Iterator[Finding]] = import_string(path)
        try:
            yield from probe(fresh=fresh)
        except DatabaseError as error:
            meaning = _("The database did not let it be looked at.")
            yield Finding(path, Result.NOT_CHECKED, meaning, code=type(error).__name__)
