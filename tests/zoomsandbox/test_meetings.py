"""Meetings by the REST API."""

import pytest


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


def test_passcode_is_made_when_none_is_given(create):
    assert create().json()["password"]


@pytest.mark.parametrize("password", ["eleven11111", "space d", "ümlaut", "semi;", "a!b", 5])
def test_passcode_against_the_rules_is_refused(create, password):
    answer = create(password=password)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert answer.json()["errors"][0]["field"] == "password"


def test_passcode_within_the_rules_is_kept(create):
    assert create(password="aB3@-_*xyz").json()["password"] == "aB3@-_*xyz"


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
    ],
)
def test_invalid_field_is_refused(create, field, value):
    assert create(**{field: value}).json()["code"] == 300


def test_body_that_is_no_object_is_refused(sandbox, token):
    answer = sandbox.api("POST", "/users/alice/meetings", token, data="[")
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


@pytest.mark.parametrize("listed", ["bob", "bob@acme.example", "bob;bob@acme.example;"])
def test_alternative_host_is_found_by_id_or_email(sandbox, create, listed):
    create(settings={"alternative_hosts": listed})
    assert sandbox.meetings()[0]["alternative_hosts"] == ["bob"]


@pytest.mark.parametrize("listed", ["sam", "carol@globex.example", "bob;nobody", "alice", 5])
def test_alternative_host_must_be_another_licensed_user_of_the_account(sandbox, create, listed):
    answer = create(settings={"alternative_hosts": listed})
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert sandbox.meetings() == []


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


def test_foreign_host_does_not_exist(create):
    assert create(host="carol").json()["code"] == 1001


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
