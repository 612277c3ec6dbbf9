"""Users and the tokens that speak for them."""

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


@pytest.mark.parametrize("user", ["nobody", "carol", "me"])
def test_unknown_foreign_and_me_are_nobody(sandbox, token, user):
    answer = sandbox.api("GET", f"/users/{user}/token", token, params={"type": "zak"})
    assert (answer.status_code, answer.json()["code"]) == (404, 1001)


def test_deactivated_user_gets_no_zak(sandbox, token):
    sandbox.change_user("alice", status="inactive")
    answer = sandbox.api("GET", "/users/alice/token", token, params={"type": "zak"})
    assert answer.status_code == 400
    assert sandbox.zaks() == []


def test_user_is_told_with_type_and_status(sandbox, token):
    user = sandbox.api("GET", "/users/sam@acme.example", token).json()
    assert (user["id"], user["type"], user["status"]) == ("sam", 1, "active")


def test_list_has_active_users_of_the_account_only(sandbox, token):
    sandbox.change_user("bob", status="inactive")
    users = sandbox.api("GET", "/users", token).json()["users"]
    assert [user["id"] for user in users] == ["alice", "sam"]


def test_inactive_users_are_listed_when_asked_for(sandbox, token):
    sandbox.change_user("bob", status="inactive")
    users = sandbox.api("GET", "/users", token, params={"status": "inactive"}).json()["users"]
    assert [user["id"] for user in users] == ["bob"]


def test_pages_follow_each_other_to_an_empty_token(sandbox, token):
    names, following = [], None
    while following != "":
        query = {"page_size": 2, "next_page_token": following or ""}
        page = sandbox.api("GET", "/users", token, params=query).json()
        names += [user["id"] for user in page["users"]]
        following = page["next_page_token"]
    assert names == ["alice", "bob", "sam"]


def test_page_token_dies_after_fifteen_minutes(sandbox, token):
    first = sandbox.api("GET", "/users", token, params={"page_size": 1}).json()
    sandbox.clock(901)
    query = {"page_size": 1, "next_page_token": first["next_page_token"]}
    assert sandbox.api("GET", "/users", token, params=query).status_code == 400


def test_page_token_of_another_account_is_refused(sandbox, token, foreign_token):
    first = sandbox.api("GET", "/users", token, params={"page_size": 1}).json()
    query = {"next_page_token": first["next_page_token"]}
    assert sandbox.api("GET", "/users", foreign_token, params=query).status_code == 400


@pytest.mark.parametrize("size", ["0", "301", "many"])
def test_page_size_outside_300_is_refused(sandbox, token, size):
    answer = sandbox.api("GET", "/users", token, params={"page_size": size})
    assert answer.json()["code"] == 300
