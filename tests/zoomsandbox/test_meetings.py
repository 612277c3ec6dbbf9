"""Meetings by the REST API."""

import pytest

from tests.sandbox import ACME, GLOBEX


def test_create_answers_201_with_an_eleven_digit_number(create):
    answer = create(topic="Weekly")
    meeting = answer.json()
    assert answer.status_code == 201
    assert 10**10 <= meeting["id"] < 10**11
    assert (meeting["topic"], meeting["host_id"], meeting["status"]) == (
        "Weekly",
        "alice",
        "waiting",
    )


def test_start_url_holds_a_live_zak_of_the_host(sandbox, meeting):
    zak = meeting["start_url"].partition("zak=")[2]
    [issued] = [z for z in sandbox.zaks("alice") if z["value"] == zak]
    assert issued["kind"] == "zak"


def test_every_get_has_a_new_start_url(sandbox, token, meeting):
    again = sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()
    assert again["uuid"] == meeting["uuid"]
    assert again["start_url"] != meeting["start_url"]


def test_join_url_holds_the_encrypted_passcode(meeting):
    assert meeting["join_url"].endswith(f"?pwd={meeting['encrypted_password']}")
    assert meeting["password"] not in meeting["join_url"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2030-07-01T10:00:00Z", "2030-07-01T10:00:00Z"),
        ("2030-07-01T10:00:00", "2030-07-01T08:00:00Z"),
        ("2030-01-01T10:00:00", "2030-01-01T09:00:00Z"),
    ],
)
def test_start_time_is_utc_with_z_and_local_without(create, text, told):
    meeting = create(start_time=text, timezone="Europe/Berlin").json()
    assert (meeting["start_time"], meeting["timezone"]) == (told, "Europe/Berlin")


@pytest.mark.parametrize("text", ["tomorrow", "2030-13-01T10:00:00Z", "2030-01-01 10:00", 5])
def test_start_time_in_another_form_is_refused(create, text):
    assert create(start_time=text).json()["errors"][0]["field"] == "start_time"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", 7),
        ("type", True),
        ("type", 8),
        ("duration", 0),
        ("timezone", "Moon/Sea"),
        ("topic", "x" * 201),
        ("topic", None),
        ("settings", []),
        ("start_time", "1969-12-31T23:59:59Z"),
        ("start_time", "0001-01-01T00:00:00"),
        ("start_time", "9999-12-31T23:59:59"),
        ("pre_schedule", 1),
        ("schedule_for", "carol"),
        ("schedule_for", ["bob"]),
        ("tracking_fields", {}),
        ("tracking_fields", [{"value": "no name"}]),
        ("tracking_fields", ["x"]),
        ("agenda", "x" * 2001),
    ],
)
def test_invalid_field_is_refused(create, field, value):
    assert create(**{field: value}).json()["code"] == 300


def test_body_that_is_no_object_is_refused(sandbox, token):
    answer = sandbox.api("POST", "/users/alice/meetings", token, data="[")
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


SETTINGS = [
    ("waiting_room", "yes"),
    ("waiting_room", 1),
    ("approval_type", 3),
    ("approval_type", True),
    ("jbh_time", 7),
    ("jbh_time", 5.0),
    ("auto_recording", "tape"),
    ("contact_name", 5),
    ("breakout_room", []),
    ("meeting_invitees", {}),
    ("use_pmi", True),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_invalid_setting_is_refused_by_its_name(create, name, value):
    answer = create(settings={name: value})
    assert answer.json()["errors"][0]["field"] == f"settings.{name}"


def test_setting_nobody_knows_is_left_out(create):
    settings = create(settings={"invented": 1, "waiting_room": True}).json()["settings"]
    assert settings["waiting_room"] is True
    assert "invented" not in settings


def test_new_meeting_begins_with_the_hosts_own_settings(sandbox, create):
    own = {
        "schedule_meeting": {"join_before_host": True, "jbh_time": "soon"},
        "meeting_security": {"waiting_room": True},
        "recording": {"auto_recording": "cloud"},
    }
    sandbox.change_user("alice", settings=own)
    settings = create(settings={"waiting_room": False}).json()["settings"]
    names = ("join_before_host", "jbh_time", "waiting_room", "auto_recording")
    assert [settings[name] for name in names] == [True, 0, False, "cloud"]


def test_what_zoom_tells_of_a_meeting(create):
    meeting = create(topic="Weekly", agenda="News", pre_schedule=True).json()
    assert (meeting["agenda"], meeting["pre_schedule"]) == ("News", True)
    assert meeting["creation_source"] == "open_api"
    assert meeting["host_email"] == "alice@acme.example"
    assert len(meeting["dynamic_host_key"]) == 6
    assert "registration_url" not in meeting
    assert "occurrences" not in meeting


def test_tracking_fields_are_told_again(create):
    given = [{"field": "Department", "value": "Sales"}]
    told = create(tracking_fields=given).json()["tracking_fields"]
    assert told == [{"field": "Department", "value": "Sales", "visible": True}]


def test_template_is_ignored(create):
    assert create(template_id="Dv4YdINdTk+Z5RToadh5ug==").status_code == 201


@pytest.mark.parametrize("kind", [1, 3])
def test_meeting_without_a_fixed_time_has_no_start_time(create, kind):
    meeting = create(type=kind, start_time="2030-07-01T10:00:00Z").json()
    assert meeting["type"] == kind
    assert "start_time" not in meeting


@pytest.mark.parametrize("kind", [2, 10])
def test_meeting_with_a_time_has_one(create, kind):
    meeting = create(type=kind, start_time="2030-07-01T10:00:00Z").json()
    assert meeting["start_time"] == "2030-07-01T10:00:00Z"


def test_meeting_can_be_scheduled_for_a_colleague(create):
    meeting = create(schedule_for="bob@acme.example").json()
    assert (meeting["host_id"], meeting["host_email"]) == ("bob", "bob@acme.example")


def test_meeting_is_handed_over_with_number_and_links(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}"
    sandbox.api("PATCH", path, token, json={"schedule_for": "bob"})
    after = sandbox.api("GET", path, token).json()
    assert (after["host_id"], after["join_url"]) == ("bob", meeting["join_url"])
    # The new host is no alternative host any more.
    assert after["settings"]["alternative_hosts"] == ""


def test_running_meeting_is_not_handed_over(sandbox, token, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)
    body = {"schedule_for": "bob"}
    answer = sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json=body)
    assert answer.json()["code"] == 300


@pytest.mark.parametrize("listed", ["bob", "bob@acme.example", "bob;bob@acme.example;"])
def test_alternative_host_is_found_by_id_or_email(sandbox, create, listed):
    create(settings={"alternative_hosts": listed})
    assert sandbox.meetings()[0]["alternative_hosts"] == ["bob"]


@pytest.mark.parametrize("listed", ["sam", "carol@globex.example", "bob;nobody", "alice", 5])
def test_alternative_host_must_be_another_licensed_user_of_the_account(sandbox, create, listed):
    answer = create(settings={"alternative_hosts": listed})
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert sandbox.meetings() == []


def test_account_can_forbid_alternative_hosts(sandbox, create):
    sandbox.change_account(alternative_hosts_allowed=False)
    assert create(settings={"alternative_hosts": "bob"}).json()["code"] == 300
    assert create(settings={"alternative_hosts": ""}).status_code == 201


def test_alternative_hosts_are_told_by_their_addresses(create):
    settings = create(settings={"alternative_hosts": "bob"}).json()["settings"]
    assert settings["alternative_hosts"] == "bob@acme.example"


def test_update_changes_what_is_given(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}"
    assert sandbox.api("PATCH", path, token, json={"topic": "Daily"}).status_code == 204
    after = sandbox.api("GET", path, token).json()
    assert (after["topic"], after["password"]) == ("Daily", meeting["password"])
    assert after["settings"]["alternative_hosts"] == "bob@acme.example"


def test_refused_update_changes_nothing(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}"
    body = {"topic": "Daily", "settings": {"alternative_hosts": "nobody"}}
    assert sandbox.api("PATCH", path, token, json=body).status_code == 400
    assert sandbox.api("GET", path, token).json()["topic"] == "Weekly"


def test_deleted_meeting_is_gone(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}"
    assert sandbox.api("DELETE", path, token).status_code == 204
    answer = sandbox.api("GET", path, token)
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_foreign_meeting_does_not_exist(sandbox, foreign_token, meeting, method):
    answer = sandbox.api(method, f"/meetings/{meeting['id']}", foreign_token, json={})
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)
    assert len(sandbox.meetings()) == 1


@pytest.mark.parametrize(("host", "code"), [("nobody", 1001), ("carol", 1010), ("me", 1001)])
def test_unknown_or_foreign_host_is_refused(create, host, code):
    assert create(host=host).json()["code"] == code


def test_invited_host_may_not_schedule_yet(sandbox, create):
    sandbox.change_user("alice", status="pending")
    assert create().json()["code"] == 1120


def test_deactivated_host_may_not_schedule(sandbox, create):
    sandbox.change_user("alice", status="inactive")
    assert create().json()["code"] == 3161


def test_running_meeting_is_told_as_started_and_can_be_ended(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}"
    sandbox.session.get(meeting["start_url"], timeout=10)
    assert sandbox.api("GET", path, token).json()["status"] == "started"
    answer = sandbox.api("PUT", f"{path}/status", token, json={"action": "end"})
    assert (answer.status_code, sandbox.rooms()) == (204, [])


def test_running_meeting_cannot_be_deleted(sandbox, token, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)
    answer = sandbox.api("DELETE", f"/meetings/{meeting['id']}", token)
    assert (answer.status_code, answer.json()["code"]) == (400, 3002)


def test_next_run_of_a_meeting_has_another_uuid(sandbox, token, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)
    sandbox.end(meeting["id"])
    again = sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()
    assert again["uuid"] != meeting["uuid"]


@pytest.mark.parametrize("action", ["stop", None, 5])
def test_other_actions_are_refused(sandbox, token, meeting, action):
    path = f"/meetings/{meeting['id']}/status"
    answer = sandbox.api("PUT", path, token, json={"action": action})
    assert answer.json()["errors"][0]["field"] == "action"


def test_deleted_meeting_can_be_recovered(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}"
    sandbox.api("DELETE", path, token)
    answer = sandbox.api("PUT", f"{path}/status", token, json={"action": "recover"})
    again = sandbox.api("GET", path, token).json()
    assert answer.status_code == 204
    assert (again["uuid"], again["password"]) == (meeting["uuid"], meeting["password"])


def test_deleted_meeting_is_gone_for_good_after_a_week(sandbox, meeting):
    sandbox.delete_meeting(meeting["id"])
    sandbox.clock(7 * 86_400 + 1)
    token = sandbox.ask_token().json()["access_token"]
    path = f"/meetings/{meeting['id']}/status"
    answer = sandbox.api("PUT", path, token, json={"action": "recover"})
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)


def test_meeting_that_was_not_deleted_cannot_be_recovered(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}/status"
    answer = sandbox.api("PUT", path, token, json={"action": "recover"})
    assert answer.json()["code"] == 3001


def test_foreign_deleted_meeting_cannot_be_recovered(sandbox, foreign_token, meeting):
    sandbox.delete_meeting(meeting["id"])
    path = f"/meetings/{meeting['id']}/status"
    answer = sandbox.api("PUT", path, foreign_token, json={"action": "recover"})
    assert answer.json()["code"] == 3001


def test_meeting_of_a_user_who_left_cannot_be_recovered(sandbox, token, meeting):
    sandbox.delete_user("alice")
    path = f"/meetings/{meeting['id']}/status"
    answer = sandbox.api("PUT", path, token, json={"action": "recover"})
    assert answer.json()["code"] == 3001


@pytest.mark.parametrize(("days", "status"), [(29, 200), (32, 404)])
def test_number_expires_thirty_days_after_its_last_use(sandbox, meeting, days, status):
    sandbox.clock(days * 86_400)
    token = sandbox.ask_token().json()["access_token"]
    answer = sandbox.api("GET", f"/meetings/{meeting['id']}", token)
    assert answer.status_code == status


def test_number_in_use_is_kept(sandbox, meeting):
    sandbox.clock(20 * 86_400)
    token = sandbox.ask_token().json()["access_token"]
    path = f"/meetings/{meeting['id']}"
    sandbox.session.get(sandbox.api("GET", path, token).json()["start_url"], timeout=10)
    sandbox.end(meeting["id"])
    sandbox.clock(20 * 86_400)
    token = sandbox.ask_token().json()["access_token"]
    assert sandbox.api("GET", path, token).status_code == 200


@pytest.mark.parametrize("text", ["x", "1" * 19, "81 234", "%00", "-1"])
def test_what_is_no_number_is_refused(sandbox, token, text):
    answer = sandbox.api("GET", f"/meetings/{text}", token)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


def test_ending_what_is_not_running_is_refused(sandbox, token, meeting):
    path = f"/meetings/{meeting['id']}/status"
    assert sandbox.api("PUT", path, token, json={"action": "end"}).status_code == 400


def test_hundred_writes_a_day_for_each_host(sandbox, create, meeting):
    for _ in range(99):
        assert create().status_code == 201
    refused = create()
    assert (refused.status_code, refused.json()["code"]) == (429, 429)
    assert "exceeded the daily rate limit (100)" in refused.json()["message"]
    assert create(host="bob").status_code == 201


def test_updates_and_refused_writes_count_and_deletes_do_not(sandbox, token, create, meeting):
    path = f"/meetings/{meeting['id']}"
    for _ in range(98):
        create(type=7)
    assert sandbox.api("PATCH", path, token, json={"topic": "Daily"}).status_code == 204
    assert sandbox.api("PATCH", path, token, json={"topic": "Yearly"}).status_code == 429
    assert sandbox.api("GET", path, token).json()["topic"] == "Daily"
    assert sandbox.api("DELETE", path, token).status_code == 204


def test_daily_cap_answers_without_saying_when_to_come_back(create):
    for _ in range(101):
        last = create()
    assert last.status_code == 429
    assert "Retry-After" not in last.headers


def test_same_user_id_in_another_account_has_its_own_hundred(sandbox, create):
    for _ in range(100):
        create()
    sandbox.globex(users=ACME["users"])
    token = sandbox.ask_token(GLOBEX).json()["access_token"]
    assert sandbox.api("POST", "/users/alice/meetings", token, json={}).status_code == 201


def test_daily_cap_ends_with_the_day(sandbox, create):
    for _ in range(101):
        last = create()
    assert last.status_code == 429
    sandbox.clock(86_400)
    token = sandbox.ask_token().json()["access_token"]
    assert sandbox.api("POST", "/users/alice/meetings", token, json={}).status_code == 201


def test_every_answer_has_a_tracking_id(sandbox, create):
    answers = [create(), create(host="nobody"), sandbox.api("GET", "/nothing", "x")]
    assert len({answer.headers["x-zm-trackingid"] for answer in answers}) == 3
