"""The token endpoint, and what becomes of its tokens."""

import pytest

from tests.sandbox import ACME, Sandbox


def works(sandbox: Sandbox, token: str) -> bool:
    return sandbox.api("GET", "/users/alice", token).status_code == 200


def test_token_answer_has_zooms_members(sandbox):
    answer = sandbox.ask_token()
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "api_url"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert "user:read:token:admin" in body["scope"].split()


def test_token_opens_the_api(sandbox, token):
    assert works(sandbox, token)


def test_wrong_secret_is_told_as_invalid_client(sandbox):
    answer = sandbox.ask_token(client_secret="wrong")
    expected = {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
    assert (answer.status_code, answer.json()) == (400, expected)


def test_another_accounts_id_is_refused(sandbox):
    answer = sandbox.ask_token(account_id="globex-account")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_another_grant_is_refused(sandbox):
    answer = sandbox.ask_token(grant_type="client_credentials")
    assert answer.json()["error"] == "unsupported_grant_type"


def test_credentials_of_another_app_type_are_refused(sandbox):
    sandbox.change_account(app_type="general")
    assert sandbox.ask_token().json()["error"] == "unsupported_grant_type"


def test_deactivated_app_gets_code_4717(sandbox):
    sandbox.change_account(app_state="disabled")
    answer = sandbox.ask_token()
    assert (answer.status_code, answer.json()["code"]) == (400, 4717)


def test_token_of_a_deactivated_app_is_dead(sandbox, token):
    sandbox.change_account(app_state="disabled")
    assert not works(sandbox, token)


def test_parameters_in_the_query_work_too(sandbox):
    query = {"grant_type": "account_credentials", "account_id": ACME["account_id"]}
    pair = (ACME["client_id"], ACME["client_secret"])
    answer = sandbox.session.post(f"{sandbox.url}/oauth/token", params=query, auth=pair, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic ???", "Basic /w=="])
def test_unreadable_credentials_are_refused(sandbox, header):
    answer = sandbox.session.post(
        f"{sandbox.url}/oauth/token", headers={"Authorization": header}, timeout=10
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_token_dies_after_an_hour_of_sandbox_time(sandbox, token):
    sandbox.clock(3599)
    assert works(sandbox, token)
    sandbox.clock(2)
    answer = sandbox.api("GET", "/users/alice", token)
    assert (answer.status_code, answer.json()["code"]) == (401, 124)


def test_invented_token_gets_401_and_code_124(sandbox):
    answer = sandbox.api("GET", "/users/alice", "invented")
    assert (answer.status_code, answer.json()["code"]) == (401, 124)


def test_older_tokens_live_on_by_default(sandbox, token):
    sandbox.ask_token()
    assert works(sandbox, token)


def test_single_token_account_keeps_only_the_newest(sandbox, token):
    sandbox.change_account(single_token=True)
    newest = sandbox.ask_token().json()["access_token"]
    assert works(sandbox, newest)
    assert sandbox.api("GET", "/users/alice", token).json()["code"] == 124


def test_single_token_account_leaves_other_accounts_alone(sandbox, foreign_token):
    sandbox.change_account(single_token=True)
    sandbox.ask_token()
    assert sandbox.api("GET", "/users/carol", foreign_token).status_code == 200


def test_missing_scope_is_named(sandbox):
    sandbox.change_account(scopes=["user:read:user:admin"])
    token = sandbox.ask_token().json()["access_token"]
    answer = sandbox.api("GET", "/users/alice/token", token, params={"type": "zak"})
    sentence = "Invalid access token, does not contain scopes:[user:read:token:admin]."
    assert (answer.status_code, answer.json()) == (400, {"code": 4711, "message": sentence})


def test_added_scope_takes_a_new_token(sandbox):
    sandbox.change_account(scopes=["user:read:token:admin"])
    old = sandbox.ask_token().json()["access_token"]
    sandbox.change_account(scopes=["user:read:user:admin"])
    assert not works(sandbox, old)
    assert works(sandbox, sandbox.ask_token().json()["access_token"])


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/users/alice/token", "user:read:token:admin"),
        ("GET", "/users/alice", "user:read:user:admin"),
        ("GET", "/users", "user:read:list_users:admin"),
        ("POST", "/users/alice/meetings", "meeting:write:meeting:admin"),
        ("GET", "/meetings/81234567890", "meeting:read:meeting:admin"),
        ("PATCH", "/meetings/81234567890", "meeting:update:meeting:admin"),
        ("DELETE", "/meetings/81234567890", "meeting:delete:meeting:admin"),
        ("PUT", "/meetings/81234567890/status", "meeting:update:status:admin"),
    ],
)
def test_every_call_needs_its_own_scope(sandbox, method, path, scope):
    everything = sandbox.accounts()[0]["scopes"]
    sandbox.change_account(scopes=[name for name in everything if name != scope])
    token = sandbox.ask_token().json()["access_token"]
    assert scope in sandbox.api(method, path, token, json={}).json()["message"]
