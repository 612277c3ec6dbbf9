"""People who register for a meeting."""

import pytest

GUEST = {"first_name": "Gina", "last_name": "Guest", "email": "gina@elsewhere.example"}


@pytest.fixture
def open_meeting(create):
    """One for which people are approved at once."""
    return create(topic="Open day", settings={"approval_type": 0}).json()


@pytest.fixture
def picky_meeting(create):
    """One for which each has to be approved."""
    return create(topic="Audition", settings={"approval_type": 1}).json()


@pytest.fixture
def register(sandbox, token):
    def call(meeting, **changes):
        path = f"/meetings/{meeting['id']}/registrants"
        return sandbox.api("POST", path, token, json={**GUEST, **changes})

    return call


@pytest.fixture
def listed(sandbox, token):
    def call(meeting, **query):
        path = f"/meetings/{meeting['id']}/registrants"
        return sandbox.api("GET", path, token, params=query).json()

    return call


@pytest.fixture
def decide(sandbox, token):
    def call(meeting, action, *registrants):
        path = f"/meetings/{meeting['id']}/registrants/status"
        body = {"action": action, "registrants": list(registrants)}
        return sandbox.api("PUT", path, token, json=body)

    return call


def statuses(listed, meeting):
    kinds = ("approved", "pending", "denied")
    return [kind for kind in kinds if listed(meeting, status=kind)["registrants"]]


def test_meeting_for_registrants_tells_where_to_register(open_meeting, meeting):
    assert open_meeting["registration_url"]
    assert "registration_url" not in meeting


def test_registrant_gets_a_link_of_their_own(register, open_meeting):
    answer = register(open_meeting)
    told = answer.json()
    assert answer.status_code == 201
    assert (told["id"], told["topic"]) == (open_meeting["id"], "Open day")
    other = register(open_meeting, email="other@elsewhere.example").json()
    assert "tk=" in told["join_url"]
    assert told["join_url"] != other["join_url"]


def test_registrant_to_be_approved_gets_no_link_yet(register, listed, picky_meeting):
    assert "join_url" not in register(picky_meeting).json()
    [pending] = listed(picky_meeting, status="pending")["registrants"]
    assert (pending["email"], pending["status"]) == (GUEST["email"], "pending")
    assert "join_url" not in pending


def test_app_may_approve_at_once(register, picky_meeting):
    assert "tk=" in register(picky_meeting, auto_approve=True).json()["join_url"]


def test_list_tells_no_key(register, listed, open_meeting):
    register(open_meeting, phone="1")
    [registrant] = listed(open_meeting)["registrants"]
    assert (registrant["first_name"], registrant["phone"]) == ("Gina", "1")
    assert "tk" not in registrant


@pytest.mark.parametrize(
    ("action", "after"), [("approve", ["approved"]), ("deny", ["denied"]), ("cancel", [])]
)
def test_decision_on_a_registrant(register, decide, listed, picky_meeting, action, after):
    register(picky_meeting)
    assert decide(picky_meeting, action, {"email": GUEST["email"].upper()}).status_code == 204
    assert statuses(listed, picky_meeting) == after


@pytest.mark.parametrize(
    ("action", "told"), [("approve", "approved"), ("deny", "denied"), ("cancel", "cancelled")]
)
def test_registration_and_decision_are_told(sandbox, register, decide, picky_meeting, action, told):
    key = register(picky_meeting, phone="1").json()["registrant_id"]
    for _ in range(2):
        decide(picky_meeting, action, {"id": key})
    [created] = sandbox.events("meeting.registration_created")
    [decided] = sandbox.events(f"meeting.registration_{told}")
    first, then = (event["payload"]["object"]["registrant"] for event in (created, decided))
    assert (first["status"], first["phone"], then["id"]) == ("pending", "1", key)
    assert ("join_url" in then) is (action == "approve")


def test_event_of_a_registration_tells_no_key_beside_the_link(sandbox, register, open_meeting):
    register(open_meeting)
    [event] = sandbox.events("meeting.registration_created")
    about = event["payload"]["object"]
    assert (about["id"], about["registrant"]["status"]) == (open_meeting["id"], "approved")
    assert "tk=" in about["registrant"]["join_url"]
    assert "tk" not in about["registrant"]


def test_registrant_is_found_by_id(register, decide, listed, picky_meeting):
    key = register(picky_meeting).json()["registrant_id"]
    register(picky_meeting, email="other@elsewhere.example")
    decide(picky_meeting, "approve", {"id": key})
    assert [one["id"] for one in listed(picky_meeting)["registrants"]] == [key]


@pytest.mark.parametrize("wanted", [[], "all", [5], [{}], [{"id": 5}], [{"email": "nobody"}]])
def test_decision_on_nobody_is_refused(sandbox, token, register, listed, picky_meeting, wanted):
    register(picky_meeting)
    path = f"/meetings/{picky_meeting['id']}/registrants/status"
    body = {"action": "approve", "registrants": wanted}
    assert sandbox.api("PUT", path, token, json=body).json()["code"] == 300
    assert statuses(listed, picky_meeting) == ["pending"]


@pytest.mark.parametrize("action", ["admit", None, []])
def test_other_decisions_are_refused(decide, register, picky_meeting, action):
    register(picky_meeting)
    answer = decide(picky_meeting, action, {"email": GUEST["email"]})
    assert answer.json()["errors"][0]["field"] == "action"


def test_meeting_without_registration_takes_none(register, meeting):
    answer = register(meeting)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize("kind", [1, 3])
def test_meeting_without_a_time_takes_no_registration(create, register, kind):
    assert register(create(type=kind, settings={"approval_type": 0}).json()).status_code == 404


def test_closed_registration_takes_none(create, register):
    settings = {"approval_type": 0, "close_registration": True}
    assert register(create(settings=settings).json()).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None),
        ("email", "nobody"),
        ("email", 5),
        ("first_name", ""),
        ("first_name", 5),
        ("first_name", "x" * 65),
        ("last_name", None),
        ("auto_approve", "yes"),
    ],
)
def test_wrong_field_is_refused_by_its_name(register, listed, open_meeting, field, value):
    answer = register(open_meeting, **{field: value})
    assert answer.json()["errors"][0]["field"] == field
    assert listed(open_meeting)["registrants"] == []


def test_host_cannot_register(register, open_meeting):
    assert register(open_meeting, email="alice@acme.example").json()["code"] == 3027


def test_same_address_is_the_same_registrant(register, listed, open_meeting):
    first = register(open_meeting).json()
    again = register(open_meeting, email=GUEST["email"].upper(), first_name="Georgina").json()
    assert again["registrant_id"] == first["registrant_id"]
    [only] = listed(open_meeting)["registrants"]
    assert only["first_name"] == "Georgina"


def test_three_adds_a_day_for_each_registrant(register, open_meeting):
    statuses = [register(open_meeting).status_code for _ in range(4)]
    assert statuses == [201, 201, 201, 429]
    assert register(open_meeting, email="other@elsewhere.example").status_code == 201


def test_next_day_has_three_more(sandbox, register, open_meeting):
    for _ in range(4):
        register(open_meeting)
    sandbox.clock(86_400)
    token = sandbox.ask_token().json()["access_token"]
    path = f"/meetings/{open_meeting['id']}/registrants"
    assert sandbox.api("POST", path, token, json=GUEST).status_code == 201


def test_registrants_come_in_pages(register, listed, open_meeting):
    for number in range(3):
        register(open_meeting, email=f"{number}@elsewhere.example")
    page = listed(open_meeting, page_size=2)
    assert (len(page["registrants"]), page["page_count"], page["total_records"]) == (2, 2, 3)


def test_status_nobody_knows_is_refused(listed, open_meeting):
    assert listed(open_meeting, status="late")["code"] == 300


def test_dates_of_a_series_are_told_to_registrants(create, register):
    recurrence = {"type": 1, "end_times": 2}
    series = create(type=8, recurrence=recurrence, settings={"approval_type": 0}).json()
    assert len(register(series).json()["occurrences"]) == 2


def test_foreign_meeting_takes_no_registrants(sandbox, foreign_token, open_meeting):
    path = f"/meetings/{open_meeting['id']}/registrants"
    answer = sandbox.api("POST", path, foreign_token, json=GUEST)
    assert answer.json()["code"] == 3001
