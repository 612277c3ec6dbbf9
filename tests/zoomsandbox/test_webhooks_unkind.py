"""Unkindness on demand: twice, out of order, late, never, and not what was signed."""

import pytest

from tests.sandbox import ACME
from tests.webhook_receiver import Receiver

SECRET = ACME["webhook_secret"]
DAY = 86_400


@pytest.fixture
def receiver(sandbox):
    """Told of everything, at a frozen clock."""
    with Receiver.running(SECRET) as receiver:
        sandbox.freeze()
        sandbox.subscribe(receiver.url)
        yield receiver
        assert sandbox.control("GET", "crashes") == []


def happen(sandbox, *events):
    for event in events or ["meeting.started"]:
        sandbox.emit(event)
    sandbox.settle()


def test_without_a_fault_each_event_arrives_once_in_order_and_genuine(sandbox, receiver):
    happen(sandbox, "first", "second", "third")
    assert receiver.events == ["first", "second", "third"]
    assert all(post.is_signed_with(SECRET) for post in receiver.posts)


def test_duplicate_delivers_the_same_twice_under_two_tracking_ids(sandbox, receiver):
    sandbox.delivery_fault("meeting.started", "duplicate")
    happen(sandbox, "meeting.started", "meeting.ended")
    assert receiver.events == ["meeting.started", "meeting.started", "meeting.ended"]
    first, second, _ = receiver.posts
    assert first.raw == second.raw
    assert first.headers["x-zm-trackingid"] != second.headers["x-zm-trackingid"]
    assert first.is_signed_with(SECRET)
    assert second.is_signed_with(SECRET)


def test_disorder_lets_a_later_one_go_first(sandbox, receiver):
    sandbox.delivery_fault("participant_left", "disorder")
    happen(sandbox, "participant_left", "participant_joined")
    assert receiver.events == ["participant_joined", "participant_left"]


@pytest.mark.parametrize("later", [1, 2, 4])
def test_disorder_lets_as_many_go_first_as_it_says(sandbox, receiver, later):
    sandbox.delivery_fault("held", "disorder", later=later)
    happen(sandbox, "held", "a", "b", "c", "d")
    assert receiver.events.index("held") == later


def test_disorder_waits_for_those_of_the_same_account(sandbox, receiver):
    with Receiver.running("globex-webhook-secret-0123456789abcdef") as other:
        sandbox.subscribe_all({"url": other.url}, account_id="globex-account")
        sandbox.delivery_fault("held", "disorder")
        sandbox.emit("held")
        sandbox.emit("of another", "globex-account")
        sandbox.settle()
        assert (receiver.events, other.events) == ([], ["of another"])


def test_what_is_held_back_goes_when_kindness_returns(sandbox, receiver):
    sandbox.delivery_fault("held", "disorder", later=9)
    happen(sandbox, "held")
    assert receiver.events == []
    sandbox.clear_delivery_faults()
    sandbox.settle()
    assert receiver.events == ["held"]


def test_delay_is_by_the_clock(sandbox, receiver):
    sandbox.delivery_fault("late", "delay", seconds=90)
    happen(sandbox, "late", "in time")
    sandbox.clock(89.999)
    assert receiver.events == ["in time"]
    sandbox.clock(0.002)
    assert receiver.events == ["in time", "late"]


def test_a_delayed_event_tells_when_it_happened(sandbox, receiver):
    sandbox.delivery_fault("late", "delay", seconds=90)
    happen(sandbox, "late")
    sandbox.clock(90)
    (post,) = receiver.posts
    assert post.timestamp - post.body["event_ts"] / 1000 == pytest.approx(90, abs=1)


def test_what_is_lost_never_arrives_and_is_not_retried(sandbox, receiver):
    sandbox.delivery_fault("meeting.started", "lose")
    happen(sandbox, "meeting.started", "meeting.ended")
    sandbox.clock(DAY)
    assert receiver.events == ["meeting.ended"]
    (entry,) = sandbox.deliveries("meeting.started")
    assert (entry["attempt"], entry["status"], entry["fault"]) == (0, None, "lose")


def test_what_is_lost_is_listed_among_the_events(sandbox, receiver):
    sandbox.delivery_fault("*", "lose")
    happen(sandbox, "meeting.started")
    assert [e["event"] for e in sandbox.events()] == ["meeting.started"]


def test_a_wrong_signature_is_wrong(sandbox, receiver):
    sandbox.delivery_fault("*", "wrong_signature")
    happen(sandbox)
    (post,) = receiver.posts
    assert not post.is_signed_with(SECRET)
    assert post.headers["x-zm-signature"].startswith("v0=")


def test_a_stale_timestamp_is_old_and_signed_as_such(sandbox, receiver):
    sandbox.delivery_fault("*", "stale_timestamp", seconds=7_200)
    happen(sandbox)
    (post,) = receiver.posts
    assert sandbox.clock(0) - post.timestamp == pytest.approx(7_200, abs=1)
    assert post.is_signed_with(SECRET)


def test_an_altered_body_is_not_the_one_that_was_signed(sandbox, receiver):
    sandbox.delivery_fault("*", "altered_body")
    happen(sandbox)
    (post,) = receiver.posts
    assert not post.is_signed_with(SECRET)
    assert post.body["event"] == "meeting.started"


@pytest.mark.parametrize("kind", ["wrong_signature", "stale_timestamp", "altered_body"])
def test_a_retry_is_honest_again(sandbox, receiver, kind):
    sandbox.delivery_fault("*", kind)
    receiver.statuses = [500]
    happen(sandbox)
    sandbox.clock(300)
    _, retry = receiver.posts
    assert retry.is_signed_with(SECRET)
    assert abs(sandbox.clock(0) - retry.timestamp) < 2


def test_a_fault_ends_after_its_times(sandbox, receiver):
    sandbox.delivery_fault("meeting.started", "lose", times=2)
    happen(sandbox, *["meeting.started"] * 3)
    assert len(receiver.posts) == 1


def test_a_fault_without_times_goes_on(sandbox, receiver):
    sandbox.delivery_fault("meeting.started", "lose", times=None)
    happen(sandbox, *["meeting.started"] * 3)
    assert receiver.posts == []


def test_a_fault_leaves_other_events_alone(sandbox, receiver):
    sandbox.delivery_fault("meeting.started", "lose", times=None)
    happen(sandbox, "meeting.ended")
    assert receiver.events == ["meeting.ended"]


def test_a_fault_is_not_spent_on_who_is_told_nothing(sandbox, receiver):
    receiver.answer_challenge = lambda plain: (500, b"")
    sandbox.subscribe(receiver.url)
    sandbox.delivery_fault("*", "lose")
    happen(sandbox)
    assert sandbox.control("GET", "delivery-faults")[0]["times"] == 1


@pytest.mark.parametrize(("account_id", "arrived"), [("acme-account", 0), ("globex-account", 1)])
def test_a_fault_can_be_one_accounts(sandbox, receiver, account_id, arrived):
    sandbox.delivery_fault("*", "lose", account_id=account_id)
    happen(sandbox)
    assert len(receiver.posts) == arrived


def test_the_fault_planted_first_counts(sandbox, receiver):
    sandbox.delivery_fault("*", "duplicate")
    sandbox.delivery_fault("*", "lose")
    happen(sandbox, "first", "second", "third")
    assert receiver.events == ["first", "first", "third"]


def test_the_log_says_what_was_spoiled(sandbox, receiver):
    sandbox.delivery_fault("*", "altered_body")
    happen(sandbox, "first", "second")
    log = {e["event"]: e["fault"] for e in sandbox.deliveries()}
    assert (log["first"], log["second"]) == ("altered_body", "")


def test_planted_faults_are_listed_and_cleared(sandbox, receiver):
    planted = sandbox.delivery_fault("meeting.started", "delay", seconds=5)
    assert sandbox.control("GET", "delivery-faults") == [planted]
    sandbox.clear_delivery_faults()
    assert sandbox.control("GET", "delivery-faults") == []


def test_a_challenge_is_never_spoiled(sandbox, receiver):
    sandbox.delivery_fault("*", "wrong_signature", times=None)
    assert sandbox.subscribe(receiver.url)["validation"]["passed"] is True
    assert receiver.challenges[-1].is_signed_with(SECRET)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": "x", "kind": "sulk"},
        {"event": "x", "kind": "lose", "times": 0},
        {"event": "x", "kind": "disorder", "later": 0},
        {"event": "x", "kind": "delay", "seconds": -1},
        {"event": "x", "kind": "delay", "seconds": 1e300},
        {"event": 7, "kind": "lose"},
    ],
)
def test_what_is_no_fault_is_refused(sandbox, body):
    answer = sandbox.session.post(f"{sandbox.url}/_control/delivery-faults", json=body, timeout=5)
    assert answer.status_code == 400
    assert sandbox.control("GET", "delivery-faults") == []
