"""Who may use the controls: programs here, the sandbox's own pages, and nobody else."""

import http.client

import pytest


def ask(sandbox, headers, method="POST", path="/_control/reset"):
    """The status of a request with exactly these headers."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_program_without_an_origin_may(sandbox):
    assert ask(sandbox, {}) == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_page_of_the_sandbox_itself_may(sandbox, host):
    own = f"{host}:{sandbox.port}"
    assert ask(sandbox, {"Host": own, "Origin": f"http://{own}"}) == 200


@pytest.mark.parametrize(
    "origin", ["http://localhost:8000", "http://127.0.0.1", "https://evil.example", "null", ""]
)
def test_a_page_of_another_origin_may_not(sandbox, origin):
    assert ask(sandbox, {"Origin": origin}) == 403


def test_a_page_of_the_same_host_by_another_scheme_may_not(sandbox):
    own = f"127.0.0.1:{sandbox.port}"
    assert ask(sandbox, {"Host": own, "Origin": f"https://{own}"}) == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_was_made_to_lead_here_opens_nothing(sandbox, method):
    headers = {"Host": f"evil.example:{sandbox.port}"}
    path = "/_control/accounts" if method == "GET" else "/_control/reset"
    assert ask(sandbox, headers, method, path) == 403
    headers["Origin"] = f"http://evil.example:{sandbox.port}"
    assert ask(sandbox, headers, method, path) == 403


def test_a_refused_reset_has_reset_nothing(sandbox, meeting):
    ask(sandbox, {"Origin": "https://evil.example"})
    assert len(sandbox.meetings()) == 1


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "%", "\xff"])
def test_a_host_that_is_none_opens_nothing(sandbox, host):
    assert ask(sandbox, {"Host": host}) in (400, 403)
