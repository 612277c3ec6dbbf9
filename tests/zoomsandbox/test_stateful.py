"""Random calls in random order: no 5xx of the sandbox's own, and nothing of what must not be.

``SANDBOX_EXAMPLES`` sets how many sequences are tried: new ones at every run, and one that fails is
made as short as it can be, which takes minutes.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sandbox import Sandbox
from tests.zoomsandbox import broken_sandbox
from tests.zoomsandbox.random_calls import CALLS, REST
from tests.zoomsandbox.random_client import RandomClient

EXAMPLES = int(os.environ.get("SANDBOX_EXAMPLES", "0"))
SEQUENCES = settings(
    max_examples=EXAMPLES or 100,
    stateful_step_count=40,
    derandomize=not EXAMPLES,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# A planted defect has to be found, not explained.
CONTROL = settings(SEQUENCES, max_examples=100, derandomize=True, phases=[Phase.generate])


@dataclass
class Outcome:
    """``made`` counts the calls by name and class of status."""

    error: AssertionError | None = None
    made: Counter[tuple[str, int]] = field(default_factory=Counter)


def run(zoom: Sandbox, how: settings) -> Outcome:
    outcome = Outcome()

    class Client(RandomClient):
        pass

    Client.zoom, Client.made = zoom, outcome.made
    try:
        run_state_machine_as_test(Client, settings=how)
    except AssertionError as error:
        outcome.error = error
    return outcome


EVERY_CALL = {name for _, _, name, _ in CALLS}
REST_CALLS = {name for _, _, name, _ in REST} - {"rest.other"}
WELL_AND_REFUSED = {(name, kind) for name in REST_CALLS for kind in (2, 4)}


def missed(outcome: Outcome) -> set[Any]:
    made = {name for name, _ in outcome.made}
    return (EVERY_CALL - made) | (WELL_AND_REFUSED - set(outcome.made))


@pytest.fixture(scope="module")
def outcome(running_sandbox: Sandbox) -> Outcome:
    """The sandbox's ids are random, so the same sequences do not always come to the same calls.

    Then there are some more, of another length.
    """
    outcome = run(running_sandbox, SEQUENCES)
    for steps in (35, 45, 50):
        if outcome.error or not missed(outcome):
            break
        more = run(running_sandbox, settings(SEQUENCES, stateful_step_count=steps))
        outcome.error, outcome.made = more.error, outcome.made + more.made
    return outcome


def test_no_sequence_of_calls_breaks_the_sandbox(outcome, record_property):
    if outcome.error:
        raise outcome.error
    record_property("sandbox.random_calls", sum(outcome.made.values()))
    own_failures = {key: count for key, count in outcome.made.items() if key[1] == 5}
    assert (sum(outcome.made.values()) > 3_000, own_failures) == (True, {})


def test_every_call_was_made(outcome):
    assert EVERY_CALL - {name for name, _ in outcome.made} == set()


def test_every_rest_call_went_well_and_was_refused(outcome):
    assert WELL_AND_REFUSED - set(outcome.made) == set()


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        (broken_sandbox.crashes, "a planted defect"),
        (broken_sandbox.refuses_in_its_own_words, "detail"),
        (broken_sandbox.tells_of_other_accounts, "shown to"),
        (broken_sandbox.forgets_meetings, "is_there=True"),
        (broken_sandbox.deletes_nothing, "is_there=False|DELETE"),
        (broken_sandbox.counts_no_writes, "101 writes of one day"),
        (broken_sandbox.lets_tokens_live, "with an expired token"),
    ],
)
def test_planted_defect_is_found(defect, words):
    with broken_sandbox.broken(defect) as zoom:
        found = run(zoom, CONTROL).error
    assert re.search(words, str(found))
