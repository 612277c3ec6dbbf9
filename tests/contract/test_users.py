"""Users: the hosts of an account, by id and by address, one and all."""

import pytest

from tests.contract.says import zoom_says

GET = "Zoom API reference, Users, Get a user"
LIST = "Zoom API reference, Users, List users"
CREATE = "Zoom API reference, Users, Create users"
LEAVES_A_USER = "it would take a licence and leave a user in the account"


@pytest.fixture(scope="module")
def active(wire, record):
    with record.during("a list of users"):
        return wire.ask("GET", "/users", query={"status": "active", "page_size": 300}).expect(200)


@zoom_says("A user is found by id and by e-mail address alike", source=GET, sure="H")
def test_a_user_is_found_by_id_and_by_address(wire, host):
    for key in (host["id"], host["email"]):
        assert wire.ask("GET", "/users/{user}", user=key).expect(200)["id"] == host["id"]


@zoom_says("A user has id, e-mail address, names, type and status", source=GET, sure="H")
def test_a_user_has_what_the_portal_reads(host):
    assert all(host[name] for name in ("id", "email", "status"))
    assert host["type"] in (1, 2, 4, 99)
    assert host.get("display_name") or host.get("first_name") or host.get("last_name")


@zoom_says("A listed user has id, e-mail address, type and status", source=LIST, sure="H")
def test_a_listed_user_has_what_the_portal_reads(active, host):
    (listed,) = (user for user in active["users"] if user["id"] == host["id"])
    assert listed["email"] == host["email"]
    assert (listed["type"], listed["status"]) == (host["type"], "active")


@zoom_says("The last page has an empty next_page_token", source="Zoom API, Pagination", sure="H")
def test_the_last_page_has_no_next(active):
    if active["total_records"] > 300:
        pytest.skip("the account has more than one page of users")
    assert active["next_page_token"] == ""


@zoom_says("Without a status the active users are listed", source=LIST, sure="H")
def test_active_users_are_listed_unless_asked(wire):
    listed = wire.ask("GET", "/users", query={"page_size": 300}).expect(200)["users"]
    assert {user["status"] for user in listed} == {"active"}


@zoom_says("A page's token leads to the users after it", source="Zoom API, Pagination", sure="H")
def test_a_page_leads_to_the_next(wire, active):
    if active["total_records"] < 2:
        pytest.skip("the account has one user only")
    first = wire.ask("GET", "/users", query={"page_size": 1}).expect(200)
    query = {"page_size": 1, "next_page_token": first["next_page_token"]}
    second = wire.ask("GET", "/users", query=query).expect(200)
    assert len(first["users"]) == len(second["users"]) == 1
    assert first["users"][0]["id"] != second["users"][0]["id"]


# --- Creating ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def create(wire):
    """Create a user as the portal does."""

    def ask(email):
        info = {"email": email, "type": 2, "display_name": "Contract check"}
        body = {"action": "custCreate", "user_info": info}
        return wire.ask("POST", "/users", body=body)

    return ask


@zoom_says(
    "A user made with custCreate is 201, with id, address and type as sent",
    source=f"{CREATE}; Zoom ISV, Create a user",
    sure="H",
    only_sandbox=LEAVES_A_USER,
)
def test_a_created_user_is_201(create):
    made = create("contract-new@isv.example").expect(201)
    assert (made["email"], made["type"]) == ("contract-new@isv.example", 2)
    assert made["id"]


@zoom_says(
    "A user made with custCreate is active at once, as nothing has to be accepted",
    source="Zoom ISV, Create a user",
    sure="M",
    only_sandbox=LEAVES_A_USER,
)
def test_a_created_user_is_active(wire, create):
    made = create("contract-active@isv.example").expect(201)
    assert wire.ask("GET", "/users/{user}", user=made["id"]).expect(200)["status"] == "active"


@zoom_says(
    "An address that the account has already is refused: 409, code 1005, and no id",
    source=CREATE,
    sure="M",
    only_sandbox=LEAVES_A_USER,
)
def test_a_taken_address_is_1005(create, host):
    assert "id" not in create(host["email"]).expect(409, 1005)
