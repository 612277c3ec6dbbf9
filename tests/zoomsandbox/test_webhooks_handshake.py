"""URL validation: who is told of events, at first and 72 hours later."""

import itertools
import json
import time

import pytest

from tests.sandbox import ACME, GLOBEX
from tests.webhook_receiver import Receiver

SECRET = ACME["webhook_secret"]
HOURS = 3_600
ROUND = 72 * HOURS


@pytest.fixture
def receiver(sandbox):
    with Receiver.running(SECRET) as receiver:
        yield receiver
        assert sandbox.control("GET", "crashes") == []


@pytest.fixture
def validated(sandbox, receiver):
    """A subscription to everything, at a frozen clock."""
    sandbox.freeze()
    return sandbox.subscribe(receiver.url)


def is_told(sandbox, receiver):
    """Whether an event that happens now arrives."""
    receiver.posts.clear()
    sandbox.emit("meeting.started", payload={"object": {}})
    sandbox.settle()
    return bool(receiver.posts)


def test_an_endpoint_that_holds_the_secret_passes(sandbox, receiver):
    subscription = sandbox.subscribe(receiver.url)
    assert subscription["validation"] == {"passed": True, "status": 200, "error": ""}
    assert is_told(sandbox, receiver)


def test_the_challenge_is_what_zoom_sends(sandbox, receiver):
    sandbox.subscribe(receiver.url)
    (challenge,) = receiver.challenges
    assert set(challenge.body) == {"payload", "event_ts", "event"}
    assert set(challenge.body["payload"]) == {"plainToken"}
    assert abs(challenge.body["event_ts"] / 1000 - time.time()) < 5
    assert challenge.headers["content-type"] == "application/json; charset=utf-8"


def test_the_challenge_is_signed(sandbox, receiver):
    sandbox.subscribe(receiver.url)
    assert receiver.challenges[0].is_signed_with(SECRET)
    assert not receiver.challenges[0].is_signed_with(GLOBEX["webhook_secret"])


def test_each_challenge_has_a_token_of_its_own(sandbox, receiver):
    subscription = sandbox.subscribe(receiver.url)
    sandbox.revalidate(subscription["id"])
    tokens = {post.body["payload"]["plainToken"] for post in receiver.challenges}
    assert len(tokens) == 2


def answer(status=200, **fields):
    return lambda plain: (status, json.dumps({"plainToken": plain, **fields}).encode())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (answer(encryptedToken="0" * 64), "encryptedToken is wrong"),
        (answer(encryptedToken=None), "encryptedToken is wrong"),
        (answer(), "encryptedToken is wrong"),
        (answer(plainToken="another", encryptedToken=""), "plainToken is not the one"),
        (lambda plain: (200, b"[]"), "no JSON object"),
        (lambda plain: (200, b"OK"), "no JSON object"),
        (lambda plain: (200, b"[" * 60_000), "no JSON object"),
        (lambda plain: (200, b"\xff\xfe\xfd"), "no JSON object"),
        (lambda plain: (200, b" " * 70_000), "too long"),
        (lambda plain: (204, b""), "204"),
        (lambda plain: (401, b"{}"), "401"),
    ],
)
def test_a_wrong_answer_fails(sandbox, receiver, wrong, reason):
    receiver.answer_challenge = wrong
    validation = sandbox.subscribe(receiver.url)["validation"]
    assert validation["passed"] is False
    assert reason in validation["error"]


@pytest.mark.parametrize("status", [201, 302, 500])
def test_the_right_tokens_under_another_status_fail(sandbox, receiver, status):
    receiver.answer_challenge = lambda plain: (status, receiver.pass_challenge(plain)[1])
    assert sandbox.subscribe(receiver.url)["validation"]["status"] == status


def test_the_secret_of_another_account_fails(sandbox, receiver):
    receiver.secret = GLOBEX["webhook_secret"]
    assert sandbox.subscribe(receiver.url)["validation"]["passed"] is False


def test_an_answer_after_more_than_three_seconds_fails(sandbox, receiver):
    receiver.delay = 3.3
    validation = sandbox.subscribe(receiver.url)["validation"]
    assert (validation["passed"], validation["status"]) == (False, None)
    assert "within 3 seconds" in validation["error"]


def test_an_answer_within_three_seconds_passes(sandbox, receiver):
    receiver.delay = 2.5
    assert sandbox.subscribe(receiver.url)["validation"]["passed"] is True


def test_endpoints_are_challenged_side_by_side(sandbox, receiver):
    receiver.delay = 1
    begun = time.monotonic()
    told = sandbox.subscribe_all({"url": f"{receiver.url}/a"}, {"url": f"{receiver.url}/b"})
    assert [one["validation"]["passed"] for one in told] == [True, True]
    assert time.monotonic() - begun < 1.8


def test_an_endpoint_that_is_not_there_fails(sandbox, receiver):
    receiver.stop()
    validation = sandbox.subscribe(receiver.url)["validation"]
    assert (validation["passed"], validation["status"]) == (False, None)


def test_a_url_that_failed_is_kept_and_told_nothing(sandbox, receiver):
    receiver.answer_challenge = answer(encryptedToken="")
    sandbox.subscribe(receiver.url)
    (kept,) = sandbox.subscriptions()
    assert (kept["validated_at"], kept["failed_validations"]) == (None, 1)
    assert not is_told(sandbox, receiver)


def test_a_url_that_failed_is_told_once_it_has_passed(sandbox, receiver):
    receiver.answer_challenge = answer(encryptedToken="")
    subscription = sandbox.subscribe(receiver.url)
    receiver.answer_challenge = receiver.pass_challenge
    assert sandbox.revalidate(subscription["id"])["validation"]["passed"] is True
    assert is_told(sandbox, receiver)


def test_a_url_that_never_passed_is_not_challenged_again(sandbox, receiver):
    receiver.answer_challenge = answer(encryptedToken="")
    sandbox.subscribe(receiver.url)
    sandbox.clock(2 * ROUND)
    assert len(receiver.challenges) == 1


# --- Every 72 hours ---------------------------------------------------------------------------


def test_it_is_challenged_again_after_exactly_72_hours(sandbox, receiver, validated):
    sandbox.clock(ROUND - 0.001)
    assert len(receiver.challenges) == 1
    sandbox.clock(0.001)
    assert len(receiver.challenges) == 2


def test_it_is_challenged_every_72_hours(sandbox, receiver, validated):
    sandbox.clock(5 * ROUND)
    moments = [post.body["event_ts"] for post in receiver.challenges]
    steps = {late - early for early, late in itertools.pairwise(moments)}
    assert len(moments) == 6
    assert {round(step / 1000) for step in steps} == {ROUND}


def test_validating_by_hand_begins_the_72_hours_anew(sandbox, receiver, validated):
    sandbox.clock(HOURS)
    sandbox.revalidate(validated["id"])
    sandbox.clock(ROUND - 1)
    assert len(receiver.challenges) == 2
    sandbox.clock(1)
    assert len(receiver.challenges) == 3


def fail_rounds(sandbox, receiver, rounds):
    receiver.answer_challenge = answer(encryptedToken="")
    sandbox.clock(rounds * ROUND)
    return sandbox.subscriptions()[0]


def test_failures_are_counted_and_the_url_keeps_getting_events(sandbox, receiver, validated):
    subscription = fail_rounds(sandbox, receiver, 5)
    assert (subscription["failed_validations"], subscription["disabled"]) == (5, False)
    assert is_told(sandbox, receiver)


def test_the_sixth_failure_in_a_row_disables_it(sandbox, receiver, validated):
    subscription = fail_rounds(sandbox, receiver, 6)
    assert (subscription["failed_validations"], subscription["disabled"]) == (6, True)
    assert not is_told(sandbox, receiver)


def test_a_disabled_url_is_not_challenged_any_more(sandbox, receiver, validated):
    fail_rounds(sandbox, receiver, 20)
    assert len(receiver.challenges) == 1 + 6


def test_a_pass_begins_the_count_anew(sandbox, receiver, validated):
    fail_rounds(sandbox, receiver, 5)
    receiver.answer_challenge = receiver.pass_challenge
    sandbox.clock(ROUND)
    assert fail_rounds(sandbox, receiver, 5)["disabled"] is False


def test_a_disabled_url_that_passes_again_is_told(sandbox, receiver, validated):
    fail_rounds(sandbox, receiver, 6)
    receiver.answer_challenge = receiver.pass_challenge
    sandbox.revalidate(validated["id"])
    assert is_told(sandbox, receiver)


def test_challenges_are_in_the_log(sandbox, receiver, validated):
    fail_rounds(sandbox, receiver, 1)
    log = sandbox.deliveries("endpoint.url_validation")
    assert [(e["delivered"], e["status"]) for e in log] == [(True, 200), (False, 200)]
    assert log[1]["at"] - log[0]["at"] == pytest.approx(ROUND)


# --- What is no subscription ------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/zoom",
        "http://93.184.216.34/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1@example.com/",
        "http://user:secret@127.0.0.1/",
        "http://0.0.0.0:8000/",
        "http://[::ffff:93.184.216.34]/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "127.0.0.1:8000",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http:///zoom",
        "",
    ],
)
def test_only_this_machine_is_sent_to(sandbox, url):
    with pytest.raises(RuntimeError, match=r"400.*(another|no URL|no http or https)"):
        sandbox.subscribe(url)
    assert sandbox.subscriptions() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9", "[::1]"])
def test_this_machine_has_several_names(sandbox, host):
    assert sandbox.subscribe(f"http://{host}:9/zoom")["validation"]["status"] is None
    assert len(sandbox.subscriptions()) == 1


def test_an_app_has_twenty_subscriptions_and_not_one_more(sandbox, receiver):
    wishes = [{"url": receiver.url}] * 20
    assert len(sandbox.subscribe_all(*wishes)) == 20
    with pytest.raises(RuntimeError, match="at most 20"):
        sandbox.subscribe_all(*wishes, {"url": receiver.url})
    assert len(sandbox.subscriptions()) == 20


def test_without_a_secret_there_is_nothing_to_subscribe_with(sandbox, receiver):
    sandbox.change_account(webhook_secret="")
    with pytest.raises(RuntimeError, match="no webhook_secret"):
        sandbox.subscribe(receiver.url)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"url": 7},
        {"url": "http://127.0.0.1:9/", "events": []},
        {"url": "http://127.0.0.1:9/", "events": "meeting.started"},
        {"url": "http://127.0.0.1:9/", "disabled": False},
        {"url": "http://127.0.0.1:9/", "timestamps": "whenever"},
    ],
)
def test_what_is_no_subscription_is_refused(sandbox, wish):
    with pytest.raises(RuntimeError, match="400"):
        sandbox.subscribe_all(wish)


def test_two_subscriptions_cannot_have_one_id(sandbox, receiver):
    wish = {"url": receiver.url, "id": "same"}
    with pytest.raises(RuntimeError, match="same id"):
        sandbox.subscribe_all(wish, wish)


def test_new_subscriptions_take_the_place_of_the_old(sandbox, receiver):
    sandbox.subscribe(f"{receiver.url}/old")
    sandbox.subscribe(f"{receiver.url}/new")
    assert [one["url"] for one in sandbox.subscriptions()] == [f"{receiver.url}/new"]


def test_one_that_is_removed_is_told_nothing(sandbox, receiver):
    subscription = sandbox.subscribe(receiver.url)
    sandbox.unsubscribe(subscription["id"])
    assert not is_told(sandbox, receiver)
    sandbox.clock(ROUND)
    assert len(receiver.challenges) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "accounts/nobody/subscriptions"),
        ("DELETE", "accounts/acme-account/subscriptions/none"),
        ("POST", "accounts/acme-account/subscriptions/none/revalidate"),
    ],
)
def test_what_is_not_there_is_404(sandbox, method, path):
    answer = sandbox.session.request(method, f"{sandbox.url}/_control/{path}", timeout=5)
    assert answer.status_code == 404
