"""Questions to the ledger."""

import pytest

from zoomsandbox.state.ledger import LEDGER_LENGTH, LedgerEntry, make_ledger


@pytest.fixture
def calls(sandbox, token, foreign_token):
    """Six calls: two tokens, three of acme's, one of nobody's."""
    sandbox.api("GET", "/users", token)
    sandbox.api("GET", "/users/alice", token)
    sandbox.api("GET", "/users/nobody", token)
    sandbox.api("GET", "/users", "invented")
    return sandbox


def names(entries):
    return [entry["call"] for entry in entries]


def test_calls_can_be_asked_for_by_pattern(calls):
    assert names(calls.ledger("users.*")) == ["users.list", "users.get", "users.get", "users.list"]


def test_a_pattern_without_stars_is_the_call_itself(calls):
    assert names(calls.ledger("users.get")) == ["users.get", "users.get"]
    assert calls.ledger("users") == []


def test_calls_can_be_asked_for_by_path(calls):
    assert [e["path"] for e in calls.ledger(path="/v2/users/*")] == [
        "/v2/users/alice",
        "/v2/users/nobody",
    ]


def test_calls_can_be_asked_for_by_account(calls):
    assert names(calls.ledger(account="globex-account")) == ["oauth.token"]
    assert names(calls.ledger(account="none")) == ["users.list"]


@pytest.mark.parametrize(("status", "count"), [("200", 4), ("2xx", 4), ("404", 1), ("4xx", 2)])
def test_calls_can_be_asked_for_by_status(calls, status, count):
    assert len(calls.ledger(status=status)) == count


def test_calls_without_an_answer_can_be_asked_for(calls):
    calls.fault("users.list", "drop", times=1)
    with pytest.raises(Exception, match="aborted"):
        calls.api("GET", "/users", "any")
    assert names(calls.ledger(status="none")) == ["users.list"]


def test_all_that_is_asked_must_fit(calls):
    assert names(calls.ledger("users.*", account="acme-account", status="404")) == ["users.get"]


def test_a_limit_gives_the_last_calls_in_their_order(calls):
    assert names(calls.ledger(limit=2)) == names(calls.ledger())[-2:]


def test_who_asks_again_with_the_last_number_misses_nothing(calls):
    whole, read, last = calls.ledger(), [], 0
    while part := calls.ledger(since=last, limit=2):
        read += part
        last = part[-1]["seq"]
    assert read == whole


def test_numbers_go_on_after_the_ledger_is_cleared(calls, token):
    last = calls.ledger()[-1]["seq"]
    calls.clear_ledger()
    calls.api("GET", "/users", token)
    assert calls.ledger()[0]["seq"] == last + 1


def test_calls_are_counted_by_call(calls):
    assert calls.count_calls() == {"oauth.token": 2, "users.list": 2, "users.get": 2}


def test_calls_are_counted_by_account(calls):
    assert calls.count_calls("account") == {"acme-account": 4, "globex-account": 1, "none": 1}


def test_calls_are_counted_by_status(calls):
    assert calls.count_calls("status") == {"200": 4, "404": 1, "401": 1}


def test_counts_heed_the_filters(calls):
    assert calls.count_calls("status", call="users.get") == {"200": 1, "404": 1}


def test_counts_tell_the_total(calls):
    assert calls.control("GET", "ledger/counts", call="users.*")["total"] == 4


@pytest.mark.parametrize("query", [{"by": "mood"}, {"since": "now"}, {"limit": 0}, {"since": -1}])
def test_a_senseless_question_is_refused(sandbox, query):
    path = "ledger/counts" if "by" in query else "ledger"
    with pytest.raises(RuntimeError, match="400"):
        sandbox.control("GET", path, **query)


def test_the_ledger_forgets_the_oldest_calls_first():
    ledger = make_ledger()
    ledger.extend(LedgerEntry(seq, 0.0, "a", "GET", "/") for seq in range(LEDGER_LENGTH + 2))
    assert (len(ledger), ledger[0].seq) == (LEDGER_LENGTH, 2)
