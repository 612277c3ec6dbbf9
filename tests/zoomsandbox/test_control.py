"""Ledger, faults and the other hands on the scene."""

import time

import pytest
import requests


def get_users(sandbox, token, seconds=5.0):
    header = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.url}/v2/users", headers=header, timeout=seconds)


def test_ledger_lists_calls_in_their_order(sandbox, token):
    get_users(sandbox, token)
    get_users(sandbox, "invented")
    told = [(e["call"], e["status"], e["code"]) for e in sandbox.ledger()]
    assert told == [("oauth.token", 200, None), ("users.list", 200, None), ("users.list", 401, 124)]


def test_ledger_can_be_asked_for_one_call(sandbox, token):
    get_users(sandbox, token)
    assert [e["call"] for e in sandbox.ledger("users.list")] == ["users.list"]


def test_ledger_can_be_cleared(sandbox, token):
    sandbox.clear_ledger()
    assert sandbox.ledger() == []


def test_ledger_knows_the_account(sandbox, token):
    get_users(sandbox, token)
    assert sandbox.ledger("users.list")[0]["account_id"] == "acme-account"


def test_ledger_and_accounts_hold_no_secret(sandbox, token):
    get_users(sandbox, token)
    told = str(sandbox.ledger()) + str(sandbox.accounts())
    assert token not in told
    assert "secret-0123456789" not in told


def test_status_fault_answers_as_told(sandbox, token):
    body = {"code": 429, "message": "Too fast."}
    headers = {"Retry-After": "2"}
    sandbox.fault("users.list", "status", status=429, body=body, headers=headers)
    answer = get_users(sandbox, token)
    assert (answer.status_code, answer.json()) == (429, body)
    assert answer.headers["Retry-After"] == "2"


def test_fault_on_one_call_leaves_the_others_alone(sandbox, token):
    sandbox.fault("users.get", "status", status=500)
    assert get_users(sandbox, token).status_code == 200


def test_fault_on_every_call_hits_every_call(sandbox, token):
    sandbox.fault("*", "status", status=503)
    assert get_users(sandbox, token).status_code == 503
    assert sandbox.ask_token().status_code == 503


def test_fault_ends_after_its_times(sandbox, token):
    sandbox.fault("users.list", "status", status=500, times=2)
    assert [get_users(sandbox, token).status_code for _ in range(3)] == [500, 500, 200]


def test_cleared_fault_is_gone(sandbox, token):
    sandbox.fault("users.list", "status", status=500)
    sandbox.clear_faults()
    assert get_users(sandbox, token).status_code == 200


def test_latency_delays_a_good_answer(sandbox, token):
    sandbox.fault("users.list", "latency", seconds=0.3)
    begun = time.monotonic()
    assert get_users(sandbox, token).status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_drop_closes_the_connection(sandbox, token):
    sandbox.fault("users.list", "drop")
    with pytest.raises(requests.ConnectionError):
        get_users(sandbox, token)
    assert sandbox.ledger("users.list")[0]["status"] is None


def test_stall_sends_nothing(sandbox, token):
    sandbox.fault("users.list", "stall")
    with pytest.raises(requests.ReadTimeout):
        get_users(sandbox, token, seconds=0.3)
    assert sandbox.ledger("users.list")[0]["status"] is None


def test_drip_outlasts_a_read_timeout(sandbox, token):
    sandbox.fault("users.list", "drip", seconds=1)
    begun = time.monotonic()
    get_users(sandbox, token, seconds=0.5)
    assert time.monotonic() - begun > 0.9


def test_bad_json_is_no_json(sandbox, token):
    sandbox.fault("users.list", "bad_json")
    answer = get_users(sandbox, token)
    assert answer.headers["Content-Type"] == "application/json"
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_html_empty_and_redirect(sandbox, token):
    for kind in ("html", "empty", "redirect"):
        sandbox.fault("users.list", kind, times=1)
    header = {"Authorization": f"Bearer {token}"}
    address = f"{sandbox.url}/v2/users"
    answers = [
        requests.get(address, headers=header, timeout=5, allow_redirects=False) for _ in range(3)
    ]
    assert answers[0].headers["Content-Type"] == "text/html"
    assert answers[1].content == b""
    assert answers[2].headers["Location"] == "https://elsewhere.invalid/"


def test_fault_afterwards_spoils_the_answer_and_not_the_work(sandbox, create):
    sandbox.fault("meetings.create", "status", status=502, after=True, times=1)
    assert create().status_code == 502
    assert len(sandbox.meetings()) == 1


def test_unknown_fault_is_refused(sandbox):
    with pytest.raises(RuntimeError, match="400"):
        sandbox.fault("users.list", "sulk")


def test_control_is_closed_to_web_pages(sandbox):
    header = {"Origin": "http://localhost:8000"}
    address = f"{sandbox.url}/_control/reset"
    assert requests.post(address, headers=header, timeout=5).status_code == 403


def test_reset_forgets_everything(sandbox, token, meeting):
    sandbox.fault("*", "status")
    sandbox.clock(100)
    sandbox.reset()
    left = (sandbox.accounts(), sandbox.ledger(), sandbox.meetings(), sandbox.zaks())
    assert left == ([], [], [], [])
    assert sandbox.clock(0) - time.time() < 5


def test_unknown_control_is_404(sandbox):
    with pytest.raises(RuntimeError, match="404"):
        sandbox.control("GET", "nothing")


def test_replaced_account_keeps_meetings_of_users_who_stay(sandbox, meeting):
    sandbox.account()
    assert len(sandbox.meetings()) == 1
    sandbox.account(users=[])
    assert sandbox.meetings() == []


def test_deleted_user_is_gone_with_the_meetings(sandbox, token, meeting):
    sandbox.delete_user("alice")
    assert sandbox.api("GET", "/users/alice", token).json()["code"] == 1001
    assert sandbox.meetings() == []
