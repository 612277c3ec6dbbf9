"""A week of ten thousand accounts on a turned clock: the real sweep, a Zoom made of arithmetic.

    take_due (real, in the database) -> a worker with slots -> next_refresh (real) -> stored in bulk

What is played: the time that Zoom takes, the worker's slots, messages that are lost, and `begin`'s
rule, that a message whose duty was handed out again does nothing. Tokens are stored by one
statement for each sweep instead of one for each account.
"""

import os
import random
import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from benchmarks.databases import copied_database, using_database
from benchmarks.many_accounts import make_accounts
from benchmarks.report import Figure, at_most, exactly, told
from zoomauth.models import USABLE_MARGIN, AccessToken
from zoomauth.refresh_duty import Duty, take_due
from zoomauth.refresh_schedule import EARLIEST, LATEST, next_refresh

ACCOUNTS = int(os.environ.get("BENCH_WEEK_ACCOUNTS", "10000"))
DAYS = float(os.environ.get("BENCH_WEEK_DAYS", "2"))
# Zoom's, of each token.
LIFE = timedelta(hours=1)
# As docs/operations.md has the worker for refreshes. Zoom's time, and ours around it.
SLOTS = 2
SECONDS_EACH = 0.15 + 0.03
# Of the messages, so many are lost: a worker killed, Redis flushed.
LOST = 0.01


def measure_week() -> list[Figure]:
    """Token requests against the fewest possible, gaps between tokens, and the busiest second."""
    with copied_database("week") as name, using_database(name):
        accounts = make_accounts(ACCOUNTS)
        with connection.cursor() as cursor:
            # Nothing of this database outlives the run.
            cursor.execute("SET synchronous_commit = off")
        week = _Week(accounts, timezone.now())
        week.begin()
        sweeps = int(DAYS * 86_400 / settings.CELERY_BEAT_SCHEDULE["sweep"]["schedule"])
        for _ in range(sweeps):
            week.sweep()
    return week.figures()


@dataclass
class _Week:
    accounts: list[UUID]
    now: datetime
    rng: random.Random = field(default_factory=lambda: random.Random(9))
    ends: dict[UUID, datetime] = field(default_factory=dict)
    asked: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    gaps: int = 0
    waits: int = 0

    def begin(self) -> None:
        """As in the middle of any week: each token at another point of its life."""
        self.every = timedelta(seconds=settings.CELERY_BEAT_SCHEDULE["sweep"]["schedule"])
        self.begun, self.free = self.now, [self.now] * SLOTS
        # The control: an account whose messages are all lost must be seen to run out.
        self.planted = self.accounts[0]
        fresh = []
        for key in self.accounts:
            issued = self.now - LIFE * self.rng.uniform(0, EARLIEST)
            fresh.append((key, issued))
        self._store(fresh)

    def sweep(self) -> None:
        """One message of beat, and what follows from it until the next one."""
        fresh = []
        for duty in take_due(self.now):
            asked_at = self._work(duty)
            if asked_at is not None:
                self._look_back(duty.account_id, asked_at)
                fresh.append((duty.account_id, asked_at))
        self._store(fresh)
        self.now += self.every

    def _work(self, duty: Duty) -> datetime | None:
        """When the worker asks Zoom for this account; None when it never does."""
        if duty.account_id == self.planted or self.rng.random() < LOST:
            return None
        slot = min(range(SLOTS), key=self.free.__getitem__)
        begun = max(self.now, self.free[slot])
        if begun >= self.now + self.every:
            # By then it was handed out again; `begin` refuses.
            return None
        self.free[slot] = begun + timedelta(seconds=SECONDS_EACH)
        self.requests += 1
        self.asked[int((begun - self.begun).total_seconds())] += 1
        return begun

    def _look_back(self, key: UUID, asked_at: datetime) -> None:
        had_until = self.ends[key]
        self.gaps += asked_at > had_until
        self.waits += asked_at > had_until - USABLE_MARGIN

    def _store(self, fresh: list[tuple[UUID, datetime]]) -> None:
        if not fresh:
            return
        rows = []
        for key, asked_at in fresh:
            self.ends[key] = ends = asked_at + LIFE
            planned = next_refresh(issued_at=asked_at, expires_at=ends, rng=self.rng)
            rows.append((key, ends, max(planned, self.now)))
        keys, ends_at, planned_at = (list(column) for column in zip(*rows, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {AccessToken._meta.db_table} t SET expires_at = n.ends_at, "  # noqa: S608
                "next_refresh_at = n.planned_at, generation = generation + 1 "
                "FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) "
                "AS n(id, ends_at, planned_at) WHERE t.account_id = n.id",
                [keys, ends_at, planned_at],
            )

    def figures(self) -> list[Figure]:
        seconds = (self.now - self.begun).total_seconds()
        life, accounts = LIFE.total_seconds(), len(self.accounts)
        # With the ages at which the schedule wants them replaced.
        fewest = accounts * seconds / ((EARLIEST + LATEST) / 2 * life)
        over = sum(ends < self.now for ends in self.ends.values())
        planted = int(self.ends[self.planted] < self.now)
        per_second = [self.asked[second] for second in range(int(seconds))]
        peak = max(per_second) / statistics.mean(per_second)
        return [
            told("sweep.week_accounts", accounts, "accounts"),
            told("sweep.week_days", DAYS, "days"),
            at_most("sweep.week_requests", self.requests / fewest, "x fewest", 1.1),
            told("sweep.week_requests_in_a_life", self.requests * life / (seconds * accounts), ""),
            exactly("sweep.week_expired", self.gaps + over - planted, "tokens", 0),
            exactly("sweep.week_waits", self.waits, "tokens", 0),
            exactly("sweep.week_planted_seen", planted, "tokens", 1),
            at_most("sweep.week_peak_second", peak, "x mean", 3),
        ]
