"""Start and host home over HTTP while the portal grows from one meeting to a million."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.crowd import Seat, sign_in
from benchmarks.databases import copied_database, using_database
from benchmarks.growth import grow
from benchmarks.load import Measured, Plan, measure
from benchmarks.report import BUILD, Figure, at_most, exactly, told
from benchmarks.rounds import Rounds, take_turns
from benchmarks.servers import serving
from benchmarks.zoom import zoom_sandbox
from tests.sandbox import Sandbox

SIZES = (1, 1_000, 100_000, 1_000_000)
# What the others are compared with.
BASE = 1_000
# By page, what every good answer has in it.
PAGES = {"start": '"signature"', "home": 'id="next-title"'}
WARM_UP, SECONDS = 0.3, 1.2
PLANS = BUILD / "bench-plans.txt"


@dataclass(frozen=True)
class _Portal:
    port: int
    wires: dict[str, str]

    def ask(self, page: str) -> Measured:
        """One person who opens this page again and again."""
        wire, word = [self.wires[page]], PAGES[page]
        return measure(
            Plan(self.port, wire, 1, warm_up=WARM_UP, seconds=SECONDS, close=True, contains=word)
        )


def measure_lists() -> list[Figure]:
    """All sizes in turn, each in a database and a server of its own; Zoom answers at once.

    With Zoom's own time in it, a start would look flat whatever the database did.
    """
    with zoom_sandbox() as zoom, ExitStack() as held:
        portals = {size: held.enter_context(_portal(zoom, size)) for size in SIZES}
        rounds = take_turns(
            {
                f"{page} {size}": lambda portal=portal, page=page: portal.ask(page)
                for size, portal in portals.items()
                for page in PAGES
            }
        )
    figures = [figure for page in PAGES for figure in _figures_of(page, rounds)]
    return [*figures, exactly("lists.failed_answers", rounds.failed, "answers", 0)]


def _figures_of(page: str, rounds: Rounds) -> list[Figure]:
    base = rounds.p50(f"{page} {BASE}")
    others = [
        at_most(f"lists.{page}_{size}", rounds.p50(f"{page} {size}") / base, f"x {BASE:,}", 1.3)
        for size in SIZES
        if size != BASE
    ]
    return [told(f"lists.{page}_{BASE}_p50", base * 1000, "ms"), *others]


@contextmanager
def _portal(zoom: Sandbox, size: int) -> Iterator[_Portal]:
    home = connection.settings_dict["NAME"]
    with copied_database(f"lists_{size}") as name, using_database(name):
        seat = grow(zoom, size)
        if size == SIZES[-1]:
            _write_plans(seat)
        wires = {"start": seat.starts(), "home": seat.gets("/meetings/")}
        # The server stays on the copy; this process goes on to make the next one.
        with serving(workers=1, threads=4) as port, using_database(home):
            yield _Portal(port, wires)


def _write_plans(seat: Seat) -> None:
    """How the database goes about the statements of the list, for whoever finds it slow."""
    client = Client()
    key = sign_in(seat.user, settings.AUTHENTICATION_BACKENDS[0])
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    with CaptureQueriesContext(connection) as seen:
        client.get("/meetings/")
    asked = [query["sql"] for query in seen.captured_queries if "meetings_meeting" in query["sql"]]
    with PLANS.open("w") as plans, connection.cursor() as cursor:
        for statement in asked:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}")
            lines = "\n".join(row[0] for row in cursor.fetchall())
            plans.write(f"{statement}\n\n{lines}\n\n\n")
