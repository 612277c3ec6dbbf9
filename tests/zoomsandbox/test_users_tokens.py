"""The tokens that speak for a user, and their end."""

import pytest


def only_zak(sandbox, user):
    [zak] = sandbox.zaks(user)
    return zak


def test_zak_lives_two_hours(sandbox, fetch_zak):
    value = fetch_zak("alice")
    zak = only_zak(sandbox, "alice")
    assert (zak["value"], zak["kind"]) == (value, "zak")
    assert zak["expires_at"] - zak["issued_at"] == 7200


def test_zak_of_a_user_made_by_the_api_lives_ninety_days(sandbox, fetch_zak):
    sandbox.change_user("alice", cust_create=True)
    fetch_zak("alice")
    zak = only_zak(sandbox, "alice")
    assert zak["expires_at"] - zak["issued_at"] == 7_776_000


def test_ttl_is_obeyed(sandbox, fetch_zak):
    fetch_zak("alice", ttl=600)
    zak = only_zak(sandbox, "alice")
    assert zak["expires_at"] - zak["issued_at"] == 600


@pytest.mark.parametrize("ttl", ["0", "-1", "x", "31536001", "1.5"])
def test_ttl_outside_a_year_is_refused(sandbox, token, ttl):
    query = {"type": "zak", "ttl": ttl}
    answer = sandbox.api("GET", "/users/alice/token", token, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


def test_without_type_the_answer_is_the_deprecated_kind(sandbox, token):
    assert sandbox.api("GET", "/users/alice/token", token).status_code == 200
    assert only_zak(sandbox, "alice")["kind"] == "token"


def test_email_is_as_good_as_the_id(sandbox, token):
    query = {"type": "zak"}
    sandbox.api("GET", "/users/Alice@acme.example/token", token, params=query)
    assert only_zak(sandbox, "alice")["kind"] == "zak"


def test_no_two_zaks_are_alike(fetch_zak):
    assert len({fetch_zak("alice") for _ in range(20)}) == 20


def test_post_for_a_zak_is_not_recognized(sandbox, token):
    answer = sandbox.api("POST", "/users/alice/token", token, json={"type": "zak"})
    assert answer.status_code == 404
    assert sandbox.zaks() == []


@pytest.mark.parametrize("user", ["nobody", "me"])
def test_unknown_users_and_me_are_nobody(sandbox, token, user):
    answer = sandbox.api("GET", f"/users/{user}/token", token, params={"type": "zak"})
    assert (answer.status_code, answer.json()["code"]) == (404, 1001)


def test_user_of_another_account_is_told_as_such(sandbox, token):
    answer = sandbox.api("GET", "/users/carol/token", token, params={"type": "zak"})
    assert (answer.status_code, answer.json()["code"]) == (400, 1010)
    assert sandbox.zaks() == []


@pytest.mark.parametrize(("status", "code"), [("inactive", 300), ("pending", 1120)])
def test_user_who_is_not_active_gets_no_token(sandbox, token, status, code):
    sandbox.change_user("alice", status=status)
    answer = sandbox.api("GET", "/users/alice/token", token, params={"type": "zak"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert sandbox.zaks() == []


@pytest.mark.parametrize("login_type", [0, 1])
def test_the_deprecated_kind_is_null_for_google_and_facebook(sandbox, token, fetch_zak, login_type):
    sandbox.change_user("alice", login_type=login_type)
    answer = sandbox.api("GET", "/users/alice/token", token)
    assert (answer.status_code, answer.json()) == (200, {"token": None})
    assert fetch_zak("alice")


def test_on_behalf_needs_a_meeting(sandbox, token, fetch_zak):
    answer = sandbox.api("GET", "/users/alice/token", token, params={"type": "onbehalf"})
    assert answer.json()["errors"][0]["field"] == "meeting_id"
    assert fetch_zak("alice", "onbehalf", meeting_id="81234567890")


def test_another_kind_is_refused(sandbox, token):
    answer = sandbox.api("GET", "/users/alice/token", token, params={"type": "tk"})
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


# --- Me ---------------------------------------------------------------------------------------


@pytest.fixture
def owner(sandbox):
    """Alice owns the account, and ``me`` is understood."""
    sandbox.change_user("alice", role_id="0")
    sandbox.change_account(me="owner")


def test_me_may_be_the_owner(sandbox, token, owner):
    assert sandbox.api("GET", "/users/me", token).json()["id"] == "alice"


def test_without_an_owner_me_is_nobody(sandbox, token):
    sandbox.change_account(me="owner")
    assert sandbox.api("GET", "/users/me", token).json()["code"] == 1001


def test_own_zak_lives_five_minutes(sandbox, token, owner):
    value = sandbox.api("GET", "/users/me/zak", token).json()["token"]
    zak = only_zak(sandbox, "alice")
    assert (zak["value"], zak["kind"]) == (value, "zak")
    assert zak["expires_at"] - zak["issued_at"] == 300


def test_own_zak_is_refused_where_me_is(sandbox, token):
    sandbox.change_user("alice", role_id="0")
    assert sandbox.api("GET", "/users/me/zak", token).json()["code"] == 1001


def test_nobody_elses_zak_is_to_be_had_there(sandbox, token, owner):
    answer = sandbox.api("GET", "/users/bob/zak", token)
    assert (answer.status_code, answer.json()["code"]) == (404, 2300)


# --- The end of ZAKs --------------------------------------------------------------------------


def test_revoking_ends_the_users_zaks(sandbox, token, fetch_zak):
    fetch_zak("alice")
    assert sandbox.api("DELETE", "/users/alice/token", token).status_code == 204
    assert sandbox.zaks("alice") == []


def test_revoking_leaves_others_alone(sandbox, token, fetch_zak):
    fetch_zak("bob")
    sandbox.api("DELETE", "/users/alice/token", token)
    assert len(sandbox.zaks("bob")) == 1


def test_revoking_ends_the_zak_in_a_start_url(sandbox, token, meeting):
    sandbox.api("DELETE", "/users/alice/token", token)
    assert sandbox.session.get(meeting["start_url"], timeout=10).status_code == 403


@pytest.mark.parametrize("operation", ["change_password", "sign_out_from_all_devices"])
def test_signing_out_everywhere_ends_the_users_zaks(sandbox, fetch_zak, operation):
    fetch_zak("alice")
    fetch_zak("bob")
    sandbox.sign_out("alice", operation)
    assert (sandbox.zaks("alice"), len(sandbox.zaks("bob"))) == ([], 1)


def test_a_new_zak_is_to_be_had_after_that(sandbox, fetch_zak):
    sandbox.sign_out("alice", "change_password")
    fetch_zak("alice")
    assert only_zak(sandbox, "alice")["kind"] == "zak"
