"""Random calls in random order: no 5xx of the sandbox's own, and nothing of what must not be.

``SANDBOX_EXAMPLES`` sets how many sequences are tried, with new ones at every run.
"""

import os
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sandbox import Sandbox
from tests.zoomsandbox.random_calls import CALLS, REST
from tests.zoomsandbox.random_client import RandomClient

EXAMPLES = int(os.environ.get("SANDBOX_EXAMPLES", "0"))
STEPS = 40
SEQUENCES = settings(
    max_examples=EXAMPLES or 40,
    stateful_step_count=STEPS,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Outcome:
    error: Exception | None = None
    made: Counter[tuple[str, int]] = field(default_factory=Counter)


def run(zoom: Sandbox, how: settings) -> Outcome:
    outcome = Outcome()

    class Client(RandomClient):
        pass

    Client.zoom, Client.made = zoom, outcome.made
    try:
        run_state_machine_as_test(Client, settings=how)
    except Exception as error:
        outcome.error = error
    return outcome


@pytest.fixture(scope="module")
def outcome(running_sandbox: Sandbox) -> Outcome:
    return run(running_sandbox, SEQUENCES)


def test_no_sequence_of_calls_breaks_the_sandbox(outcome, record_property):
    if outcome.error:
        raise outcome.error
    record_property("sandbox.random_calls", sum(outcome.made.values()))
    assert sum(outcome.made.values()) > 500


def test_every_call_was_made(outcome):
    assert {name for _, _, name, _ in CALLS} <= {name for name, _ in outcome.made}


def test_every_rest_call_went_well_and_was_refused(outcome):
    names = {name for _, _, name, _ in REST} - {"rest.other"}
    wanted = {(name, kind) for name in names for kind in (2, 4)}
    assert wanted - set(outcome.made) == set()
