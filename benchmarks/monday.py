"""Monday, nine o'clock: five thousand hosts of 500 organizations start within a minute (simulated).

    press -> a thread of ours -> our processor time -> Zoom's count of the second -> the answer

Real is what decides about Zoom's limits (`zoomauth.budget`): whether a read is made once more and
when, the turns of background work, and what a limit that was met does to it. Played are the clock,
Zoom, which counts calls by account and whole second, and our servers: threads, and one processor
for each worker's Python. How much of it a start and a page take is measured beforehand.
"""

import heapq
import itertools
import random
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.test import Client

from benchmarks.crowd import Seat, make_crowd, sign_in
from benchmarks.report import Figure, at_least, at_most, exactly, told
from benchmarks.servers import THREADS
from benchmarks.start import UPSTREAM_SECONDS
from benchmarks.zoom import zoom_sandbox
from tests.factories import ZoomAccountFactory
from zoomauth.budget import observe, pause_before_repeat, take_turn
from zoomauth.client import Heard, Label
from zoomauth.errors import ZoomPutOff, ZoomRateLimited
from zoomauth.models import ZoomAccount

HOSTS, ORGANIZATIONS = 5_000, 500
# Zoom's published limit of light calls on the Pro plan; a ZAK is one.
PER_SECOND = 30
# Worker processes, with a processor each; the figures are those of the most.
PROCESSES = (2, 4, 6, 8)
WAIT_SECONDS = 1.0
# Of the largest organizations so many import their Zoom users at that very minute.
IMPORTING = 3
# The whole start's, from when a thread takes it.
_DEADLINE = settings.ZOOM_DEADLINE
_NINE = datetime(2030, 1, 7, 9, tzinfo=UTC)


def measure_monday() -> list[Figure]:
    """The minute as it comes; and the control, all in five seconds, in which Zoom limits them."""
    with zoom_sandbox() as zoom:
        (seat,) = make_crowd(zoom, organizations=1, hosts=1)
        start, page = (_processor_time(seat, method) for method in ("post", "get"))
    accounts = ZoomAccountFactory.create_batch(IMPORTING)
    mornings = {
        workers: _Morning(accounts, start, page, within=60.0, processes=workers).play()
        for workers in PROCESSES
    }
    minute = mornings[PROCESSES[-1]]
    enough = [workers for workers in PROCESSES if mornings[workers].wait_p99 <= WAIT_SECONDS]
    # No time of ours in it: only Zoom's count can hold anybody up.
    rush = _Morning(accounts, 0.0, 0.0, within=5.0, processes=1, threads=HOSTS).play()
    return [
        told("herd.monday_processor_start", start * 1000, "ms"),
        told("herd.monday_processor_page", page * 1000, "ms"),
        exactly("herd.monday_started", minute.outcomes["started"], "hosts", HOSTS),
        exactly("herd.monday_5xx", minute.outcomes["late"], "hosts", 0),
        exactly("herd.monday_429", minute.outcomes["limited"], "hosts", 0),
        told("herd.monday_repeated", minute.repeated, "calls"),
        at_least("herd.monday_background", minute.background, "calls", 1),
        told("herd.monday_wait_p50", statistics.median(minute.waits) * 1000, "ms"),
        at_most("herd.monday_wait_p99", minute.wait_p99 * 1000, "ms", WAIT_SECONDS * 1000),
        told("herd.monday_processes", min(enough, default=-1), "workers"),
        at_least("herd.rush_limits_met", rush.repeated + rush.outcomes["limited"], "calls", 1),
        told("herd.rush_429", rush.outcomes["limited"], "hosts"),
    ]


def _processor_time(seat: Seat, method: str) -> float:
    """Seconds of Python that one request takes here and now; the database's are not in it."""
    client = Client()
    key = sign_in(seat.user, settings.AUTHENTICATION_BACKENDS[0])
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    taken = []
    for _ in range(25):
        before = time.process_time()
        answer = getattr(client, method)(f"/meetings/{seat.meeting.pk}/start/")
        taken.append(time.process_time() - before)
        assert answer.status_code == 200
    # The first ones make what is made once.
    return statistics.median(taken[5:])


@dataclass
class _Worker:
    """A gunicorn process: its threads, those who wait for one, and when Python is free again."""

    threads: int
    queue: deque[Callable[[], None]] = field(default_factory=deque)
    # Pages are opened before nine.
    free_at: float = -60.0


@dataclass
class _Morning:
    accounts: list[ZoomAccount]
    start: float
    page: float
    within: float
    processes: int
    threads: int = THREADS
    rng: random.Random = field(default_factory=lambda: random.Random(9))
    now: float = 0.0
    waits: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    background: int = 0

    def play(self) -> "_Morning":
        self.agenda: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.counted: Counter[tuple[int, int]] = Counter()
        self.workers = [_Worker(self.threads) for _ in range(self.processes)]
        for organization in _organizations():
            pressed = self.rng.uniform(0, self.within)
            self.at(pressed - self.rng.uniform(5, 30), self.open_page)
            self.at(pressed, lambda organization=organization: self.press(organization))
        for organization in range(IMPORTING):
            self.at(0.0, lambda organization=organization: self.import_users(organization))
        while self.agenda:
            self.now, _, act = heapq.heappop(self.agenda)
            act()
        return self

    def at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (moment, next(self.numbers), act))

    @property
    def clock(self) -> datetime:
        return _NINE + timedelta(seconds=self.now)

    @property
    def wait_p99(self) -> float:
        return sorted(self.waits)[int(0.99 * len(self.waits))]

    # --- Our servers ----------------------------------------------------------------------------

    def on_thread(self, act: Callable[[_Worker], None]) -> None:
        """Now, or when the worker that the connection came to has a thread."""
        worker = self.rng.choice(self.workers)
        if worker.threads:
            worker.threads -= 1
            act(worker)
        else:
            worker.queue.append(lambda: act(worker))

    def release(self, worker: _Worker) -> None:
        if worker.queue:
            worker.queue.popleft()()
        else:
            worker.threads += 1

    def compute(self, worker: _Worker, seconds: float, then: Callable[[], None]) -> None:
        """One thread at a time runs Python."""
        worker.free_at = max(self.now, worker.free_at) + seconds
        self.at(worker.free_at, then)

    def open_page(self) -> None:
        self.on_thread(lambda worker: self.compute(worker, self.page, lambda: self.release(worker)))

    # --- A start --------------------------------------------------------------------------------

    def press(self, organization: int) -> None:
        pressed = self.now

        def begin(worker: _Worker) -> None:
            start = _Start(self, worker, organization, pressed, deadline=self.now + _DEADLINE)
            self.compute(worker, self.start * 0.7, start.ask)

        self.on_thread(begin)

    def ask_zoom(self, organization: int) -> ZoomRateLimited | None:
        """Zoom counts the call, or refuses it and says when the next second begins."""
        key = organization, int(self.now)
        if self.counted[key] >= PER_SECOND:
            until = _NINE + timedelta(seconds=int(self.now) + 1)
            return ZoomRateLimited(call="users.token", retry_at=until, is_of_read=True)
        self.counted[key] += 1
        return None

    def observe(self, organization: int, error: ZoomRateLimited, *, in_background: bool) -> None:
        if organization < IMPORTING:
            heard = Heard("users.token", "", None, label=Label.LIGHT, error=error)
            account = self.accounts[organization]
            observe(account, heard, now=self.clock, in_background=in_background)

    # --- Background work ------------------------------------------------------------------------

    def import_users(self, organization: int) -> None:
        """Calls as fast as the budget gives turns, for as long as hosts come."""
        if self.now > self.within:
            return
        try:
            turn = take_turn(self.accounts[organization], Label.LIGHT, now=self.clock)
        except ZoomPutOff as error:
            again = (error.retry_at - _NINE).total_seconds()
            self.at(max(again, self.now + 0.1), lambda: self.import_users(organization))
            return
        self.at((turn - _NINE).total_seconds(), lambda: self.call_in_background(organization))

    def call_in_background(self, organization: int) -> None:
        self.background += 1
        error = self.ask_zoom(organization)
        if error is not None:
            self.observe(organization, error, in_background=True)
        self.at(self.now + UPSTREAM_SECONDS, lambda: self.import_users(organization))


@dataclass
class _Start:
    morning: _Morning
    worker: _Worker
    organization: int
    pressed: float
    deadline: float
    asked: int = 0

    def ask(self) -> None:
        """The call leaves; Zoom counts it as it arrives."""
        self.asked += 1
        error = self.morning.ask_zoom(self.organization)
        answered = self.morning.now + UPSTREAM_SECONDS
        if error is None:
            self.morning.at(answered, self.finish)
        else:
            self.morning.at(answered, lambda: self.hear(error))

    def hear(self, error: ZoomRateLimited) -> None:
        """A limit was met: once more after it, or the host is told."""
        morning = self.morning
        morning.observe(self.organization, error, in_background=False)
        pause = None
        if self.asked == 1:
            pause = pause_before_repeat(
                error,
                now=morning.clock,
                remaining=self.deadline - morning.now,
                random=morning.rng.random,
            )
        if pause is None:
            self.end("limited")
            return
        morning.repeated += 1
        morning.at(morning.now + pause, self.ask)

    def finish(self) -> None:
        late = self.morning.now > self.deadline
        outcome = "late" if late else "started"
        self.morning.compute(self.worker, self.morning.start * 0.3, lambda: self.end(outcome))

    def end(self, outcome: str) -> None:
        self.morning.outcomes[outcome] += 1
        self.morning.waits.append(self.morning.now - self.pressed)
        self.morning.release(self.worker)


def _organizations() -> list[int]:
    """Of each host the organization, by number; the n-th largest has an n-th of the largest."""
    weights = [1 / number for number in range(1, ORGANIZATIONS + 1)]
    whole = sum(weights)
    sizes = [round(HOSTS * weight / whole) for weight in weights]
    sizes[0] += HOSTS - sum(sizes)
    return [number for number, size in enumerate(sizes) for _ in range(size)]
