"""Scenarios: failures that come and go by the sandbox's clock."""

import socket

import pytest

from tests.sandbox import ACME, GLOBEX

MINUTE = 60
BUSY = {"name": "busy", "kind": "status", "call": "users.list", "status": 503}


@pytest.fixture
def status(sandbox, token):
    """What the list of users answers now."""
    sandbox.freeze()
    yield lambda: sandbox.api("GET", "/users", token).status_code
    sandbox.unfreeze()


def steps_done(sandbox):
    return [[step["is_done"] for step in play["steps"]] for play in sandbox.plays()]


# --- Playing ----------------------------------------------------------------------------------


def test_a_step_comes_when_the_clock_gets_to_it(sandbox, status):
    sandbox.play("mine", steps=[{"at": 10, "plant": BUSY}, {"at": 20, "clear": "busy"}])
    seen = [status()]
    for seconds in (9, 1, 9, 1):
        sandbox.clock(seconds)
        seen.append(status())
    assert seen == [200, 200, 503, 503, 200]


def test_the_first_step_is_done_at_once(sandbox, status):
    sandbox.play("mine", steps=[{"at": 0, "plant": BUSY}])
    assert status() == 503


def test_one_turn_of_the_clock_goes_through_all_steps(sandbox, status):
    steps = [{"at": 20, "clear": "busy"}, {"at": 10, "plant": BUSY}]
    sandbox.play("mine", steps=steps)
    sandbox.clock(60)
    assert (status(), steps_done(sandbox)) == (200, [[True, True]])
    assert sandbox.plays()[0]["is_over"]


def test_left_alone_a_step_comes_by_itself(sandbox, token):
    sandbox.play("mine", steps=[{"at": 0.2, "plant": BUSY}])
    sandbox.wait_until(lambda: sandbox.api("GET", "/users", token).status_code == 503)


def test_times_of_day_count_from_the_beginning(sandbox, status):
    play = sandbox.play("mine", begins="09:00", steps=[{"at": "09:20:30", "plant": BUSY}])
    assert play["steps"][0]["at"] == 20 * MINUTE + 30
    assert play["steps"][0]["due_at"] == play["started_at"] + 20 * MINUTE + 30


def test_the_account_is_put_in(sandbox, status, foreign_token):
    steps = [{"at": 0, "plant": {**BUSY, "account": "$account"}}]
    sandbox.play("mine", account="globex-account", steps=steps)
    foreign = sandbox.api("GET", "/users", foreign_token).status_code
    assert (status(), foreign) == (200, 503)


def test_a_change_of_the_account_comes_too(sandbox, status):
    sandbox.play("mine", steps=[{"at": 5, "change": {"app_state": "disabled"}}])
    assert sandbox.ask_token().status_code == 200
    sandbox.clock(5)
    assert (sandbox.ask_token(ACME).json()["code"], sandbox.ask_token(GLOBEX).ok) == (4717, True)


# --- Stopping ---------------------------------------------------------------------------------


def test_stopping_clears_and_restores(sandbox, status):
    steps = [{"at": 0, "plant": BUSY}, {"at": 0, "change": {"app_state": "revoked"}}]
    sandbox.play("mine", steps=[*steps, {"at": 9, "plant": BUSY}])
    assert status() != 200
    assert sandbox.stop_plays() == ["mine"]
    sandbox.clock(10)
    assert (status(), sandbox.plays(), sandbox.ask_token().ok) == (200, [], True)


def test_stopping_leaves_what_others_planted(sandbox, status):
    sandbox.fault("users.list", "status", name="busy", status=502)
    sandbox.play("mine", steps=[{"at": 0, "plant": BUSY}])
    sandbox.stop_plays()
    assert status() == 502


def test_what_was_changed_twice_is_restored_to_the_first(sandbox, status):
    changes = ("disabled", "revoked")
    sandbox.play("mine", steps=[{"at": 0, "change": {"app_state": state}} for state in changes])
    sandbox.stop_plays()
    assert sandbox.accounts()[0]["app_state"] == "active"


def test_one_of_two_can_be_stopped(sandbox, status):
    for name in ("one", "other"):
        sandbox.play(name, steps=[{"at": 0, "plant": {**BUSY, "name": name}}])
    assert sandbox.control("DELETE", "scenarios", name="one")["stopped"] == ["one"]
    assert [play["name"] for play in sandbox.plays()] == ["other"]
    assert [fault["name"] for fault in sandbox.faults()] == ["other"]


def test_closed_ports_open_when_the_scenario_is_stopped(sandbox):
    sandbox.play("mine", steps=[{"at": 0, "plant": {"kind": "refuse", "seconds": 3600}}])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", sandbox.port), timeout=2)
    sandbox.stop_plays()
    socket.create_connection(("127.0.0.1", sandbox.port), timeout=2).close()


def test_a_reset_ends_it(sandbox):
    sandbox.play("mine", steps=[{"at": 10, "plant": BUSY}])
    sandbox.reset()
    sandbox.clock(20)
    assert (sandbox.plays(), sandbox.faults()) == ([], [])


# --- Those that come with the sandbox ---------------------------------------------------------

NAMES = ["a-bad-monday", "credentials-revoked", "slow-morning"]


def test_the_scenarios_are_listed_with_a_sentence(sandbox):
    known = sandbox.control("GET", "scenarios")["scenarios"]
    assert [one["name"] for one in known] == NAMES
    assert all(one["sentence"].endswith(".") and one["steps"] for one in known)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_at_the_end_of_it(sandbox, status, name):
    before = sandbox.accounts()
    sandbox.play(name)
    sandbox.clock(86_400)
    (play,) = sandbox.plays()
    assert (play["is_over"], sandbox.faults(), sandbox.accounts()) == (True, [], before)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_says_what_it_is_and_is_worth_it(sandbox, status, name):
    play = sandbox.play(name)
    assert all(step["say"] for step in play["steps"])
    assert {step["action"] for step in play["steps"]} & {"plant", "change"}


# --- Scripts that are none --------------------------------------------------------------------

SOUND = {"at": 0, "plant": BUSY}


@pytest.mark.parametrize(
    "script",
    [
        {"steps": []},
        {"steps": "plant"},
        {"steps": [SOUND], "begins": "noon"},
        {"steps": [7]},
        {"steps": [{"at": 0}]},
        {"steps": [{**SOUND, "clear": "busy"}]},
        {"steps": [{**SOUND, "wait": 5}]},
        {"steps": [{"plant": BUSY}]},
        {"steps": [{**SOUND, "at": -1}]},
        {"steps": [{**SOUND, "at": "08:59"}], "begins": "09:00"},
        {"steps": [{**SOUND, "at": 1e300}]},
        {"steps": [{"at": 0, "plant": {"kind": "sulk"}}]},
        {"steps": [{"at": 0, "plant": [BUSY]}]},
        {"steps": [{"at": 0, "clear": ""}]},
        {"steps": [{"at": 0, "change": {"account_id": "x"}}]},
        {"steps": [{"at": 0, "change": {"app_state": ["active"]}}]},
        {"steps": [{"at": 0, "change": {"scopes": "all"}}]},
    ],
    ids=str,
)
def test_an_unsound_script_is_refused_before_any_of_it_is_done(sandbox, script):
    with pytest.raises(RuntimeError, match=" 400 "):
        sandbox.play("mine", **script)
    assert (sandbox.plays(), sandbox.faults()) == ([], [])


@pytest.mark.parametrize("body", [{"name": "a-good-monday"}, {"name": "../app", "account": "x"}])
def test_an_unknown_scenario_is_404(sandbox, body):
    with pytest.raises(RuntimeError, match=" 404 "):
        sandbox.control("POST", "scenarios", body)


def test_an_unknown_account_is_404(sandbox):
    with pytest.raises(RuntimeError, match="no account initech"):
        sandbox.play("a-bad-monday", account="initech")
