"""The token endpoint, and what becomes of its tokens."""

import pytest

from tests.sandbox import ACME, Sandbox

PARAMETERS = {"grant_type": "account_credentials", "account_id": ACME["account_id"]}


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


@pytest.mark.parametrize(
    ("state", "code"), [("disabled", 4717), ("disabled_by_admin", 4738), ("revoked", 4741)]
)
def test_an_app_that_is_off_gets_a_number(sandbox, state, code):
    sandbox.change_account(app_state=state)
    answer = sandbox.ask_token()
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("state", ["disabled", "disabled_by_admin", "revoked"])
def test_token_of_an_app_that_is_off_is_dead(sandbox, token, state):
    sandbox.change_account(app_state=state)
    assert sandbox.api("GET", "/users/alice", token).json()["code"] == 124


def test_token_of_a_reactivated_app_works_on(sandbox, token):
    sandbox.change_account(app_state="disabled")
    sandbox.change_account(app_state="active")
    assert works(sandbox, token)


# --- Where the parameters are, and what comes when they are not --------------------------------


def post(sandbox, method="POST", pair=(ACME["client_id"], ACME["client_secret"]), **options):
    return sandbox.session.request(
        method, f"{sandbox.url}/oauth/token", auth=pair, timeout=10, **options
    )


def test_parameters_in_the_query_work_too(sandbox):
    assert post(sandbox, params=PARAMETERS).status_code == 200


def test_parameters_in_the_query_are_refused_where_the_account_says_so(sandbox):
    sandbox.change_account(query_parameters="refused")
    answer = post(sandbox, params=PARAMETERS)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert post(sandbox, data=PARAMETERS).status_code == 200


def test_the_form_counts_before_the_query(sandbox):
    query = {**PARAMETERS, "account_id": "globex-account"}
    assert post(sandbox, params=query, data=PARAMETERS).status_code == 200


@pytest.mark.parametrize("missing", PARAMETERS)
def test_a_missing_parameter_is_an_invalid_request(sandbox, missing):
    form = {name: value for name, value in PARAMETERS.items() if name != missing}
    answer = post(sandbox, data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "options",
    [
        {"json": PARAMETERS},
        {"files": {name: (None, value) for name, value in PARAMETERS.items()}},
        {"data": "grant_type=account_credentials", "headers": {"Content-Type": "text/plain"}},
    ],
)
def test_a_body_of_another_type_is_not_read(sandbox, options):
    answer = post(sandbox, **options)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_gets_a_token(sandbox, method):
    answer = post(sandbox, method, params=PARAMETERS)
    assert (answer.status_code, set(answer.json())) == (405, {"reason", "error"})


@pytest.mark.parametrize(
    "body", [b"\xff\xfe=%ff", b"grant_type", b"&&==&", b"grant_type=%00&account_id=%ED%A0%80"]
)
def test_a_garbled_form_is_refused(sandbox, body):
    header = {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}
    assert post(sandbox, data=body, headers=header).status_code == 400


# --- Who asks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic ???", "Basic /w=="])
def test_unreadable_credentials_are_refused(sandbox, header):
    answer = sandbox.session.post(
        f"{sandbox.url}/oauth/token", headers={"Authorization": header}, timeout=10
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "nobody"}, 4702),
        ({"client_secret": "wrong"}, 4704),
        ({"client_secret": ""}, 4706),
        ({"grant_type": "client_credentials"}, 4705),
        ({"grant_type": ""}, 4706),
    ],
)
def test_credentials_may_be_refused_with_numbers(sandbox, changes, code):
    sandbox.change_account(oauth_errors="numbers")
    answer = sandbox.ask_token(**changes)
    assert (answer.status_code, set(answer.json())) == (400, {"code", "message"})
    assert answer.json()["code"] == code


def test_another_app_type_may_be_refused_with_a_number(sandbox):
    sandbox.change_account(oauth_errors="numbers", app_type="general")
    assert sandbox.ask_token().json()["code"] == 4705


def test_a_wrong_account_has_no_number(sandbox):
    sandbox.change_account(oauth_errors="numbers")
    answer = sandbox.ask_token(account_id="globex-account")
    assert answer.json() == {"reason": "Bad Request", "error": "invalid_request"}


def test_numbers_of_one_account_are_not_anothers(sandbox):
    sandbox.change_account("globex-account", oauth_errors="numbers")
    assert sandbox.ask_token(client_secret="wrong").json()["error"] == "invalid_client"


def test_two_apps_of_the_same_secret_are_told_apart(sandbox):
    sandbox.globex(client_secret=ACME["client_secret"])
    answer = sandbox.ask_token(client_id="globex-client", account_id="globex-account")
    assert answer.status_code == 200
    token = answer.json()["access_token"]
    assert sandbox.api("GET", "/users/carol", token).status_code == 200


# --- What the answer says, and how long it is good for ----------------------------------------


def test_api_url_is_the_sandbox_unless_the_account_has_another(sandbox):
    assert sandbox.ask_token().json()["api_url"].startswith("http://localhost:")
    sandbox.change_account(api_url="https://api-eu.zoom.us")
    assert sandbox.ask_token().json()["api_url"] == "https://api-eu.zoom.us"


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
