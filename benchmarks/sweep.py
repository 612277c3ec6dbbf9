"""The sweep of access tokens: what it costs is what is due, not how many accounts there are."""

import statistics
import time
from contextlib import ExitStack
from uuid import UUID

from django.db import connection
from django.utils import timezone

from benchmarks.databases import copied_database, using_database
from benchmarks.many_accounts import make_accounts, make_due
from benchmarks.report import BUILD, Figure, at_most, exactly, told
from benchmarks.rounds import ROUNDS
from portal.celery import app
from zoomauth.tasks import sweep_access_tokens

SIZES = (100, 10_000)
DUE = 10
SWEEPS = 20


def measure_sweep() -> list[Figure]:
    """Both sizes in turn: ten due, taken, and handed to the broker."""
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    wrong = 0
    with ExitStack() as held:
        accounts: dict[int, list[UUID]] = {}
        names = {size: held.enter_context(copied_database(f"sweep_{size}")) for size in SIZES}
        for size, name in names.items():
            with using_database(name):
                accounts[size] = make_accounts(size)
                if size == SIZES[-1]:
                    _write_plan()
        for _ in range(ROUNDS):
            for size, name in names.items():
                with using_database(name):
                    seconds, odd = _sweep(accounts[size])
                    taken[size].append(seconds)
                    wrong += odd
    app.control.purge()
    few, many = (statistics.median(taken[size]) * 1000 for size in SIZES)
    return [
        told("sweep.of_100_accounts", few, "ms"),
        told("sweep.of_10000_accounts", many, "ms"),
        at_most("sweep.growth", many / few, "x", 1.5),
        exactly("sweep.wrongly_taken", wrong, "accounts", 0),
    ]


def _sweep(accounts: list[UUID]) -> tuple[float, int]:
    """Seconds of one sweep, the median of some; and how many accounts too many or too few."""
    seconds, wrong = [], 0
    for number in range(SWEEPS + 1):
        due = [accounts[(number * DUE + n) % len(accounts)] for n in range(DUE)]
        make_due(due, timezone.now())
        before = time.perf_counter()
        wrong += abs(sweep_access_tokens() - DUE)
        seconds.append(time.perf_counter() - before)
        # As their refreshes would.
        make_due(due, timezone.now() + timezone.timedelta(days=365))
    # The first one opened the connections.
    return statistics.median(seconds[1:]), wrong


def _write_plan() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT account_id FROM zoomauth_accesstoken WHERE next_refresh_at <= now() "
            "ORDER BY next_refresh_at LIMIT 500 FOR UPDATE SKIP LOCKED"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    (BUILD / "bench-sweep-plan.txt").write_text(plan + "\n")
