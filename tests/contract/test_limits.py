"""Zoom's limits: what answers tell of them, and how Zoom says that one is used up."""

import pytest

from tests.contract.says import zoom_says

LIMITS = "Zoom API, Rate limits"
WOULD_USE_IT_UP = "would use up a limit of the account for everybody"


@pytest.fixture
def on_plan(target):
    """Put the account on another plan; it is back on its own after the case."""
    yield lambda plan: target.sandbox.change_account(plan=plan)
    target.sandbox.change_account(plan="business")


def get_category(answer):
    return answer.headers.get("X-RateLimit-Category", "").capitalize()


@zoom_says("Getting a user and a ZAK are Light", source=LIMITS, sure="H")
def test_user_and_zak_are_light(wire, host):
    query = {"type": "zak", "ttl": 7200}
    user = wire.ask("GET", "/users/{user}", user=host["id"])
    zak = wire.ask("GET", "/users/{user}/token", user=host["id"], query=query)
    assert [get_category(answer) for answer in (user, zak)] == ["Light", "Light"]


@zoom_says("Listing users is Medium", source=LIMITS, sure="H")
def test_listing_users_is_medium(wire):
    assert get_category(wire.ask("GET", "/users")) == "Medium"


@zoom_says("Creating a meeting is Medium", source=LIMITS, sure="H")
def test_creating_a_meeting_is_medium(meetings):
    answer = meetings.create()
    answer.expect(201)
    assert get_category(answer) == "Medium"


@zoom_says("An answer tells its limit and how much of it remains", source=LIMITS, sure="H")
def test_an_answer_tells_what_remains(wire, host):
    headers = wire.ask("GET", "/users/{user}", user=host["id"]).headers
    limit, remaining = (int(headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))
    assert 0 <= remaining <= limit


@zoom_says(
    "Too many calls in a second are 429, with X-RateLimit-Type QPS",
    source=LIMITS,
    sure="H",
    only_sandbox=WOULD_USE_IT_UP,
)
def test_too_many_in_a_second_are_429(wire, host, on_plan):
    on_plan("free")
    # Ten calls lie in two seconds at most, of which each allows four.
    answers = [wire.ask("GET", "/users/{user}", user=host["id"]) for _ in range(10)]
    refused = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in refused} == {429}
    assert {answer.headers["X-RateLimit-Type"] for answer in refused} == {"QPS"}


@pytest.fixture
def spent(target, on_plan):
    """Sam has made all the meetings of the day."""
    on_plan("unlimited")
    token = target.sandbox.ask_token().json()["access_token"]
    for _ in range(100):
        target.sandbox.api("POST", "/users/sam/meetings", token, json={"type": 2})
    return "sam"


@zoom_says(
    "After 100 creates and updates of a host in a UTC day, 429 with a sentence that says daily",
    source="Zoom API, Rate limits; forum topic 18928",
    sure="H",
    only_sandbox=WOULD_USE_IT_UP,
)
def test_the_101st_write_of_a_day_is_429(wire, spent):
    answer = wire.ask("POST", "/users/{user}/meetings", user=spent, body={"type": 2})
    assert answer.status == 429
    assert "daily" in answer.message
