"""`manage.py prune_audit`: the one way in which audit events are deleted."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from portal.append_only import lifted
from portal.audit import record
from portal.models import AuditEvent
from portal.tenancy import across_all_organizations

PRUNED = "audit.pruned"
# Nobody who has just done something takes the trace of it away.
KEPT_AT_LEAST = timedelta(days=90)


class Command(BaseCommand):
    """In parts, each a transaction of its own: while one goes on, nothing can be audited."""

    help = (
        "Delete the audit events before a day (UTC). Those of the last 90 days stay, and so do the "
        "events that tell of the pruning itself. Killed, it is simply run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before", required=True, type=date.fromisoformat, help="A day, like 2026-01-31."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count.")
        parser.add_argument("--batch-size", type=int, default=10_000, help="Events at a time.")

    def handle(self, *, before: date, dry_run: bool, batch_size: int, **options: Any) -> None:
        until = datetime.combine(before, time.min, tzinfo=UTC)
        if until > timezone.now() - KEPT_AT_LEAST:
            raise CommandError(f"Events of the last {KEPT_AT_LEAST.days} days stay.")
        with across_all_organizations():
            if dry_run:
                self.stdout.write(f"{_old(until).count()} events before {before}.")
                return
            deleted = 0
            while part := _prune_part(until, max(1, batch_size)):
                deleted += part
                self.stdout.write(f"{deleted} events deleted.")
                self.stdout.flush()
        self.stdout.write(f"No event before {before} is left.")


def _old(until: datetime) -> QuerySet[AuditEvent]:
    rows: QuerySet[AuditEvent] = AuditEvent.objects.filter(at__lt=until).exclude(action=PRUNED)
    return rows


def _prune_part(until: datetime, size: int) -> int:
    """Delete the oldest events and tell of it, or neither; how many."""
    if not _old(until).exists():
        return 0
    with lifted(AuditEvent):
        oldest = list(_old(until).order_by("at", "pk").values_list("pk", "at")[:size])
        AuditEvent.objects.filter(pk__in=[key for key, _ in oldest]).delete()
        if oldest:
            record(
                PRUNED,
                organization=None,
                actor=None,
                count=len(oldest),
                first=oldest[0][1].isoformat(),
                last=oldest[-1][1].isoformat(),
                before=until.isoformat(),
            )
    return len(oldest)
