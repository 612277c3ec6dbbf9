"""One run of the contract: its target, its record, and what the cases share."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.contract.meetings import Meetings
from tests.contract.outcomes import describe_progress, judge
from tests.contract.record import Record
from tests.contract.says import get_claim
from tests.contract.stage import Stage, find_obstacle, make_host, run_chromium, run_portal
from tests.contract.target import Target, make_sandbox_target, read_live
from tests.contract.wire import Wire
from tests.sandbox import Sandbox

RECORD = pytest.StashKey[Record]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RECORD] = Record()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    report = yield
    record = item.config.stash[RECORD]
    outcome = judge(item, call, report)
    if outcome and (outcome.outcome != "passed" or item.name not in record.outcomes):
        record.outcomes[item.name] = outcome
    if report.when == "teardown":
        _say(item.config, describe_progress(item.name, record.outcomes.get(item.name)))
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    claims = session.config.stash[RECORD].claims
    for item in session.items:
        if claim := get_claim(getattr(item, "function", None)):
            claims.setdefault(item.path.stem, {})[item.name] = claim


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # Last, because an interrupted run deletes its meetings only here.
    path = os.environ.get("CONTRACT_RECORD")
    if path:
        session.config.stash[RECORD].save(Path(path))


def _say(config: pytest.Config, line: str) -> None:
    """Tell `make live` how far it is; nobody else reads these lines."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if "CONTRACT_RECORD" in os.environ and terminal:
        terminal.write_line(line)


@pytest.fixture(scope="session")
def record(pytestconfig: pytest.Config) -> Record:
    return pytestconfig.stash[RECORD]


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    """A sandbox of this run's own, unless `make live` asks for the one in the environment."""
    if os.environ.get("CONTRACT_TARGET") == "live":
        yield read_live(os.environ)
        return
    with Sandbox.running(tls=True, public_url="https://zoom.us") as sandbox:
        yield make_sandbox_target(sandbox)


@pytest.fixture(scope="session")
def wire(target: Target, record: Record) -> Iterator[Wire]:
    wire = Wire(target, record)
    yield wire
    wire.close()


@pytest.fixture(scope="session")
def host(wire: Wire, target: Target, record: Record) -> dict[str, Any]:
    """The host as Zoom knows them."""
    with record.during("before the cases"):
        return wire.ask("GET", "/users/{user}", user=target.host).expect(200)


@pytest.fixture(scope="session")
def meetings(wire: Wire, host: dict[str, Any]) -> Iterator[Meetings]:
    """Makes meetings; begins by clearing away what an earlier run left, ends with its own."""
    meetings = Meetings(wire, host["id"])
    meetings.sweep()
    yield meetings
    meetings.finish()


@pytest.fixture(scope="session")
def _browser_is_there() -> None:
    if obstacle := find_obstacle():
        pytest.skip(obstacle)


@pytest.fixture(scope="module")
def portal(_browser_is_there: None, django_db_setup: None, target: Target) -> Iterator[str]:
    with run_portal(target) as address:
        yield address


@pytest.fixture(scope="module")
def chromium(_browser_is_there: None, target: Target) -> Iterator[Browser]:
    with run_chromium(target.web) as browser:
        yield browser


@pytest.fixture
def stage(
    transactional_db: None,
    portal: str,
    chromium: Browser,
    target: Target,
    record: Record,
    host: dict[str, Any],
) -> Stage:
    """The product with these credentials, in a database of this case's own."""
    return Stage(target, record, portal, chromium, make_host(target, host["id"]))


@pytest.fixture(autouse=True)
def _case(request: pytest.FixtureRequest, record: Record, target: Target) -> Iterator[None]:
    claim = get_claim(request.function)
    if claim is None:
        pytest.fail("a case says what is claimed of Zoom: @zoom_says(...)")
    if claim.only_sandbox and target.is_live:
        pytest.skip(claim.only_sandbox)
    with record.during(request.node.name):
        yield
