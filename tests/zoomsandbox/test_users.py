"""Looking at users: one, all, and whether an address is known."""

import re

import pytest


def test_user_is_told_with_type_and_status(sandbox, token):
    user = sandbox.api("GET", "/users/sam@acme.example", token).json()
    assert (user["id"], user["type"], user["status"]) == ("sam", 1, "active")


def test_user_is_told_with_zooms_members(sandbox, token):
    user = sandbox.api("GET", "/users/alice", token).json()
    names = {"id", "email", "first_name", "last_name", "display_name", "type", "status", "role_id"}
    assert names | {"account_id", "pmi", "timezone", "created_at", "login_types"} <= set(user)
    assert (user["first_name"], user["last_name"]) == ("Alice", "Acme")
    assert re.fullmatch(r"\d{10}", str(user["pmi"]))


@pytest.mark.parametrize("status", ["inactive", "pending"])
def test_user_who_is_not_active_is_told_as_such(sandbox, token, status):
    sandbox.change_user("alice", status=status)
    assert sandbox.api("GET", "/users/alice", token).json()["status"] == status


@pytest.mark.parametrize("kind", [1, 2, 4, 99])
def test_every_type_is_told(sandbox, token, kind):
    sandbox.change_user("alice", type=kind)
    assert sandbox.api("GET", "/users/alice", token).json()["type"] == kind


def test_unknown_user_gets_404_and_1001(sandbox, token):
    answer = sandbox.api("GET", "/users/nobody", token)
    assert (answer.status_code, answer.json()["code"]) == (404, 1001)


@pytest.mark.parametrize("key", ["carol", "carol@globex.example"])
def test_user_of_another_account_gets_1010_and_nothing_else(sandbox, token, key):
    answer = sandbox.api("GET", f"/users/{key}", token)
    sentence = "User not belong to this account: acme-account."
    assert (answer.status_code, answer.json()) == (400, {"code": 1010, "message": sentence})


@pytest.mark.parametrize(("login_type", "status"), [("100", 200), ("101", 404), ("x", 400)])
def test_login_type_must_be_the_users(sandbox, token, login_type, status):
    query = {"login_type": login_type}
    assert sandbox.api("GET", "/users/alice", token, params=query).status_code == status


# --- Is the address known? --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "known"),
    [
        ("alice@acme.example", True),
        ("Alice@ACME.example", True),
        ("nobody@acme.example", False),
        ("carol@globex.example", False),
    ],
)
def test_address_of_the_account_is_known(sandbox, token, email, known):
    answer = sandbox.api("GET", "/users/email", token, params={"email": email})
    assert (answer.status_code, answer.json()) == (200, {"existed_email": known})


def test_address_of_somebody_with_single_sign_on_is_not_known(sandbox, token):
    sandbox.change_user("alice", login_type=101)
    query = {"email": "alice@acme.example"}
    assert sandbox.api("GET", "/users/email", token, params=query).json() == {
        "existed_email": False
    }


def test_address_must_be_one(sandbox, token):
    assert sandbox.api("GET", "/users/email", token).json()["errors"][0]["field"] == "email"


# --- All of them ------------------------------------------------------------------------------


def test_list_has_active_users_of_the_account_only(sandbox, token):
    sandbox.change_user("bob", status="inactive")
    users = sandbox.api("GET", "/users", token).json()["users"]
    assert [user["id"] for user in users] == ["alice", "sam"]


def test_inactive_users_are_listed_when_asked_for(sandbox, token):
    sandbox.change_user("bob", status="inactive")
    users = sandbox.api("GET", "/users", token, params={"status": "inactive"}).json()["users"]
    assert [user["id"] for user in users] == ["bob"]


def test_pending_users_are_listed_when_asked_for(sandbox, token):
    sandbox.change_user("bob", status="pending")
    users = sandbox.api("GET", "/users", token, params={"status": "pending"}).json()["users"]
    assert [(user["id"], user["verified"]) for user in users] == [("bob", 0)]


def test_another_status_is_refused(sandbox, token):
    answer = sandbox.api("GET", "/users", token, params={"status": "all"})
    assert answer.json()["errors"][0]["field"] == "status"


@pytest.mark.parametrize(("role", "ids"), [("0", ["alice"]), ("2", ["bob", "sam"]), ("9", [])])
def test_users_of_one_role_are_listed_when_asked_for(sandbox, token, role, ids):
    sandbox.change_user("alice", role_id="0")
    users = sandbox.api("GET", "/users", token, params={"role_id": role}).json()["users"]
    assert [user["id"] for user in users] == ids


def test_list_tells_host_keys_when_asked_to(sandbox, token):
    query = {"include_fields": "host_key"}
    with_keys = sandbox.api("GET", "/users", token, params=query).json()["users"]
    without = sandbox.api("GET", "/users", token).json()["users"]
    assert all(re.fullmatch(r"\d{6}", user["host_key"]) for user in with_keys)
    assert not any("host_key" in user for user in without)


def test_other_fields_cannot_be_included(sandbox, token):
    answer = sandbox.api("GET", "/users", token, params={"include_fields": "password"})
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


# --- Page by page -----------------------------------------------------------------------------


def test_list_tells_where_it_is(sandbox, token):
    page = sandbox.api("GET", "/users", token, params={"page_size": 2}).json()
    assert page.pop("next_page_token")
    assert len(page.pop("users")) == 2
    assert page == {"page_count": 2, "page_number": 1, "page_size": 2, "total_records": 3}


def test_size_of_a_page_is_thirty_unless_asked(sandbox, token):
    assert sandbox.api("GET", "/users", token).json()["page_size"] == 30


@pytest.mark.parametrize(("number", "ids"), [(1, ["alice", "bob"]), (2, ["sam"]), (3, [])])
def test_pages_can_be_asked_for_by_number(sandbox, token, number, ids):
    query = {"page_size": 2, "page_number": number}
    page = sandbox.api("GET", "/users", token, params=query).json()
    assert ([user["id"] for user in page["users"]], page["page_number"]) == (ids, number)


@pytest.mark.parametrize("number", ["0", "-1", "x", "10000000000000"])
def test_number_of_a_page_must_be_one(sandbox, token, number):
    answer = sandbox.api("GET", "/users", token, params={"page_number": number})
    assert answer.json()["errors"][0]["field"] == "page_number"


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


def test_page_token_lives_until_then(sandbox, token):
    first = sandbox.api("GET", "/users", token, params={"page_size": 1}).json()
    sandbox.clock(890)
    query = {"page_size": 1, "next_page_token": first["next_page_token"]}
    assert sandbox.api("GET", "/users", token, params=query).status_code == 200


def test_page_token_can_be_used_again(sandbox, token):
    first = sandbox.api("GET", "/users", token, params={"page_size": 1}).json()
    query = {"page_size": 1, "next_page_token": first["next_page_token"]}
    pages = [sandbox.api("GET", "/users", token, params=query).json()["users"] for _ in range(2)]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("query", [{"page_size": 2}, {"page_size": 1, "status": "active"}, {}])
def test_page_token_belongs_to_its_query(sandbox, token, query):
    first = sandbox.api("GET", "/users", token, params={"page_size": 1}).json()
    other = {**query, "next_page_token": first["next_page_token"]}
    answer = sandbox.api("GET", "/users", token, params=other)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


def test_page_token_of_another_account_is_refused(sandbox, token, foreign_token):
    first = sandbox.api("GET", "/users", token, params={"page_size": 1}).json()
    query = {"page_size": 1, "next_page_token": first["next_page_token"]}
    assert sandbox.api("GET", "/users", foreign_token, params=query).status_code == 400


@pytest.mark.parametrize("size", ["0", "301", "many"])
def test_page_size_outside_300_is_refused(sandbox, token, size):
    answer = sandbox.api("GET", "/users", token, params={"page_size": size})
    assert answer.json()["code"] == 300
