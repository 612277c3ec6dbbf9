"""The clock: turned, frozen and let go, and what the controls tell of it."""

import time
from datetime import UTC, datetime

import pytest

from zoomsandbox.state.clock import Clock

YEAR = 365 * 86_400


def test_a_new_clock_tells_the_machines_time():
    assert abs(Clock().now() - time.time()) < 1


def test_a_standing_clock_stands():
    clock = Clock()
    clock.stand(1_000)
    time.sleep(0.01)
    assert clock.now() == 1_000


def test_it_goes_on_from_where_it_stood():
    clock = Clock()
    clock.stand(1_000)
    time.sleep(0.05)
    clock.go_on()
    assert 1_000 <= clock.now() < 1_000.04


def test_today_is_the_date_in_utc():
    clock = Clock()
    clock.stand(datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC).timestamp())
    assert clock.today() == "2027-03-01"


# --- The controls -----------------------------------------------------------------------------


def test_a_turn_tells_the_time_and_the_offset(sandbox):
    told = sandbox.control("POST", "clock", {"advance": 3_600})
    assert told["offset"] == pytest.approx(3_600, abs=2)
    assert told["now"] == pytest.approx(time.time() + 3_600, abs=5)


def test_the_clock_can_be_read_without_turning_it(sandbox):
    sandbox.clock(100)
    assert sandbox.control("GET", "clock")["offset"] == pytest.approx(100, abs=2)


def test_turns_add_up(sandbox):
    begun = sandbox.clock(0)
    sandbox.clock(100)
    assert sandbox.clock(200) - begun == pytest.approx(300, abs=2)


def test_a_frozen_clock_is_turned_exactly(sandbox):
    begun = sandbox.freeze()
    assert sandbox.clock(0.25) == begun + 0.25
    assert sandbox.control("GET", "clock")["is_frozen"] is True


def test_an_unfrozen_clock_runs(sandbox):
    begun = sandbox.freeze()
    sandbox.unfreeze()
    assert sandbox.wait_until(lambda: sandbox.clock(0) > begun)


def test_tokens_end_by_the_turned_clock(sandbox, token):
    assert sandbox.api("GET", "/users/alice", token).status_code == 200
    sandbox.clock(3_601)
    assert sandbox.api("GET", "/users/alice", token).status_code == 401


@pytest.mark.parametrize("advance", [-1, 400 * 86_400 + 1, 1e308, "60", None, True, [60]])
def test_what_is_no_turn_is_refused(sandbox, advance):
    answer = sandbox.session.post(f"{sandbox.url}/_control/clock", json={"advance": advance})
    assert answer.status_code == 400
    assert "advance" in answer.json()["error"]


def test_the_longest_turn_is_longer_than_any_zak(sandbox):
    assert sandbox.clock(YEAR + 86_400) > time.time() + YEAR


def test_settling_an_idle_sandbox_is_done_at_once(sandbox):
    begun = time.monotonic()
    assert sandbox.control("POST", "settle")["settled"] is True
    assert time.monotonic() - begun < 2


def test_a_reset_lets_the_clock_run_in_the_machines_time(sandbox):
    sandbox.freeze()
    sandbox.clock(1_000)
    sandbox.reset()
    told = sandbox.control("GET", "clock")
    assert told["is_frozen"] is False
    assert abs(told["offset"]) < 1
