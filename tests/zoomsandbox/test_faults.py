"""Planted failures: which calls they hit, and what a client gets."""

import contextlib
import socket
import time
from datetime import UTC, datetime

import pytest
import requests

from tests.sandbox import ACME, GLOBEX

ENDLESS = 3600.0


@pytest.fixture
def ask(sandbox, token):
    """One GET on a connection of its own."""

    def call(path="/users", *, with_token=token, seconds=5.0, **options):
        header = {"Authorization": f"Bearer {with_token}"}
        return requests.get(
            f"{sandbox.url}/v2{path}", headers=header, timeout=seconds, allow_redirects=False,
            **options,
        )  # fmt: skip

    return call


@pytest.fixture
def statuses(ask):
    def call(times, path="/users", **options):
        return [ask(path, **options).status_code for _ in range(times)]

    return call


# --- Which calls ------------------------------------------------------------------------------


def test_a_call_may_be_named_by_a_pattern(sandbox, ask):
    sandbox.fault("users.*", "status")
    assert ask("/users").status_code == ask("/users/alice").status_code == 500
    assert sandbox.ask_token().status_code == 200


def test_a_path_is_a_pattern_too(sandbox, ask):
    sandbox.fault("*", "status", path="/v2/users/*/token")
    assert ask("/users/alice/token?type=zak").status_code == 500
    assert ask("/users/alice").status_code == 200


def test_a_regular_expression_sees_the_query(sandbox, ask):
    sandbox.fault("*", "status", pattern=r"type=zak($|&)")
    assert ask("/users/alice/token?type=zak").status_code == 500
    assert ask("/users/alice/token?type=token").status_code == 200


def test_everything_that_is_named_must_fit(sandbox, ask):
    sandbox.fault("users.list", "status", path="/v2/users/*")
    assert ask("/users").status_code == ask("/users/alice").status_code == 200


def test_one_account_is_hit_and_the_other_is_not(sandbox, ask, foreign_token):
    sandbox.fault("users.list", "status", account="globex-account")
    assert ask().status_code == 200
    assert ask(with_token=foreign_token).status_code == 500


def test_an_account_is_known_by_its_credentials(sandbox):
    sandbox.fault("oauth.token", "status", account="globex-account")
    assert sandbox.ask_token(ACME).status_code == 200
    assert sandbox.ask_token(GLOBEX).status_code == 500


def test_an_account_is_not_guessed(sandbox, ask):
    sandbox.fault("*", "status", account="acme-account")
    assert ask(with_token="unheard").status_code == 401
    answer = requests.post(
        f"{sandbox.url}/oauth/token", headers={"Authorization": "Basic x"}, timeout=5
    )
    assert answer.status_code == 400


def test_the_first_calls_may_be_spared(sandbox, statuses):
    sandbox.fault("users.list", "status", skip=2, times=1)
    assert statuses(4) == [200, 200, 500, 200]


def test_only_calls_it_is_about_count_as_spared(sandbox, ask, statuses):
    sandbox.fault("users.list", "status", skip=1)
    ask("/users/alice")
    assert statuses(2) == [200, 500]


def test_the_next_fault_takes_over_from_a_spent_one(sandbox, statuses):
    sandbox.fault("users.list", "status", status=500, times=1)
    sandbox.fault("users.list", "status", status=503, times=1)
    assert statuses(3) == [500, 503, 200]


def test_a_fault_counts_what_it_saw_and_hit(sandbox, statuses):
    sandbox.fault("users.list", "status", skip=1, times=1)
    statuses(3)
    (fault,) = sandbox.faults()
    assert (fault["seen"], fault["hits"], fault["times"]) == (3, 1, 1)


def test_faults_are_cleared_by_name(sandbox, ask):
    sandbox.fault("users.list", "status", name="one")
    sandbox.fault("users.get", "status", name="other")
    sandbox.clear_faults("one")
    assert (ask().status_code, ask("/users/alice").status_code) == (200, 500)


def test_the_ledger_names_the_fault(sandbox, ask):
    sandbox.fault("users.list", "html", name="portal of the hotel")
    ask()
    (entry,) = sandbox.ledger("users.list")
    assert (entry["detail"]["fault"], entry["detail"]["fault_name"]) == (
        "html",
        "portal of the hotel",
    )


# --- What the client gets ---------------------------------------------------------------------


def test_jitter_keeps_to_its_bounds(sandbox, ask):
    sandbox.fault("users.list", "latency", seconds=0.2, jitter=0.1)
    took = [ask().elapsed.total_seconds() for _ in range(5)]
    assert all(0.1 <= seconds < 1 for seconds in took)
    assert max(took) - min(took) > 0.001


def test_a_dripping_body_outlasts_a_read_timeout_and_comes_whole(sandbox, ask):
    honest = ask("/users/alice").json()
    sandbox.fault("users.get", "body_drip", seconds=0.8)
    answer = ask("/users/alice", seconds=0.5)
    assert answer.json() == honest
    assert "x-zm-trackingid" in answer.headers


def test_a_reset_is_a_reset(sandbox, ask):
    sandbox.fault("users.list", "reset")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        ask()
    assert sandbox.ledger("users.list")[0]["status"] is None


def test_a_drop_is_none(sandbox, ask):
    sandbox.fault("users.list", "drop")
    with pytest.raises(requests.ConnectionError, match="without response"):
        ask()


def test_a_lost_reply_was_work_done(sandbox, create):
    sandbox.fault("meetings.create", "lost_reply", times=1)
    with pytest.raises(requests.ConnectionError):
        create(topic="Lost")
    assert [meeting["topic"] for meeting in sandbox.meetings()] == ["Lost"]
    assert sandbox.ledger("meetings.create")[0]["detail"]["unspoiled_status"] == 201


def test_a_gateways_page_is_html_and_503(sandbox, ask):
    sandbox.fault("users.list", "html_error")
    answer = ask()
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")


def test_a_wrong_type_has_the_right_content(sandbox, ask):
    honest = ask("/users/alice").json()
    sandbox.fault("users.get", "wrong_type")
    answer = ask("/users/alice")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.json() == honest


def test_a_rate_limit_has_zooms_headers(sandbox, ask):
    sandbox.fault("users.list", "rate_limit")
    answer = ask()
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert answer.headers["X-RateLimit-Type"] == "QPS"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers


def test_a_daily_limit_names_midnight(sandbox, ask):
    sandbox.fault("users.list", "daily_limit")
    answer = ask()
    moment = datetime.fromisoformat(answer.headers["Retry-After"])
    assert (answer.status_code, answer.headers["X-RateLimit-Type"]) == (429, "Daily-limit")
    assert "daily" in answer.json()["message"]
    assert (moment.hour, moment.minute, moment > datetime.now(UTC)) == (0, 0, True)


def test_an_oversize_body_goes_on_for_64_mebibytes(sandbox, ask):
    sandbox.fault("users.list", "oversize")
    answer = ask(seconds=30)
    assert len(answer.content) == 64 * 1024 * 1024
    assert len(answer.json()["users"]) == 3


def test_an_oversize_body_stops_when_the_client_goes(sandbox, ask):
    sandbox.fault("users.list", "oversize", times=1)
    with ask(stream=True) as answer:
        assert answer.raw.read(1024).startswith(b"{")
    assert ask().status_code == 200


def test_bytes_below_tls_break_it(sandbox, token, trusting):
    sandbox.fault("users.list", "tls_error", times=1)
    with pytest.raises(requests.exceptions.SSLError):
        trusting("/users")
    assert trusting("/users").status_code == 200


def test_the_same_bytes_are_no_http_either(sandbox, ask):
    sandbox.fault("users.list", "tls_error")
    with pytest.raises(requests.ConnectionError, match="neither TLS nor HTTP"):
        ask()


def test_who_does_not_trust_the_sandbox_meets_a_wrong_certificate(sandbox, token):
    with pytest.raises(requests.exceptions.SSLError, match="certificate verify failed"):
        requests.get(f"https://localhost:{sandbox.tls_port}/v2/users", timeout=5)
    assert sandbox.ledger("users.list") == []


@pytest.fixture
def trusting(sandbox, token, tmp_path):
    """One GET by TLS, by a client that trusts the sandbox's authority."""
    authority = tmp_path / "authority.pem"
    certificate = requests.get(f"{sandbox.url}/_control/certificate", timeout=5)
    authority.write_bytes(certificate.content)

    def call(path):
        header = {"Authorization": f"Bearer {token}"}
        url = f"https://localhost:{sandbox.tls_port}/v2{path}"
        return requests.get(url, headers=header, timeout=5, verify=str(authority))

    return call


# --- Closed ports -----------------------------------------------------------------------------


def knock(port):
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_refused_ports_are_closed_and_open_by_themselves(sandbox):
    sandbox.refuse(0.4)
    assert not knock(sandbox.port)
    assert not knock(sandbox.tls_port)
    sandbox.wait_until(lambda: knock(sandbox.port) and knock(sandbox.tls_port))


def test_control_stays_reachable_and_can_open_them(sandbox, token):
    sandbox.refuse(ENDLESS)
    assert [fault["kind"] for fault in sandbox.faults()] == ["refuse"]
    sandbox.clear_faults()
    assert sandbox.api("GET", "/users", token).status_code == 200
    assert sandbox.faults() == []


def test_without_a_control_port_the_connection_that_asked_stays(sandbox):
    with requests.Session() as session:
        body = {"kind": "refuse", "seconds": ENDLESS}
        session.post(f"{sandbox.url}/_control/faults", json=body, timeout=5)
        assert not knock(sandbox.port)
        assert session.delete(f"{sandbox.url}/_control/faults", timeout=5).status_code == 200
    assert knock(sandbox.port)


def test_a_reset_of_the_sandbox_opens_them(sandbox):
    sandbox.refuse(ENDLESS)
    sandbox.reset()
    assert knock(sandbox.port)


def test_connections_break_when_the_ports_close(sandbox):
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as client:
        client.sendall(b"GET /v2/users HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 401")
        sandbox.refuse(0.2)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(65536) == b""
    sandbox.wait_until(lambda: knock(sandbox.port))


def test_a_second_refusal_takes_the_place_of_the_first(sandbox):
    sandbox.refuse(ENDLESS)
    begun = time.monotonic()
    sandbox.refuse(0.3)
    sandbox.wait_until(lambda: knock(sandbox.port))
    assert time.monotonic() - begun < 3


# --- Planting ---------------------------------------------------------------------------------


def test_every_kind_has_one_sentence(sandbox):
    kinds = sandbox.control("GET", "fault-kinds")
    assert len({kind["sentence"] for kind in kinds}) == len(kinds) > 20
    assert all(kind["sentence"].endswith(".") for kind in kinds)


EXAMPLES = {"wire_error": {"error": "bad zak"}, "refuse": {"seconds": 0.05}}


def test_every_kind_can_be_planted(sandbox):
    for kind in sandbox.fault_kinds():
        sandbox.control("POST", "faults", {"kind": kind, **EXAMPLES.get(kind, {})})
    sandbox.wait_until(lambda: knock(sandbox.port))
    assert len(sandbox.faults()) == len(sandbox.fault_kinds()) - 1


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("sulk", {}, "kind must be one of"),
        ("drop", {"status": 500}, "does not heed status"),
        ("refuse", {"times": 1}, "does not heed times"),
        ("status", {"seen": 1}, "cannot have seen"),
        ("status", {"call": "users.lst"}, "call must be, or fit, one of"),
        ("status", {"pattern": "("}, "no regular expression"),
        ("status", {"status": 99}, "from 200 to 599"),
        ("status", {"times": -1}, "times must be a whole number"),
        ("status", {"skip": True}, "skip must be"),
        ("latency", {"seconds": -1}, "seconds must be"),
        ("latency", {"seconds": 10**400}, "seconds must be"),
        ("status", {"headers": {"A": "b\r\nc: d"}}, "headers must be"),
        ("status", {"headers": {"Content-Length": "9"}}, "headers must be"),
        ("wire_error", {"error": "sulk"}, "error must be one of"),
        ("late_welcome", {"call": "users.list"}, "for the call web.socket alone"),
    ],
    ids=str,
)
def test_a_fault_that_would_never_come_is_refused(sandbox, kind, fields, words):
    with pytest.raises(RuntimeError, match=words) as refused:
        sandbox.control("POST", "faults", {"kind": kind, **fields})
    assert " 400 " in str(refused.value)
    assert sandbox.faults() == []


@pytest.mark.parametrize("status", [204, 205, 304, 599])
def test_any_status_can_be_planted(sandbox, ask, status):
    sandbox.fault("users.list", "status", status=status)
    assert ask().status_code == status
