"""A worker at work: ``python -m benchmarks.refreshing`` refreshes accounts by the real task.

In a process of its own with production settings. Account ids come as JSON on standard input; after
each part of the work one line of JSON goes to standard output.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import django

django.setup()

from django.utils import timezone

from zoomauth.models import AccessToken
from zoomauth.refresh_duty import take_due
from zoomauth.tasks import refresh_access_token

PARTS = 10


def refresh(accounts: list[UUID]) -> int:
    """One round over all accounts, as sweep and worker do it; returns how many got a new token."""
    now = timezone.now()
    AccessToken.objects.filter(pk__in=accounts).update(next_refresh_at=now - timedelta(seconds=1))
    before = _generations(accounts)
    for duty in take_due(now, limit=len(accounts)):
        refresh_access_token(str(duty.account_id), duty.taken_until.isoformat())
    return _generations(accounts) - before


def _generations(accounts: list[UUID]) -> int:
    rows = AccessToken.objects.filter(pk__in=accounts)
    return sum(rows.values_list("generation", flat=True))


def read_memory() -> float:
    """This process's proportional set size in MB (proc(5), smaps_rollup)."""
    text = Path("/proc/self/smaps_rollup").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) / 1024


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    accounts = [UUID(key) for key in plan["accounts"]]
    rounds = plan["refreshes"] // len(accounts) // PARTS
    for _ in range(PARTS):
        done = sum(refresh(accounts) for _ in range(rounds))
        sys.stdout.write(json.dumps({"refreshed": done, "pss": read_memory()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
