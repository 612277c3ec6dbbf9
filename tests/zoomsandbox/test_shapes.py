"""Real answers of the sandbox have Zoom's shapes, and a wrong answer would be noticed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.sandbox import Sandbox
from tests.zoomsandbox.answer_shapes import ANSWERS
from tests.zoomsandbox.event_shapes import CHALLENGE, DELIVERY_HEADERS, EVENTS
from tests.zoomsandbox.shapes import Schema
from tests.zoomsandbox.tour import Album, walk

# With a body, and without the errors: those say it themselves.
STATUSES = {
    "meeting": 201,
    "recurring meeting": 201,
    "new user": 201,
    "registrant": 201,
    "oauth error": 400,
    "numbered oauth error": 400,
    "validation error": 400,
    "no such user": 404,
    "no such meeting": 404,
    "error": 404,
    "bad token": 401,
    "missing scope": 400,
    "calls of a second": 429,
    "calls of a day": 429,
    "writes of a day": 429,
}
COUNTERS = {
    "X-RateLimit-Category",
    "X-RateLimit-Type",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
}


@pytest.fixture(scope="module")
def album(running_sandbox: Sandbox) -> Album:
    return walk(running_sandbox)


def list_errors(schema: Schema, value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def spoil(schema: Schema, value: Any) -> Iterator[Any]:
    """The value with one thing wrong: a type, or a member missing, at every depth."""
    yield str(value) if isinstance(value, int) else 5
    for part in schema.get("allOf", []):
        yield from spoil(part, value)
    for name in schema.get("required", []):
        yield {key: member for key, member in value.items() if key != name}
    for name, member in schema.get("properties", {}).items():
        if name in value:
            yield from ({**value, name: wrong} for wrong in spoil(member, value[name]))
    if "items" in schema:
        assert value, "an empty list shows nothing"
        yield from ([wrong, *value[1:]] for wrong in spoil(schema["items"], value[0]))


def test_shapes_are_json_schemas_and_name_their_source():
    for shape in [*ANSWERS.values(), *EVENTS.values(), CHALLENGE, DELIVERY_HEADERS]:
        Draft202012Validator.check_schema(shape.schema)
        assert re.search(r"\((high|medium|low)", shape.source)


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_has_its_shape(album, name):
    answer = album.answers[name]
    assert answer.status_code == STATUSES.get(name, 200)
    assert list_errors(ANSWERS[name].schema, answer.json()) == []


@pytest.mark.parametrize("name", ANSWERS)
def test_wrong_answer_does_not_fit(album, name):
    schema, answer = ANSWERS[name].schema, album.answers[name].json()
    wrong = list(spoil(schema, answer))
    assert len(wrong) >= 3
    assert [one for one in wrong if not list_errors(schema, one)] == []


@pytest.mark.parametrize("name", EVENTS)
def test_event_has_its_shape(album, name):
    bodies = [post.body for post in album.posts if post.event == name]
    assert bodies
    assert [list_errors(EVENTS[name].schema, body) for body in bodies] == [[]] * len(bodies)


@pytest.mark.parametrize("name", EVENTS)
def test_wrong_event_does_not_fit(album, name):
    schema = EVENTS[name].schema
    body = next(post.body for post in album.posts if post.event == name)
    assert [wrong for wrong in spoil(schema, body) if not list_errors(schema, wrong)] == []


def test_every_event_told_has_a_shape(album):
    assert {post.event for post in album.posts} - set(EVENTS) == set()


def test_number_is_text_in_runs_and_a_number_in_plans(album):
    types = {post.event: type(post.about["id"]) for post in album.posts}
    assert types["meeting.started"] is types["meeting.ended"] is str
    assert types["meeting.created"] is types["meeting.updated"] is types["meeting.deleted"] is int


def test_challenge_has_its_shape(album):
    [challenge] = album.challenges
    assert list_errors(CHALLENGE.schema, challenge.body) == []
    assert list_errors(CHALLENGE.schema, {**challenge.body, "payload": {}}) != []


def test_deliveries_are_signed(album):
    for post in [*album.challenges, *album.posts]:
        assert list_errors(DELIVERY_HEADERS.schema, post.headers) == []
    unsigned = {**album.posts[0].headers, "x-zm-signature": "v1=00"}
    assert list_errors(DELIVERY_HEADERS.schema, unsigned) != []


def test_every_answer_has_a_tracking_id_and_says_json(album):
    for answer in album.answers.values():
        assert answer.headers["x-zm-trackingid"]
        assert answer.headers["Content-Type"].startswith("application/json")


def test_used_up_second_tells_its_counters_and_when_it_ends(album):
    """Zoom, API rate limits."""
    headers = album.answers["calls of a second"].headers
    assert set(headers) >= COUNTERS
    assert (headers["X-RateLimit-Type"], headers["X-RateLimit-Remaining"]) == ("QPS", "0")
    assert int(headers["X-RateLimit-Reset"]) > 10**9
    assert "Retry-After" not in headers


def test_used_up_day_names_the_moment_as_a_date(album):
    """Zoom, API rate limits: an ISO date and time, at 00:00 UTC."""
    headers = album.answers["calls of a day"].headers
    assert set(headers) >= COUNTERS
    assert headers["X-RateLimit-Type"] == "Daily-limit"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", headers["Retry-After"])


def test_used_up_writes_do_not_say_when_to_come_back(album):
    """As seen in Zoom's forum: the sentence alone tells."""
    assert "Retry-After" not in album.answers["writes of a day"].headers
