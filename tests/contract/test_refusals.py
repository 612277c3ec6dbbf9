"""How Zoom's REST API says no, and what it says beside every answer."""

import pytest

from tests.contract.record import get_scopes
from tests.contract.says import zoom_says

USER = "Zoom API reference, Users, Get a user"
ERRORS = "Zoom API reference, Errors"
NOBODY = "nobody@no-such-company.example"
# Ten digits, and below all that Zoom gives out.
NO_MEETING = 1000000001


@zoom_says(
    "A bad access token is 401, code 124", source="practice; Zoom's skills also name 201", sure="M"
)
def test_a_bad_token_is_124(wire, host):
    wire.ask("GET", "/users/{user}", user=host["id"], token="x" * 40).expect(401, 124)


@zoom_says("A refusal is JSON with `code` and `message`", source=ERRORS, sure="H")
def test_a_refusal_has_code_and_message(wire):
    answer = wire.ask("GET", "/users/{user}", user=NOBODY)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert (type(answer.body["code"]), type(answer.body["message"])) == (int, str)


@zoom_says(
    "An unknown user is 404, code 1001", source="Zoom API reference, Users, Get a user", sure="H"
)
def test_an_unknown_user_is_1001(wire):
    wire.ask("GET", "/users/{user}", user=NOBODY).expect(404, 1001)


@zoom_says(
    "The ZAK of an unknown user is 404, code 1001",
    source="Zoom API reference, Users, Get a user's token",
    sure="H",
)
def test_the_zak_of_an_unknown_user_is_1001(wire):
    query = {"type": "zak", "ttl": 7200}
    wire.ask("GET", "/users/{user}/token", user=NOBODY, query=query).expect(404, 1001)


@zoom_says(
    "A meeting for an unknown user is 404, code 1001",
    source="Zoom API reference, Meetings, Create a meeting",
    sure="H",
)
def test_a_meeting_of_an_unknown_user_is_1001(wire):
    body = {"topic": "Nobody's", "type": 2}
    wire.ask("POST", "/users/{user}/meetings", user=NOBODY, body=body).expect(404, 1001)


@zoom_says(
    "An unknown meeting is 404, code 3001",
    source="Zoom API reference, Meetings, Get a meeting",
    sure="H",
)
def test_an_unknown_meeting_is_3001(wire):
    wire.ask("GET", "/meetings/{meeting}", meeting=NO_MEETING).expect(404, 3001)


@zoom_says(
    "A missing scope is said in a sentence that lists it; the code is 4711, 104 or 201",
    source="many public logs and tests",
    sure="H",
)
def test_a_missing_scope_is_named(wire, target, host):
    if target.narrow is None:
        pytest.skip("needs a second app: LIVE_ZOOM_NARROW_CLIENT_ID and _SECRET")
    token = wire.ask_token(target.narrow).expect(200)["access_token"]
    query = {"type": "zak", "ttl": 7200}
    answer = wire.ask("GET", "/users/{user}/token", user=host["id"], query=query, token=token)
    assert answer.code in (4711, 104, 201)
    assert "user:read:token:admin" in get_scopes(answer.message)


@zoom_says(
    "A missing scope is HTTP 400",
    source="many public logs and tests",
    sure="H",
)
def test_a_missing_scope_is_400(wire, target, host):
    if target.narrow is None:
        pytest.skip("needs a second app: LIVE_ZOOM_NARROW_CLIENT_ID and _SECRET")
    token = wire.ask_token(target.narrow).expect(200)["access_token"]
    assert wire.ask("GET", "/users", token=token).status == 400


@zoom_says("Every answer has an x-zm-trackingid", source="Zoom's library Rivet", sure="M")
def test_every_answer_has_a_tracking_id(wire):
    answers = [wire.ask("GET", "/users/{user}", user=user) for user in (wire.target.host, NOBODY)]
    assert all(answer.headers.get("x-zm-trackingid") for answer in answers)


@zoom_says(
    "Zoom's clock is within the 120 s of ours by which signatures are dated back",
    source="RFC 9110, Date; forum reports of error 3712 from clocks that run ahead",
    sure="M",
)
def test_the_clocks_agree(wire, record):
    wire.ask("GET", "/users/{user}", user=wire.target.host).expect(200)
    assert abs(record.clock_skew) < 120
