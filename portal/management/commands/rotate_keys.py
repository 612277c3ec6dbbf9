"""`manage.py rotate_keys`: seal everything anew under the first of the SEALING_KEYS."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.audit import record
from portal.models import AuditEvent
from portal.rotation import Rotation, Sealing, all_sealings, rotate
from portal.sealing import reading_keys, writing_key
from portal.tenancy import across_all_organizations

_NOT_ALL = 1


class Command(BaseCommand):
    """Killed at any moment, it is simply run again. The exit status is 1 if something is left."""

    help = (
        "Seal every secret anew under the first key of SEALING_KEYS. Before: put the new key first,"
        " keep the old ones behind it, and restart everything that runs. Meetings can be started "
        "meanwhile. After: when nothing is left, take the old keys out and restart again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Only count, for each column and key."
        )
        parser.add_argument("--batch-size", type=int, default=200, help="Rows read at a time.")

    def handle(self, *, dry_run: bool, batch_size: int, **options: Any) -> None:
        with across_all_organizations():
            if dry_run:
                self._count()
                return
            self._rotate(max(1, batch_size))

    def _count(self) -> None:
        self.stdout.write(f"Writing key: {writing_key()}")
        for sealing in all_sealings():
            by_key = sealing.count_by_key()
            counts = ", ".join(f"{key} {count}" for key, count in by_key.items())
            self.stdout.write(f"{sealing}: {counts or 'nothing'}")

    def _rotate(self, batch_size: int) -> None:
        # Before the first row is touched, so that a run that is killed is in the trail too.
        keys: dict[str, Any] = {"key": writing_key(), "keys": reading_keys()}
        record("keys.rotation_begun", organization=None, actor=None, **keys)
        rotation = rotate(batch_size=batch_size, tell=self._tell)
        left = {str(sealing): sealing.left().count() for sealing in all_sealings()}
        left = {name: count for name, count in left.items() if count}
        record(
            "keys.rotated",
            organization=None,
            actor=None,
            result=AuditEvent.Result.FAILED if left else AuditEvent.Result.DONE,
            done=dict(rotation.done),
            left=left,
            broken=rotation.broken[:100],
            **keys,
        )
        self._conclude(rotation, left)

    def _tell(self, sealing: Sealing, done: int, total: int) -> None:
        self.stdout.write(f"{sealing}: {done} of {total}")
        self.stdout.flush()

    def _conclude(self, rotation: Rotation, left: dict[str, int]) -> None:
        for row in rotation.broken:
            self.stderr.write(f"{row} cannot be unsealed: enter it again, or delete the row.")
        if left:
            for name, count in left.items():
                self.stderr.write(f"{name}: {count} not under {writing_key()}. Keep the old keys.")
            sys.exit(_NOT_ALL)
        self.stdout.write(f"Everything is under {writing_key()}. The other keys can be taken out.")
