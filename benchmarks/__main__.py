"""`make bench`: prints a table of figures and writes build/bench.json.

Runs the portal as production does (gunicorn, threads) on the best database that answers, against
the Zoom sandbox with a fixed latency. `python -m benchmarks start lists` runs these parts alone;
BENCH_ROUNDS=1 is a quick look, not a measurement.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test.utils import (
    get_runner,
    setup_test_environment,
    teardown_test_environment,
)

from benchmarks.cold_start import measure_cold_start
from benchmarks.databases import copied_database, using_database
from benchmarks.green_room import measure_green_room
from benchmarks.lists import measure_lists
from benchmarks.memory import measure_memory
from benchmarks.monday import measure_monday
from benchmarks.report import Figure, write_report
from benchmarks.samples import measure_samples
from benchmarks.sandbox import measure_sandbox
from benchmarks.servers import free_connections
from benchmarks.start import measure_start
from benchmarks.sweep import measure_sweep
from benchmarks.week import measure_week
from portal.tenancy import across_all_organizations
from tests.server import collect_static

# In this order; each part begins with a sandbox and an empty database of its own.
PARTS: dict[str, Callable[[], list[Figure]]] = {
    "sandbox": measure_sandbox,
    "start": measure_start,
    "cold_start": measure_cold_start,
    "samples": measure_samples,
    "lists": measure_lists,
    "sweep": measure_sweep,
    "memory": measure_memory,
    "week": measure_week,
    "monday": measure_monday,
    "green_room": measure_green_room,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(PARTS)
    if unknown:
        raise SystemExit(f"No such part: {', '.join(sorted(unknown))}. Parts: {', '.join(PARTS)}")
    if connection.vendor != "postgresql":
        raise SystemExit("The benchmarks need PostgreSQL, as production has it; none answers here.")
    collect_static()
    figures: list[Figure] = []
    with _database():
        for name in names or PARTS:
            before = time.monotonic()
            with copied_database(name) as database, using_database(database):
                figures += PARTS[name]()
            sys.stdout.write(f"{name}: {time.monotonic() - before:.0f} s\n")
            sys.stdout.flush()
    return write_report("bench", figures)


@contextmanager
def _database() -> Iterator[None]:
    """An empty database of this run's own, with the queries of every organization open to it."""
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with across_all_organizations():
            yield
    finally:
        # What a part that broke off has left must not keep the database.
        free_connections()
        runner.teardown_databases(databases)
        teardown_test_environment()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
