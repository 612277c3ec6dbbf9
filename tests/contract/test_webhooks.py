"""Webhooks: the challenge, the signature and the order of a meeting's events."""

import time
from typing import Any

import pytest

from tests.contract.meetings import TOPIC
from tests.contract.says import zoom_says
from tests.sandbox import ACME
from tests.webhook_receiver import Receiver

NO_ADDRESS = "needs an address that Zoom can reach, entered by hand in the app's settings"
SIGNATURE = "zoom/webhook-sample; Zoom, Webhooks, Verify webhook events"
CHALLENGE = "Zoom changelog, Webhook URL validation"
REFERENCE = "Zoom, Webhooks reference, meeting events; Zoom's library Rivet"
LIFE = [
    "meeting.created",
    "meeting.started",
    "meeting.participant_joined",
    "meeting.participant_left",
    "meeting.ended",
    "meeting.deleted",
]


@pytest.fixture(scope="module")
def receiver(target):
    """What an endpoint was told of one meeting's life, and the challenge before."""
    sandbox = target.sandbox
    if sandbox is None:
        pytest.skip(NO_ADDRESS)
    with Receiver.running(ACME["webhook_secret"]) as receiver:
        sandbox.subscribe(receiver.url, *LIFE)
        live_a_life(target)
        sandbox.wait_until(lambda: len(receiver.posts) >= len(LIFE))
        sandbox.subscribe_all()
        yield receiver


def live_a_life(target):
    """Bob's meeting is made, started by its link, ended and deleted."""
    sandbox = target.sandbox
    token = sandbox.ask_token().json()["access_token"]
    body = {"topic": TOPIC, "type": 2}
    made = sandbox.api("POST", "/users/bob/meetings", token, json=body).json()
    link = made["start_url"].replace("https://zoom.us", sandbox.url)
    sandbox.session.get(link, allow_redirects=False, timeout=10)
    end = {"action": "end"}
    sandbox.api("PUT", f"/meetings/{made['id']}/status", token, json=end)
    sandbox.api("DELETE", f"/meetings/{made['id']}", token)


def find(receiver, event) -> Any:
    (post,) = (post for post in receiver.posts if post.event == event)
    return post


@zoom_says(
    "An address is challenged by endpoint.url_validation with a plainToken",
    source=CHALLENGE,
    sure="H",
    only_sandbox=NO_ADDRESS,
)
def test_an_address_is_challenged(receiver):
    body = receiver.challenges[0].body
    assert body["event"] == "endpoint.url_validation"
    assert isinstance(body["payload"]["plainToken"], str)


@zoom_says(
    "The challenge is signed like an event",
    source="zoom/webhook-sample",
    sure="H",
    only_sandbox=NO_ADDRESS,
)
def test_the_challenge_is_signed(receiver):
    assert receiver.challenges[0].is_signed_with(ACME["webhook_secret"])


@zoom_says(
    "x-zm-signature is v0= and HMAC-SHA256 over v0, x-zm-request-timestamp and the raw body",
    source=SIGNATURE,
    sure="H",
    only_sandbox=NO_ADDRESS,
)
def test_every_event_is_signed(receiver):
    assert receiver.posts
    assert all(post.is_signed_with(ACME["webhook_secret"]) for post in receiver.posts)


@zoom_says(
    "An event's body has event, event_ts in milliseconds, and payload with account_id and object",
    source=REFERENCE,
    sure="H",
    only_sandbox=NO_ADDRESS,
)
def test_an_event_has_this_shape(receiver):
    body = find(receiver, "meeting.started").body
    assert body["payload"]["account_id"] == ACME["account_id"]
    assert isinstance(body["payload"]["object"], dict)
    assert abs(body["event_ts"] / 1000 - time.time()) < 60


@zoom_says(
    "The object's id is a number in created and deleted",
    source=REFERENCE,
    sure="H",
    only_sandbox=NO_ADDRESS,
)
def test_the_id_is_a_number_where_a_meeting_is_planned(receiver):
    for event in ("meeting.created", "meeting.deleted"):
        assert type(find(receiver, event).about["id"]) is int


@zoom_says(
    "The object's id is a string in started, ended and those about participants",
    source=REFERENCE,
    sure="H",
    only_sandbox=NO_ADDRESS,
)
def test_the_id_is_a_string_where_a_meeting_runs(receiver):
    for event in LIFE[1:5]:
        assert type(find(receiver, event).about["id"]) is str


@zoom_says(
    "By event_ts a meeting is created, started, joined, left, ended and deleted, in this order",
    source="guess: deliveries may come in another order, and their times are to be gone by",
    sure="L",
    only_sandbox=NO_ADDRESS,
)
def test_the_times_of_events_are_in_order(receiver):
    times = [find(receiver, event).body["event_ts"] for event in LIFE]
    assert times == sorted(times)
