"""`make trust`: the guarantees as figures. Prints a table and writes build/trust.json.

What a test counts it hands over with `record_property`; a figure of "0 found" stands beside the
positive control that the same search passed.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.report import Figure, at_least, at_most, exactly, write_report
from tests.planted_faults import FAULTS, ROOT, passes_unplanted, plant

FIGURE = re.compile(r"G\d+\.")
TESTS = (
    "tests/test_permissions.py",
    "tests/test_admin_sweep.py",
    "tests/test_secrets.py",
    "tests/zoomauth/test_tokens.py",
    "tests/zoomauth/test_token_storms.py",
    "tests/zoomauth/test_worker_kills.py",
    "tests/test_broker_outages.py",
    "tests/token_kills.py",
    "tests/zoomauth/test_webhooks.py",
    "tests/zoomauth/test_bad_day.py",
    "tests/meetings/test_bad_day.py",
    "tests/bad_day.py",
    "tests/test_revocation.py",
    "tests/portal/test_rotate_keys.py",
)


def main() -> int:
    return write_report("trust", [*_suite_figures(), *_planted_fault_figures()])


def _suite_figures() -> list[Figure]:
    counted = run_and_count(*TESTS)
    return [
        exactly("suite.failed", counted["failed"], "tests", 0),
        at_least("G1.cells", counted["G1.cells"], "cells", 700),
        exactly("G1.failed_cells", counted["test_permissions"], "routes", 0),
        at_least("G1.admin_cells", counted["G1.admin_cells"], "cells", 6000),
        exactly("G2.admin_leaks", counted["G2.admin_leaks"], "leaks", 0),
        exactly("G2.admin_foreign_changes", counted["G2.admin_foreign_changes"], "rows", 0),
        at_least("G2.admin_planted_found", counted["G2.admin_planted_found"], "leaks", 10),
        at_least("G4.secrets_searched", counted["G4.secrets_searched"], "secrets", 15),
        exactly("G4.zak_leaks", counted["G4.zak_leaks"], "leaks", 0),
        exactly("G4.planted_leaks_found", counted["G4.planted_leaks_found"], "sinks", 5),
        at_least("G8.tampered_deliveries", counted["G8.tampered_deliveries"], "sent", 1000),
        exactly("G5.late_zak_calls", counted["G5.late_zak_calls"], "calls", 0),
        at_least("G5.raced_starts", counted["G5.raced_starts"], "starts", 240),
        at_least("G6.secrets_planted", counted["G6.secrets_planted"], "secrets", 20),
        exactly("G6.dump_leaks", counted["G6.dump_leaks"], "leaks", 0),
        at_least(
            "G6.planted_dump_leaks_found", counted["G6.planted_dump_leaks_found"], "leaks", 120
        ),
        exactly("G7.kills", counted["G7.kills"], "kills", 20),
        exactly("G7.failed_starts", counted["G7.failed_starts"], "starts", 0),
        exactly("G7.rows_on_the_old_key", counted["G7.rows_on_the_old_key"], "rows", 0),
        exactly("G8.tampered_accepted", counted["G8.tampered_accepted"], "taken", 0),
        exactly("G8.rows_of_a_hundred_replays", counted["G8.rows_of_a_hundred_replays"], "rows", 1),
        *_token_figures(counted),
        *_bad_day_figures(counted),
        *_sqlite_figures(),
    ]


def _token_figures(counted: dict[str, float]) -> list[Figure]:
    """200 calls are 4 processes of 50 threads; on PostgreSQL they share 32 connections."""
    return [
        exactly("G9.cold_starts", counted["G9.cold_starts"], "answered", 200),
        *(
            exactly(f"G9.{name}", counted[f"G9.{name}"], "requests", number)
            for name, number in (
                ("token_requests", 1),
                ("token_requests_at_expiry", 1),
                ("token_requests_at_401", 1),
                ("token_requests_refused", 1),
                ("token_requests_of_200_accounts", 200),
            )
        ),
        at_most(
            "G9.seconds_after_a_killed_minter",
            counted["G9.seconds_after_a_killed_minter"], "s", 15,
        ),
        exactly("G10.kills", counted["G10.kills"], "kills", 20),
        at_most("G10.slowest_recovery", counted["G10.slowest_recovery"], "s", 60),
        exactly(
            "G10.calls_with_an_ended_token", counted["G10.calls_with_an_ended_token"], "calls", 0
        ),
        exactly(
            "G10.planted_ended_token_found", counted["G10.planted_ended_token_found"], "calls", 1
        ),
        at_least("G10.starts", counted["G10.starts"], "starts", 200),
        exactly("G10.failed_starts", counted["G10.failed_starts"], "starts", 0),
        exactly("G11.answers_without_redis", counted["G11.answers_without_redis"], "answers", 20),
        at_most("G11.slowest_answer", counted["G11.slowest_answer"], "s", 5),
        exactly("G11.recoveries", counted["G11.recoveries"], "recoveries", 2),
    ]  # fmt: skip


def _sqlite_figures() -> list[Figure]:
    """The storms once more, where one writer at a time is all there is."""
    counted = run_and_count("tests/zoomauth/test_token_storms.py", TEST_DATABASE="sqlite")
    return [
        exactly("G9.failed_on_sqlite", counted["failed"], "tests", 0),
        exactly("G9.token_requests_on_sqlite", counted["G9.token_requests"], "requests", 1),
    ]


def _bad_day_figures(counted: dict[str, float]) -> list[Figure]:
    """A cell is one kind of failure at one call; the last three are of a web process."""
    return [
        at_least("G12.cells", counted["G12.cells"], "cells", 150),
        exactly("G12.leaks", counted["G12.leaks"], "leaks", 0),
        at_least("G12.creates_that_failed", counted["G12.creates_that_failed"], "creates", 34),
        exactly("G12.repeated_creates", counted["G12.repeated_creates"], "creates", 0),
        exactly("G12.server_errors", counted["G12.server_errors"], "answers", 0),
        at_least("G12.slow_pages", counted["G12.slow_pages"], "pages", 27),
        at_most("G12.other_tenants_slowest", counted["G12.other_tenants_slowest"], "s", 3),
        at_most("G12.slowest_page", counted["G12.slowest_page"], "s", 8),
        exactly("G12.threads_held", counted["G12.threads_held"], "of 32", 24),
        at_most(
            "G12.other_tenants_median_ratio", counted["G12.other_tenants_median_ratio"], "x", 1.25
        ),
    ]


def run_and_count(*tests: str, **environment: str) -> dict[str, float]:
    """Failures by file, and what the tests hand over as figures."""
    counted: dict[str, float] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # The newer form of report has no place for what tests hand over.
        form = ("-o", "junit_family=xunit1", f"--junitxml={report}")
        command = [sys.executable, "-m", "pytest", "-q", *form, *tests]
        subprocess.run(command, cwd=ROOT, timeout=1800, env={**os.environ, **environment})
        suite = ElementTree.parse(report).getroot()[0]  # noqa: S314 - our own
    for case in suite.iter("testcase"):
        red = case.find("failure") is not None or case.find("error") is not None
        counted[case.attrib["classname"].rpartition(".")[2]] += red
    counted["failed"] = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    for entry in suite.iter("property"):
        # Libraries hand over things of their own.
        if FIGURE.match(entry.attrib["name"]):
            counted[entry.attrib["name"]] += float(entry.attrib["value"])
    return counted


def _planted_fault_figures() -> list[Figure]:
    unplanted = exactly("planted_faults.control", int(passes_unplanted()), "passes", 1)
    caught = 0
    for fault in FAULTS:
        red = plant(fault)
        caught += red
        sys.stdout.write(f"{'caught' if red else 'MISSED'}: {fault.name}\n")
        sys.stdout.flush()
    return [unplanted, exactly("planted_faults.caught", caught, "faults", len(FAULTS))]


if __name__ == "__main__":
    sys.exit(main())
