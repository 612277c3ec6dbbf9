"""Zoom's rate limits: what each plan allows, and what is said when it is used up."""

from datetime import UTC, datetime

import pytest

from zoomsandbox.app import CALLS
from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.rest.limits import LABELS, count_call
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.world import World

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
PLANS = {
    "free": {"Light": 4, "Medium": 2, "Heavy": 1, "Resource-intensive": 10},
    "pro": {"Light": 30, "Medium": 20, "Heavy": 10, "Resource-intensive": 10},
    "business": {"Light": 80, "Medium": 60, "Heavy": 40, "Resource-intensive": 20},
}
ROWS = [(plan, label, most) for plan, row in PLANS.items() for label, most in row.items()]
DAYS = [
    ("free", "Light", 6_000),
    ("free", "Medium", 2_000),
    ("free", "Heavy", 1_000),
    ("free", "Resource-intensive", 30_000),
    ("pro", "Heavy", 30_000),
    ("business", "Heavy", 60_000),
]


@pytest.fixture
def world():
    world = World()
    world.clock.stand(NOON)
    return world


def make_account(plan, account_id="acme"):
    return Account(account_id, "client", "secret", "sdk", "sdk secret", plan=plan)


def count_until_refused(world, account, label, at_most=200):
    """How many calls pass, and the refusal of the next."""
    for passed in range(at_most):
        try:
            count_call(world, account, label)
        except ZoomRefusal as refusal:
            return passed, refusal
    return at_most, None


def spend_day(world, account, label, calls):
    """So many calls, a minute for each window's worth."""
    per_window = PLANS[account.plan][label]
    for number in range(calls):
        if number % per_window == 0:
            # Back to the same day when it would end.
            world.clock.stand(NOON + number // per_window * 60 % 36_000)
        count_call(world, account, label)
    world.clock.stand(NOON + 40_000)


# --- Per second -------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "label", "most"), ROWS)
def test_a_window_takes_as_many_calls_as_the_plan_says(world, plan, label, most):
    passed, refusal = count_until_refused(world, make_account(plan), label)
    assert (passed, refusal.status) == (most, 429)


def test_the_unlimited_plan_refuses_nothing(world):
    assert count_until_refused(world, make_account("unlimited"), "Heavy") == (200, None)


def test_the_next_second_begins_anew(world):
    account = make_account("free")
    count_until_refused(world, account, "Light")
    world.clock.stand(NOON + 1)
    assert count_until_refused(world, account, "Light")[0] == 4


def test_resource_intensive_calls_are_counted_by_the_minute(world):
    account = make_account("business")
    count_until_refused(world, account, "Resource-intensive")
    world.clock.stand(NOON + 59)
    assert count_until_refused(world, account, "Resource-intensive")[0] == 0
    world.clock.stand(NOON + 60)
    assert count_until_refused(world, account, "Resource-intensive")[0] == 20


def test_labels_are_counted_apart(world):
    account = make_account("free")
    count_until_refused(world, account, "Light")
    assert count_until_refused(world, account, "Medium")[0] == 2


def test_accounts_are_counted_apart(world):
    count_until_refused(world, make_account("free"), "Light")
    assert count_until_refused(world, make_account("free", "globex"), "Light")[0] == 4


def test_a_full_second_is_told_with_its_end(world):
    _, refusal = count_until_refused(world, make_account("pro"), "Medium")
    text = "You have reached the maximum per-second rate limit for this API. Try again later."
    assert refusal.body == {"code": 429, "message": text}
    assert refusal.headers == {
        "X-RateLimit-Category": "Medium",
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(NOON) + 1),
    }


# --- Per day ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "label", "most"), DAYS)
def test_a_day_takes_as_many_calls_as_the_plan_says(world, plan, label, most):
    account = make_account(plan)
    spend_day(world, account, label, most)
    passed, refusal = count_until_refused(world, account, label)
    assert (passed, refusal.headers["X-RateLimit-Type"]) == (0, "Daily-limit")


def test_one_call_less_leaves_one_for_the_day(world):
    account = make_account("free")
    spend_day(world, account, "Heavy", 999)
    assert count_until_refused(world, account, "Heavy")[0] == 1


@pytest.mark.parametrize("label", ["Light", "Medium"])
def test_paid_plans_have_no_day_for_light_and_medium_calls(world, label):
    account = make_account("pro")
    spend_day(world, account, label, 40_000)
    assert count_until_refused(world, account, label)[0] == PLANS["pro"][label]


def test_heavy_and_resource_intensive_calls_share_the_day(world):
    account = make_account("pro")
    spend_day(world, account, "Heavy", 30_000)
    assert count_until_refused(world, account, "Resource-intensive")[0] == 0


def test_on_free_accounts_they_do_not(world):
    account = make_account("free")
    spend_day(world, account, "Heavy", 1_000)
    assert count_until_refused(world, account, "Resource-intensive")[0] == 10


def test_the_day_ends_at_midnight_utc(world):
    account = make_account("free")
    spend_day(world, account, "Heavy", 1_000)
    world.clock.stand(MIDNIGHT - 1)
    assert count_until_refused(world, account, "Heavy")[0] == 0
    world.clock.stand(MIDNIGHT)
    assert count_until_refused(world, account, "Heavy")[0] == 1


def test_a_used_up_day_is_told_with_the_next_midnight(world):
    account = make_account("free")
    spend_day(world, account, "Heavy", 1_000)
    _, refusal = count_until_refused(world, account, "Heavy")
    assert "maximum daily rate limit" in refusal.body["message"]
    assert refusal.headers == {
        "X-RateLimit-Category": "Heavy",
        "X-RateLimit-Type": "Daily-limit",
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "0",
        "Retry-After": "2026-03-02T00:00:00Z",
    }


def test_calls_refused_for_the_second_are_not_counted_for_the_day(world):
    account = make_account("free")
    for second in range(1_000):
        world.clock.stand(NOON + second)
        assert count_until_refused(world, account, "Heavy")[0] == 1


# --- On the wire ------------------------------------------------------------------------------


def test_every_call_of_the_api_has_a_label():
    calls = {call for _, path, call, _ in CALLS if path.startswith("/v2/")}
    assert calls
    assert calls - LABELS.keys() == set()


def test_no_label_is_for_a_call_that_is_not_there():
    assert LABELS.keys() - {call for _, _, call, _ in CALLS} == set()


def test_an_answer_tells_its_category_and_what_is_left(sandbox, token):
    sandbox.change_account(plan="business")
    answer = sandbox.api("GET", "/users/alice", token)
    headers = {name: value for name, value in answer.headers.items() if "RateLimit" in name}
    assert headers == {
        "X-RateLimit-Category": "Light",
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Limit": "80",
        "X-RateLimit-Remaining": "79",
    }


def test_a_refusal_tells_them_too(sandbox, token):
    sandbox.change_account(plan="pro")
    answer = sandbox.api("GET", "/users?status=none", token)
    assert answer.status_code == 400
    assert answer.headers["X-RateLimit-Limit"] == "20"


def test_too_many_calls_get_429(sandbox, token):
    sandbox.change_account(plan="free")
    answers = [sandbox.api("GET", "/users/alice", token) for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == 429
    assert refused[0].headers["X-RateLimit-Remaining"] == "0"


def test_a_refused_call_does_nothing(sandbox, create):
    sandbox.change_account(plan="free")
    made = [create() for _ in range(30)]
    assert {answer.status_code for answer in made} == {201, 429}
    assert len(sandbox.meetings()) == sum(answer.status_code == 201 for answer in made)


def test_the_token_endpoint_has_no_limit(sandbox):
    sandbox.change_account(plan="free")
    answers = [sandbox.ask_token() for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Category" not in answers[0].headers


def test_a_call_nobody_can_be_charged_for_has_no_counters(sandbox):
    answer = sandbox.api("GET", "/users/alice", "invented")
    assert "X-RateLimit-Category" not in answer.headers


# --- Two calls about one user at a time -------------------------------------------------------


def test_a_write_keeps_other_calls_about_the_user_out(sandbox, token):
    sandbox.change_account(hold_seconds=60)
    sandbox.api("PATCH", "/users/alice", token, json={"dept": "Stage"})
    answer = sandbox.api("GET", "/users/alice@acme.example", token)
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert answer.json()["message"].startswith("Too many concurrent requests")


def test_a_user_being_made_is_held_too(sandbox, token):
    sandbox.change_account(hold_seconds=60)
    body = {"action": "custCreate", "user_info": {"email": "new@acme.example", "type": 1}}
    made = sandbox.api("POST", "/users", token, json=body).json()
    assert sandbox.api("GET", f"/users/{made['id']}", token).status_code == 429


def test_the_hold_ends(sandbox, token):
    sandbox.change_account(hold_seconds=60)
    sandbox.api("PATCH", "/users/alice", token, json={"dept": "Stage"})
    sandbox.clock(61)
    assert sandbox.api("GET", "/users/alice", token).status_code == 200


def test_others_are_not_held(sandbox, token):
    sandbox.change_account(hold_seconds=60)
    sandbox.api("PATCH", "/users/alice", token, json={"dept": "Stage"})
    assert sandbox.api("GET", "/users/bob", token).status_code == 200


def test_reading_holds_nobody(sandbox, token):
    sandbox.change_account(hold_seconds=60)
    sandbox.api("GET", "/users/alice", token)
    assert sandbox.api("GET", "/users/alice", token).status_code == 200


def test_meetings_of_a_held_user_can_be_made(sandbox, token, create):
    sandbox.change_account(hold_seconds=60)
    sandbox.api("PATCH", "/users/alice", token, json={"dept": "Stage"})
    assert create().status_code == 201


def test_nobody_is_held_unless_the_account_says_so(sandbox, token):
    sandbox.api("PATCH", "/users/alice", token, json={"dept": "Stage"})
    assert sandbox.api("GET", "/users/alice", token).status_code == 200
