"""Making, changing and removing users."""

import pytest


@pytest.fixture
def make(sandbox, token):
    """Make a user of acme by Zoom's API."""

    def call(action="custCreate", email="new@acme.example", kind=1, **info):
        body = {"action": action, "user_info": {"email": email, "type": kind, **info}}
        return sandbox.api("POST", "/users", token, json=body)

    return call


@pytest.fixture
def show(sandbox, token):
    """A user as Zoom tells them."""
    return lambda user: sandbox.api("GET", f"/users/{user}", token).json()


def field_of(answer):
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    return answer.json()["errors"][0]["field"]


# --- Making -----------------------------------------------------------------------------------


def test_a_user_made_is_told_with_zooms_members(make):
    answer = make(first_name="New", last_name="Hand")
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"id", "email", "first_name", "last_name", "display_name", "type"}
    assert (body["email"], body["display_name"]) == ("new@acme.example", "New Hand")


@pytest.mark.parametrize(
    ("action", "status", "login_type"),
    [
        ("create", "pending", 100),
        ("autoCreate", "active", 100),
        ("custCreate", "active", 99),
        ("ssoCreate", "active", 101),
    ],
)
def test_every_action_makes_a_user_of_its_own_kind(make, show, action, status, login_type):
    user = show(make(action, password="Passw0rd").json()["id"])
    assert (user["status"], user["login_types"]) == (status, [login_type])


@pytest.mark.parametrize("kind", [1, 2, 4, 99])
def test_a_user_can_be_of_any_type(make, show, kind):
    assert show(make(kind=kind).json()["id"])["type"] == kind


def test_a_user_made_by_custcreate_has_zaks_of_ninety_days(sandbox, make, fetch_zak):
    fetch_zak(make("custCreate").json()["id"])
    [zak] = sandbox.zaks()
    assert zak["expires_at"] - zak["issued_at"] == 7_776_000


def test_a_user_made_otherwise_has_zaks_of_two_hours(sandbox, make, fetch_zak):
    fetch_zak(make("ssoCreate").json()["id"])
    [zak] = sandbox.zaks()
    assert zak["expires_at"] - zak["issued_at"] == 7_200


def test_an_invited_user_gets_no_zak(sandbox, make, token):
    user = make("create").json()["id"]
    answer = sandbox.api("GET", f"/users/{user}/token?type=zak", token)
    assert (answer.status_code, answer.json()["code"]) == (400, 1120)


def test_a_user_made_is_listed(sandbox, make, token):
    made = make().json()["id"]
    users = sandbox.api("GET", "/users", token).json()["users"]
    assert made in [user["id"] for user in users]


@pytest.mark.parametrize("email", ["alice@acme.example", "Alice@Acme.example"])
def test_an_address_of_the_account_is_refused(make, email):
    answer = make(email=email)
    assert (answer.status_code, answer.json()["code"]) == (409, 1005)


@pytest.mark.parametrize("action", ["autoCreate", "custCreate", "ssoCreate"])
def test_an_address_of_another_account_cannot_be_taken(make, action):
    assert make(action, "carol@globex.example", password="Passw0rd").status_code == 409


def test_an_address_of_another_account_can_be_invited(make):
    assert make("create", "carol@globex.example").status_code == 201


@pytest.mark.parametrize("action", ["", "custcreate", None, 1, ["create"]])
def test_another_action_is_refused(make, action):
    assert field_of(make(action)) == "action"


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@acme.example", None, 1, "a" * 129])
def test_an_address_must_be_one(make, email):
    assert field_of(make(email=email)) == "user_info.email"


@pytest.mark.parametrize("kind", [0, 3, "1", True, None, 1.0, [1]])
def test_a_type_must_be_one(make, kind):
    assert field_of(make(kind=kind)) == "user_info.type"


@pytest.mark.parametrize("password", [None, "short1A", "password1", "PASSWORD1", "Password"])
def test_autocreate_needs_a_good_password(make, password):
    assert field_of(make("autoCreate", password=password)) == "user_info.password"


@pytest.mark.parametrize("name", ["first_name", "last_name"])
def test_names_must_be_texts_of_some_length(make, name):
    assert field_of(make(**{name: "x" * 65})) == f"user_info.{name}"
    assert field_of(make(**{name: 1})) == f"user_info.{name}"
    assert make(**{name: "x" * 64}).status_code == 201


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"', "null", "[" * 100_000, '{"action": 1e999}'])
def test_a_body_must_be_an_object(sandbox, token, body):
    answer = sandbox.api("POST", "/users", token, data=body)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert sandbox.crashes() == []


@pytest.mark.parametrize("charset", ["nonsense", "utf-16", "ascii"])
def test_a_body_in_another_charset_is_refused(sandbox, token, charset):
    header = {"Authorization": f"Bearer {token}", "Content-Type": f"text/json; charset={charset}"}
    answer = sandbox.session.post(
        f"{sandbox.url}/v2/users", data=b'{"action": "\xc3\xa9"}', headers=header, timeout=10
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


# --- Licences ---------------------------------------------------------------------------------


def test_no_more_users_are_licensed_than_there_are_seats(sandbox, make):
    sandbox.change_account(seats=3)
    assert make(kind=2).status_code == 201
    answer = make(kind=2, email="another@acme.example")
    assert (answer.status_code, answer.json()["code"]) == (400, 200)


def test_basic_users_take_no_seat(sandbox, make):
    sandbox.change_account(seats=2)
    assert make(kind=1).status_code == 201


def test_a_user_cannot_be_licensed_without_a_seat(sandbox, token):
    sandbox.change_account(seats=2)
    answer = sandbox.api("PATCH", "/users/sam", token, json={"type": 2})
    assert (answer.status_code, answer.json()["code"]) == (400, 200)


def test_a_licensed_user_stays_so_with_all_seats_taken(sandbox, token):
    sandbox.change_account(seats=2)
    assert sandbox.api("PATCH", "/users/alice", token, json={"type": 2}).status_code == 204


def test_a_deactivated_user_frees_the_seat(sandbox, token):
    sandbox.change_account(seats=2)
    sandbox.api("PUT", "/users/bob/status", token, json={"action": "deactivate"})
    assert sandbox.api("PATCH", "/users/sam", token, json={"type": 2}).status_code == 204


def test_without_a_number_there_is_no_end_of_seats(make):
    made = [make(kind=2, email=f"u{n}@acme.example").status_code for n in range(20)]
    assert set(made) == {201}


# --- Changing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"display_name": "Al"},
        {"type": 1},
        {"timezone": "Europe/Berlin"},
        {"dept": "Stage"},
        {"language": "de-DE"},
        {"first_name": "Alicia", "display_name": "Alicia"},
    ],
)
def test_a_change_is_told_afterwards(sandbox, token, show, changes):
    answer = sandbox.api("PATCH", "/users/alice", token, json=changes)
    assert (answer.status_code, answer.content) == (204, b"")
    assert changes.items() <= show("alice").items()


def test_a_new_name_is_shown(sandbox, token, show):
    sandbox.api("PATCH", "/users/alice", token, json={"last_name": "Beta"})
    assert show("alice")["display_name"] == "Alice Beta"


@pytest.mark.parametrize(
    "changes",
    [
        {"type": 3},
        {"type": "2"},
        {"timezone": "Moon"},
        {"timezone": ["UTC"]},
        {"first_name": None},
        {"dept": "x" * 51},
    ],
)
def test_a_bad_change_is_refused_and_nothing_is_changed(sandbox, token, show, changes):
    before = show("alice")
    body = {"display_name": "Changed", **changes}
    answer = sandbox.api("PATCH", "/users/alice", token, json=body)
    assert field_of(answer) == next(iter(changes))
    assert show("alice") == before


def test_unknown_fields_are_ignored(sandbox, token, show):
    answer = sandbox.api("PATCH", "/users/alice", token, json={"status": "inactive", "x": 1})
    assert (answer.status_code, show("alice")["status"]) == (204, "active")


# --- Switching off and on ---------------------------------------------------------------------


def test_deactivating_ends_zaks_and_the_licence(sandbox, token, show, fetch_zak):
    sandbox.api("PUT", "/users/alice/status", token, json={"action": "deactivate"})
    assert (show("alice")["status"], show("alice")["type"]) == ("inactive", 1)
    answer = sandbox.api("GET", "/users/alice/token?type=zak", token)
    assert answer.json()["code"] == 300


def test_activating_gives_a_basic_user_back(sandbox, token, show):
    sandbox.api("PUT", "/users/alice/status", token, json={"action": "deactivate"})
    answer = sandbox.api("PUT", "/users/alice/status", token, json={"action": "activate"})
    assert answer.status_code == 204
    assert (show("alice")["status"], show("alice")["type"]) == ("active", 1)


def test_activating_a_licensed_user_takes_a_seat(sandbox, token):
    sandbox.change_user("alice", status="inactive")
    sandbox.change_account(seats=1)
    answer = sandbox.api("PUT", "/users/alice/status", token, json={"action": "activate"})
    assert (answer.status_code, answer.json()["code"]) == (400, 200)


def test_a_pending_user_cannot_be_activated(sandbox, token, show):
    sandbox.change_user("alice", status="pending")
    answer = sandbox.api("PUT", "/users/alice/status", token, json={"action": "activate"})
    assert (answer.json()["code"], show("alice")["status"]) == (1120, "pending")


@pytest.mark.parametrize("action", ["clock_in", "clock_out"])
def test_clocking_changes_nothing(sandbox, token, show, action):
    before = show("alice")
    answer = sandbox.api("PUT", "/users/alice/status", token, json={"action": action})
    assert (answer.status_code, show("alice")) == (204, before)


@pytest.mark.parametrize("action", ["pause", "", None, 1, ["activate"]])
def test_another_status_action_is_refused(sandbox, token, action):
    answer = sandbox.api("PUT", "/users/alice/status", token, json={"action": action})
    assert field_of(answer) == "action"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/users/alice/status"), ("DELETE", "/users/alice")]
)
def test_the_owner_stays(sandbox, token, show, method, path):
    sandbox.change_user("alice", role_id="0")
    answer = sandbox.api(method, path, token, json={"action": "deactivate"})
    assert (answer.status_code, answer.json()["code"]) == (400, 200)
    assert show("alice")["status"] == "active"


# --- Removing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?action=disassociate", "?action=delete"])
def test_a_user_removed_is_gone_with_the_meetings(sandbox, token, show, meeting, query):
    answer = sandbox.api("DELETE", f"/users/alice{query}", token)
    assert answer.status_code == 204
    assert show("alice")["code"] == 1001
    assert sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()["code"] == 3001


def test_meetings_can_be_transferred(sandbox, token, meeting):
    query = {"transfer_email": "bob@acme.example", "transfer_meeting": "true"}
    assert sandbox.api("DELETE", "/users/alice", token, params=query).status_code == 204
    found = sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()
    assert (found["host_id"], found["settings"]["alternative_hosts"]) == ("bob", "")


def test_meetings_go_when_only_recordings_are_transferred(sandbox, token, meeting):
    query = {"transfer_email": "bob@acme.example", "transfer_recording": "true"}
    sandbox.api("DELETE", "/users/alice", token, params=query)
    assert sandbox.api("GET", f"/meetings/{meeting['id']}", token).status_code == 404


@pytest.mark.parametrize("email", [None, "nobody@acme.example", "alice@acme.example", "carol"])
def test_an_heir_must_be_somebody_else_of_the_account(sandbox, token, show, email):
    query = {"transfer_meeting": "true", "transfer_email": email}
    answer = sandbox.api("DELETE", "/users/alice", token, params=query)
    assert field_of(answer) == "transfer_email"
    assert show("alice")["id"] == "alice"


def test_an_heir_must_be_active(sandbox, token):
    sandbox.change_user("bob", status="inactive")
    query = {"transfer_meeting": "true", "transfer_email": "bob@acme.example"}
    assert field_of(sandbox.api("DELETE", "/users/alice", token, params=query)) == "transfer_email"


@pytest.mark.parametrize(
    ("query", "field"), [("action=forget", "action"), ("transfer_meeting=1", "transfer_meeting")]
)
def test_a_bad_query_is_refused(sandbox, token, query, field):
    assert field_of(sandbox.api("DELETE", f"/users/alice?{query}", token)) == field


@pytest.mark.parametrize(("action", "status"), [("delete", 400), ("disassociate", 204)])
def test_a_pending_user_can_only_be_disassociated(sandbox, token, action, status):
    sandbox.change_user("alice", status="pending")
    assert sandbox.api("DELETE", f"/users/alice?action={action}", token).status_code == status


def test_zaks_of_a_user_removed_are_dead(sandbox, token, meeting):
    query = {"transfer_email": "bob@acme.example", "transfer_meeting": "true"}
    sandbox.api("DELETE", "/users/alice", token, params=query)
    assert sandbox.session.get(meeting["start_url"], timeout=10).status_code == 403


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_users_of_another_account_are_safe(sandbox, token, foreign_token, method):
    answer = sandbox.api(method, "/users/carol", token, json={"dept": "Stolen"})
    assert (answer.status_code, answer.json()["code"]) == (400, 1010)
    assert sandbox.api("GET", "/users/carol", foreign_token).json()["dept"] == ""
