"""Deliveries: signed, to whom they are for, and retried at +5, +20 and +60 minutes."""

import json
import time

import pytest

from tests.sandbox import ACME, GLOBEX, Sandbox
from tests.webhook_receiver import Receiver

SECRET = ACME["webhook_secret"]
MINUTES = 60
HOUR = 60 * MINUTES


@pytest.fixture
def receiver(sandbox):
    with Receiver.running(SECRET) as receiver:
        yield receiver
        assert sandbox.control("GET", "crashes") == []


@pytest.fixture
def subscribed(sandbox, receiver):
    """Told of everything, at a frozen clock."""
    sandbox.freeze()
    return sandbox.subscribe(receiver.url)


def happen(sandbox, *events, account_id="acme-account"):
    """Let these happen, and wait until all subscribers were told."""
    for number, event in enumerate(events or ["meeting.started"]):
        sandbox.emit(event, account_id, payload={"object": {"id": str(number)}})
    sandbox.settle()


def list_attempts(sandbox):
    log = [e for e in sandbox.deliveries() if e["event"] != "endpoint.url_validation"]
    return [(e["attempt"], e["status"], e["delivered"]) for e in log]


# --- What is sent -----------------------------------------------------------------------------


def test_a_delivery_is_signed_with_the_secret_of_the_app(sandbox, receiver, subscribed):
    happen(sandbox)
    (post,) = receiver.posts
    assert post.is_signed_with(SECRET)
    assert not post.is_signed_with(GLOBEX["webhook_secret"])


def test_a_changed_secret_signs_from_then_on(sandbox, receiver, subscribed):
    sandbox.change_account(webhook_secret="another-secret")
    happen(sandbox)
    assert receiver.posts[0].is_signed_with("another-secret")


def test_the_body_is_the_event_that_is_listed(sandbox, receiver, subscribed):
    told = sandbox.emit("meeting.started", payload={"object": {"id": "81"}})
    sandbox.settle()
    assert receiver.posts[0].body == told == sandbox.events()[-1]
    assert told["payload"] == {"object": {"id": "81"}, "account_id": "acme-account"}


def test_the_body_is_written_as_javascript_writes_it(sandbox, receiver, subscribed):
    sandbox.emit("meeting.started", payload={"object": {"topic": "Übung / “a”"}})
    sandbox.settle()
    assert '"topic":"Übung / “a”"'.encode() in receiver.posts[0].raw


def test_half_a_surrogate_pair_is_sent_as_json_can_have_it(sandbox, receiver, subscribed, create):
    assert create(topic="half \ud83d").status_code == 201
    sandbox.settle()
    (post,) = receiver.posts
    assert post.is_signed_with(SECRET)
    assert '"topic":"half \\ud83d"' in post.raw.decode()


def test_the_headers_are_those_of_zoom(sandbox, receiver, subscribed):
    now = sandbox.clock(0)
    happen(sandbox)
    headers = receiver.posts[0].headers
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-zm-request-timestamp"] == str(int(now))
    assert headers["x-zm-trackingid"] == sandbox.deliveries("meeting.started")[0]["tracking_id"]


# --- To whom ----------------------------------------------------------------------------------


def test_a_subscriber_is_told_of_what_it_wanted(sandbox, receiver):
    sandbox.subscribe(receiver.url, "meeting.ended", "user.created")
    happen(sandbox, "meeting.started", "meeting.ended", "user.created", "user.deleted")
    assert receiver.events == ["meeting.ended", "user.created"]


def test_a_star_is_everything(sandbox, receiver, subscribed):
    happen(sandbox, "meeting.started", "something.new")
    assert receiver.events == ["meeting.started", "something.new"]


def test_another_accounts_events_are_not_told(sandbox, receiver, subscribed):
    happen(sandbox, account_id="globex-account")
    assert receiver.posts == []
    assert [e["payload"]["account_id"] for e in sandbox.events()] == ["globex-account"]


def test_each_subscription_is_told_even_at_the_same_url(sandbox, receiver):
    sandbox.subscribe_all({"url": receiver.url}, {"url": receiver.url})
    happen(sandbox)
    assert receiver.events == ["meeting.started"] * 2


def test_the_app_of_each_account_signs_with_its_own_secret(sandbox, receiver, subscribed):
    with Receiver.running(GLOBEX["webhook_secret"]) as other:
        sandbox.subscribe_all({"url": other.url}, account_id="globex-account")
        happen(sandbox)
        happen(sandbox, account_id="globex-account")
        assert [p.is_signed_with(GLOBEX["webhook_secret"]) for p in other.posts] == [True]
    assert [p.is_signed_with(SECRET) for p in receiver.posts] == [True]


def test_an_app_that_is_not_active_is_told_nothing(sandbox, receiver, subscribed):
    sandbox.change_account(app_state="disabled")
    happen(sandbox)
    assert receiver.posts == []
    sandbox.change_account(app_state="active")
    happen(sandbox)
    assert len(receiver.posts) == 1


def test_without_a_subscriber_events_are_listed_all_the_same(sandbox):
    happen(sandbox, "meeting.started", "meeting.ended")
    assert [e["event"] for e in sandbox.events()] == ["meeting.started", "meeting.ended"]
    assert [e["event"] for e in sandbox.events("meeting.ended")] == ["meeting.ended"]
    assert sandbox.deliveries() == []


# --- What counts as delivered -----------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 204])
def test_200_and_204_are_success(sandbox, receiver, subscribed, status):
    receiver.status = status
    happen(sandbox)
    sandbox.clock(24 * HOUR)
    assert list_attempts(sandbox) == [(1, status, True)]


@pytest.mark.parametrize("status", [201, 202, 299, 301, 307, 400, 401, 404, 410, 429, 499])
def test_another_status_below_500_is_neither_success_nor_retried(
    sandbox, receiver, subscribed, status
):
    receiver.status = status
    happen(sandbox)
    sandbox.clock(24 * HOUR)
    assert list_attempts(sandbox) == [(1, status, False)]


@pytest.mark.parametrize("status", [302, 404, 429])
def test_a_subscription_can_have_refusals_retried(sandbox, receiver, status):
    sandbox.freeze()
    sandbox.subscribe(receiver.url, retries_refusals=True)
    receiver.statuses = [status]
    happen(sandbox)
    sandbox.clock(5 * MINUTES)
    assert list_attempts(sandbox) == [(1, status, False), (2, 200, True)]


def test_a_redirect_is_not_followed(sandbox, receiver, subscribed):
    with Receiver.running(SECRET) as elsewhere:
        receiver.status, receiver.location = 307, elsewhere.url
        happen(sandbox)
        assert (len(receiver.posts), elsewhere.posts) == (1, [])


@pytest.mark.parametrize("status", [500, 502, 503, 599])
def test_a_server_error_is_retried(sandbox, receiver, subscribed, status):
    receiver.statuses = [status]
    happen(sandbox)
    sandbox.clock(5 * MINUTES)
    assert list_attempts(sandbox) == [(1, status, False), (2, 200, True)]


def test_no_answer_within_three_seconds_is_retried(sandbox, receiver, subscribed):
    receiver.delay = 3.3
    happen(sandbox)
    receiver.delay = 0
    sandbox.clock(5 * MINUTES)
    assert list_attempts(sandbox) == [(1, None, False), (2, 200, True)]
    assert "within 3 seconds" in sandbox.deliveries("meeting.started")[0]["error"]


def test_an_answer_within_three_seconds_is_success(sandbox, receiver, subscribed):
    receiver.delay = 2.5
    happen(sandbox)
    assert list_attempts(sandbox) == [(1, 200, True)]


def test_an_endpoint_that_is_not_there_is_tried_again(sandbox, receiver, subscribed):
    receiver.stop()
    happen(sandbox)
    sandbox.clock(5 * MINUTES)
    assert list_attempts(sandbox) == [(1, None, False), (2, None, False)]


@pytest.mark.parametrize("status", [201, 299])
def test_after_a_retry_any_2xx_is_success(sandbox, receiver, subscribed, status):
    receiver.statuses = [500, status]
    happen(sandbox)
    sandbox.clock(24 * HOUR)
    assert list_attempts(sandbox) == [(1, 500, False), (2, status, True)]


# --- When it is retried -----------------------------------------------------------------------


def test_retries_come_after_5_20_and_60_minutes_and_then_never(sandbox, receiver, subscribed):
    receiver.status = 500
    happen(sandbox)
    sandbox.clock(60 * HOUR)
    moments = [e["at"] for e in sandbox.deliveries("meeting.started")]
    after = [round(at - moments[0], 3) for at in moments]
    assert after == [0, 5 * MINUTES, 25 * MINUTES, 85 * MINUTES]


@pytest.mark.parametrize(("made", "step"), [(1, 5), (2, 20), (3, 60)])
def test_no_retry_comes_a_moment_too_soon(sandbox, receiver, subscribed, made, step):
    receiver.status = 500
    happen(sandbox)
    sandbox.clock(sum((5, 20, 60)[: made - 1]) * MINUTES)
    sandbox.clock(step * MINUTES - 0.001)
    assert len(receiver.posts) == made
    sandbox.clock(0.002)
    assert len(receiver.posts) == made + 1


def test_the_log_says_when_the_next_attempt_is_due(sandbox, receiver, subscribed):
    receiver.status = 500
    happen(sandbox)
    sandbox.clock(2 * HOUR)
    log = sandbox.deliveries("meeting.started")
    assert [e["due_next"] for e in log] == [*(e["at"] for e in log[1:]), None]


def test_a_slow_failure_counts_from_its_beginning(sandbox, receiver):
    sandbox.subscribe(receiver.url)
    receiver.delay = 3.3
    happen(sandbox)
    first = sandbox.deliveries("meeting.started")[0]
    assert first["took"] == pytest.approx(3, abs=0.3)
    assert first["due_next"] - first["at"] == pytest.approx(5 * MINUTES, abs=0.001)


def test_a_success_ends_the_retries(sandbox, receiver, subscribed):
    receiver.statuses = [500, 500]
    happen(sandbox)
    sandbox.clock(24 * HOUR)
    assert [status for _, status, _ in list_attempts(sandbox)] == [500, 500, 200]


def test_each_event_is_retried_by_itself(sandbox, receiver, subscribed):
    receiver.status = 500
    happen(sandbox, "meeting.started")
    sandbox.clock(2 * MINUTES)
    happen(sandbox, "meeting.ended")
    sandbox.clock(3 * MINUTES)
    assert receiver.events == ["meeting.started", "meeting.ended", "meeting.started"]


def test_a_retry_repeats_the_event_under_a_new_tracking_id(sandbox, receiver, subscribed):
    receiver.statuses = [500]
    happen(sandbox)
    sandbox.clock(5 * MINUTES)
    first, second = receiver.posts
    assert first.raw == second.raw
    assert first.headers["x-zm-trackingid"] != second.headers["x-zm-trackingid"]


@pytest.mark.parametrize(("timestamps", "later"), [("fresh", 300), ("first", 0), ("machine", 0)])
def test_what_time_a_retry_says_it_is(sandbox, receiver, timestamps, later):
    sandbox.freeze()
    sandbox.subscribe(receiver.url, timestamps=timestamps)
    receiver.statuses = [500]
    happen(sandbox)
    sandbox.clock(5 * MINUTES)
    first, second = receiver.posts
    assert second.timestamp - first.timestamp == pytest.approx(later, abs=2)
    assert second.is_signed_with(SECRET)


def test_by_the_machines_time_a_turned_clock_is_not_seen(sandbox, receiver):
    sandbox.clock(30 * 24 * HOUR)
    sandbox.subscribe(receiver.url, timestamps="machine")
    happen(sandbox)
    stamps = [post.timestamp for post in (*receiver.challenges, *receiver.posts)]
    assert [abs(stamp - time.time()) < 5 for stamp in stamps] == [True, True]


def test_who_unsubscribed_gets_no_retry(sandbox, receiver, subscribed):
    receiver.status = 500
    happen(sandbox)
    sandbox.unsubscribe(subscribed["id"])
    sandbox.clock(24 * HOUR)
    assert len(receiver.posts) == 1


def test_after_a_reset_there_is_no_retry(sandbox, receiver, subscribed):
    receiver.status = 500
    happen(sandbox)
    sandbox.reset()
    assert sandbox.control("GET", "clock")["planned"] == 0
    sandbox.clock(24 * HOUR)
    assert len(receiver.posts) == 1


def test_retries_come_without_a_hand_on_the_clock_too(sandbox, receiver):
    sandbox.subscribe(receiver.url)
    receiver.statuses = [500]
    happen(sandbox)
    sandbox.clock(5 * MINUTES - 0.5)
    assert len(receiver.posts) == 1
    sandbox.wait_until(lambda: len(receiver.posts) == 2)


# --- Beside each other ------------------------------------------------------------------------


def test_a_slow_receiver_holds_up_no_answer_of_the_sandbox(sandbox, receiver, subscribed, create):
    receiver.delay = 1
    begun = time.monotonic()
    for _ in range(5):
        assert create().status_code == 201
    assert time.monotonic() - begun < 1
    sandbox.settle()
    assert receiver.events == ["meeting.created"] * 5


def test_events_arrive_in_their_order_at_a_prompt_receiver(sandbox, receiver, subscribed):
    receiver.delay = 0.01
    names = [f"event.{number}" for number in range(40)]
    happen(sandbox, *names)
    assert receiver.events == names


def test_a_slow_receiver_is_told_several_at_once(sandbox, receiver, subscribed):
    receiver.delay = 1.5
    happen(sandbox, *["meeting.started"] * 3)
    assert receiver.most_at_once > 1


@pytest.mark.parametrize(("in_order", "together"), [(True, False), (False, True)])
def test_without_order_even_a_prompt_receiver_is(sandbox, receiver, in_order, together):
    sandbox.subscribe(receiver.url, in_order=in_order)
    receiver.delay = 0.05
    happen(sandbox, *["meeting.started"] * 20)
    assert (receiver.most_at_once > 1) is together


def test_a_receiver_that_is_down_does_not_keep_another_waiting(sandbox, receiver):
    with Receiver.running(SECRET) as stuck:
        sandbox.subscribe_all({"url": stuck.url}, {"url": receiver.url})
        stuck.delay = 2
        begun = time.monotonic()
        sandbox.emit("meeting.started")
        sandbox.wait_until(lambda: receiver.posts)
        assert time.monotonic() - begun < 1
        sandbox.settle()


def test_the_end_does_not_wait_for_a_delivery():
    with Sandbox.running() as sandbox, Receiver.running(SECRET) as receiver:
        sandbox.account()
        sandbox.subscribe(receiver.url)
        receiver.delay = 2.5
        sandbox.emit("meeting.started")
        sandbox.wait_until(lambda: receiver.posts)
        begun = time.monotonic()
        assert sandbox.stop() == 0
        assert time.monotonic() - begun < 2


def test_a_reset_breaks_off_what_is_under_way(sandbox, receiver):
    sandbox.subscribe(receiver.url)
    receiver.delay = 2
    sandbox.emit("meeting.started")
    sandbox.wait_until(lambda: receiver.posts)
    sandbox.reset()
    begun = time.monotonic()
    sandbox.settle()
    assert time.monotonic() - begun < 1
    assert sandbox.deliveries() == []


# --- Events by hand ---------------------------------------------------------------------------


def test_an_event_by_hand_can_be_of_another_time(sandbox, receiver, subscribed):
    sandbox.emit("meeting.started", event_ts=1_700_000_000_123)
    sandbox.settle()
    assert receiver.posts[0].body["event_ts"] == 1_700_000_000_123


def test_an_event_by_hand_is_of_the_account_it_is_told_to(sandbox, receiver, subscribed):
    sandbox.emit("meeting.started", payload={"account_id": "another"})
    sandbox.settle()
    assert receiver.posts[0].body["payload"]["account_id"] == "acme-account"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"event": "meeting.started"}, 400),
        ({"event": "meeting.started", "account_id": "nobody"}, 404),
        ({"event": 1, "account_id": "acme-account"}, 400),
        ({"event": "x", "account_id": "acme-account", "payload": []}, 400),
        ({"event": "x", "account_id": "acme-account", "event_ts": 1e30}, 400),
        ({"event": "x", "account_id": "acme-account", "event_ts": -1}, 400),
    ],
)
def test_what_is_no_event_is_refused(sandbox, body, status):
    answer = sandbox.session.post(f"{sandbox.url}/_control/events", json=body, timeout=5)
    assert answer.status_code == status
    assert sandbox.events() == []


def test_an_event_nested_to_the_bottom_breaks_nothing(sandbox, receiver, subscribed):
    deep = "[" * 900 + "]" * 900
    text = json.dumps({"event": "x", "account_id": "acme-account", "payload": {"a": 0}})
    body = text.replace('"a": 0', f'"a": {deep}')
    answer = sandbox.session.post(f"{sandbox.url}/_control/events", data=body, timeout=5)
    assert answer.status_code < 500
    happen(sandbox)
    assert receiver.events[-1] == "meeting.started"
