"""What is told of what happens, whoever causes it, in the shapes of Zoom's reference."""

import asyncio
import re
import time
from datetime import datetime
from urllib.parse import quote

import aiohttp
import jwt
import pytest

from tests.sandbox import ACME
from tests.webhook_receiver import Receiver

WEEKLY = {
    "type": 8,
    "start_time": "2027-03-01T09:00:00Z",
    "timezone": "UTC",
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 3},
}


@pytest.fixture
def stay(sandbox, fetch_zak):
    """Enter the meeting as the SDK does, do something there, and go."""

    def call(meeting, doing=None, *, name="Alice", zak=None, role=1, **fields):
        now = int(time.time())
        claims = {"appKey": "acme-sdk", "mn": str(meeting["id"]), "role": role, "iat": now - 60}
        claims |= {"exp": now + 7_140, "tokenExp": now + 7_140}
        form = {
            "meetingNumber": str(meeting["id"]),
            "userName": name,
            "passWord": quote(meeting["password"], safe=""),
            "signature": jwt.encode(claims, ACME["sdk_client_secret"], "HS256"),
            "apiKey": "acme-sdk",
            "cv": "6.2.0",
            "ulsm": "1",
            "zsk": fetch_zak() if zak is None else zak,
            **fields,
        }
        answer = sandbox.session.post(f"{sandbox.url}/api/v1/wc/info", data=form, timeout=5).json()
        assert answer["result"], answer
        address = f"{sandbox.url}/wc/api/{meeting['id']}?auth={answer['result']['auth']}"

        async def be_there():
            async with aiohttp.ClientSession() as client, client.ws_connect(address) as socket:
                await socket.receive_json(timeout=5)
                if doing:
                    await asyncio.to_thread(doing)

        asyncio.run(be_there())

    return call


@pytest.fixture
def told(sandbox):
    """The events of this name so far, or of any; waits until there is one."""

    def call(event=None):
        return sandbox.wait_until(lambda: sandbox.events(event))

    return call


def about(body):
    return body["payload"]["object"]


def list_names(sandbox):
    return [body["event"] for body in sandbox.events()]


def is_time(text):
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)) and datetime.fromisoformat(
        text
    )


# --- Every event ------------------------------------------------------------------------------


def test_every_event_has_a_name_a_time_and_an_account(sandbox, create):
    sandbox.freeze()
    now = sandbox.clock(0)
    create()
    (body,) = sandbox.events()
    assert set(body) == {"event", "event_ts", "payload"}
    assert body["event_ts"] == int(now * 1000)
    assert body["payload"]["account_id"] == "acme-account"


def test_the_time_is_that_of_the_sandboxs_clock(sandbox):
    sandbox.clock(86_400)
    sandbox.delete_user("bob")
    assert sandbox.events()[0]["event_ts"] / 1000 - time.time() == pytest.approx(86_400, abs=5)


# --- Meetings, by whoever ---------------------------------------------------------------------


def test_a_created_meeting_is_told(sandbox, create):
    meeting = create(topic="Weekly", password="a_B*1").json()
    (body,) = sandbox.events()
    payload, told = body["payload"], about(body)
    assert (body["event"], payload["operation"]) == ("meeting.created", "all")
    assert (payload["operator"], payload["operator_id"]) == ("alice@acme.example", "alice")
    assert told["id"] == meeting["id"]
    assert type(told["id"]) is int
    for name in ("uuid", "host_id", "topic", "type", "start_time", "duration", "timezone"):
        assert told[name] == meeting[name]
    assert (told["join_url"], told["password"]) == (meeting["join_url"], "a_B*1")
    assert set(told["settings"]) == {
        "use_pmi", "alternative_hosts", "join_before_host", "jbh_time"
    }  # fmt: skip


def test_a_created_meeting_tells_no_way_to_start_it(sandbox, create):
    create()
    assert "start_url" not in str(sandbox.events())
    assert "zak=" not in str(sandbox.events())


@pytest.mark.parametrize("kind", [1, 3])
def test_a_meeting_without_a_fixed_time_tells_none(sandbox, create, kind):
    assert create(type=kind).status_code == 201
    assert "start_time" not in about(sandbox.events()[0])


def test_a_recurring_meeting_tells_its_dates(sandbox, create):
    meeting = create(**WEEKLY).json()
    told = about(sandbox.events()[0])
    assert [one["occurrence_id"] for one in told["occurrences"]] == [
        one["occurrence_id"] for one in meeting["occurrences"]
    ]
    assert told["recurrence"]["repeat_interval"] == 1


def test_the_owner_is_the_operator_if_there_is_one(sandbox, create):
    sandbox.change_user("sam", role_id="0")
    create()
    (body,) = sandbox.events("meeting.created")
    assert body["payload"]["operator"] == "sam@acme.example"


def test_an_update_tells_what_changed_as_it_was_and_is(sandbox, token, meeting):
    body = {"topic": "Fortnightly", "settings": {"waiting_room": True}}
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json=body)
    (told,) = sandbox.events("meeting.updated")
    payload = told["payload"]
    assert payload["scope"] == "all"
    assert payload["time_stamp"] == told["event_ts"]
    assert payload["object"] == {"id": meeting["id"], **body}
    assert payload["old_object"] == {
        "id": meeting["id"], "topic": "Weekly", "settings": {"waiting_room": False}
    }  # fmt: skip


def test_an_update_that_changes_nothing_is_no_event(sandbox, token, meeting):
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json={"topic": meeting["topic"]})
    assert sandbox.events("meeting.updated") == []


def test_a_refused_update_is_no_event(sandbox, token, meeting):
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json={"topic": 7})
    assert sandbox.events("meeting.updated") == []


def test_a_changed_passcode_is_told(sandbox, token, meeting):
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json={"password": "new1"})
    (told,) = sandbox.events("meeting.updated")
    assert (about(told)["password"], told["payload"]["old_object"]["password"]) == ("new1", "a_B*1")


def test_what_was_told_does_not_change_later(sandbox, token, meeting):
    before = sandbox.events()
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json={"settings": {"jbh_time": 5}})
    assert sandbox.events()[: len(before)] == before


def test_an_update_of_one_date_is_of_that_date(sandbox, token, create):
    meeting = create(**WEEKLY).json()
    key = meeting["occurrences"][1]["occurrence_id"]
    path = f"/meetings/{meeting['id']}?occurrence_id={key}"
    sandbox.api("PATCH", path, token, json={"duration": 90, "agenda": "Other things"})
    (told,) = sandbox.events("meeting.updated")
    assert told["payload"]["scope"] == "single"
    assert about(told)["occurrences"] == [{"occurrence_id": key, "duration": 90}]
    assert told["payload"]["old_object"]["occurrences"] == [{"occurrence_id": key, "duration": 60}]
    assert (about(told)["agenda"], told["payload"]["old_object"]["agenda"]) == ("Other things", "")


def test_a_new_host_is_told(sandbox, token, meeting):
    body = {"schedule_for": "bob"}
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json=body)
    (told,) = sandbox.events("meeting.updated")
    assert about(told)["host_id"] == "bob"
    assert told["payload"]["old_object"]["host_id"] == "alice"


@pytest.mark.parametrize("door", ["rest", "control"])
def test_a_deleted_meeting_is_told_whoever_deletes_it(sandbox, token, meeting, door):
    if door == "rest":
        sandbox.api("DELETE", f"/meetings/{meeting['id']}", token)
    else:
        sandbox.delete_meeting(meeting["id"])
    (told,) = sandbox.events("meeting.deleted")
    assert told["payload"]["operation"] == "all"
    assert type(about(told)["id"]) is int
    assert {about(told)[name] for name in ("id", "uuid", "host_id", "topic")} == {
        meeting[name] for name in ("id", "uuid", "host_id", "topic")
    }


def test_a_deleted_date_is_told_as_one(sandbox, token, create):
    meeting = create(**WEEKLY).json()
    one = meeting["occurrences"][0]
    sandbox.api("DELETE", f"/meetings/{meeting['id']}?occurrence_id={one['occurrence_id']}", token)
    (told,) = sandbox.events("meeting.deleted")
    assert told["payload"]["operation"] == "single"
    assert about(told)["occurrences"] == [
        {"occurrence_id": one["occurrence_id"], "start_time": one["start_time"]}
    ]


def test_the_meetings_of_a_removed_user_are_told_as_deleted(sandbox, meeting):
    sandbox.delete_user("alice")
    assert list_names(sandbox)[-2:] == ["user.deleted", "meeting.deleted"]


# --- Runs, by whoever -------------------------------------------------------------------------


def test_a_stay_is_told_in_its_order(sandbox, meeting, stay):
    stay(meeting)
    sandbox.wait_until(lambda: sandbox.events("meeting.ended"))
    assert list_names(sandbox) == [
        "meeting.created",
        "meeting.started",
        "meeting.participant_joined",
        "meeting.participant_left",
        "meeting.ended",
    ]


def test_started_and_ended_tell_the_run(sandbox, meeting, stay, told):
    stay(meeting)
    (ended,), (started,) = told("meeting.ended"), told("meeting.started")
    assert about(started)["id"] == about(ended)["id"] == str(meeting["id"])
    assert about(started)["uuid"] == about(ended)["uuid"] == meeting["uuid"]
    assert about(started)["host_id"] == "alice"
    assert (about(started)["topic"], about(started)["type"]) == ("Weekly", 2)
    assert is_time(about(started)["start_time"])
    assert set(about(ended)) - set(about(started)) == {"end_time"}
    assert is_time(about(ended)["end_time"])


def test_each_run_has_a_uuid_of_its_own(sandbox, meeting, stay):
    stay(meeting)
    sandbox.wait_until(lambda: len(sandbox.events("meeting.ended")) == 1)
    stay(meeting)
    sandbox.wait_until(lambda: len(sandbox.events("meeting.ended")) == 2)
    first, second = (about(body)["uuid"] for body in sandbox.events("meeting.started"))
    assert first != second


def test_a_zoom_user_who_joins_is_told_by_id_and_address(sandbox, meeting, stay, told):
    stay(meeting)
    (body,) = told("meeting.participant_joined")
    person = about(body)["participant"]
    assert (person["id"], person["participant_user_id"]) == ("alice", "alice")
    assert (person["user_name"], person["email"]) == ("Alice", "alice@acme.example")
    assert is_time(person["join_time"])
    assert person["user_id"].isdigit()
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", person["participant_uuid"])


def test_a_guest_who_joins_has_a_name_and_nothing_else(sandbox, meeting, stay, told):
    def bring_guest():
        stay(meeting, name="Guest", zak="", role=0)

    stay(meeting, doing=bring_guest)
    person = about(told("meeting.participant_joined")[1])["participant"]
    assert (person["user_name"], person["id"], person["email"]) == ("Guest", "", "")


@pytest.mark.parametrize(
    ("fields", "told_as"), [({"customerKey": "row-17"}, {"customer_key": "row-17"}), ({}, {})]
)
def test_a_customer_key_comes_back_if_there_was_one(sandbox, meeting, stay, told, fields, told_as):
    stay(meeting, **fields)
    for event in ("meeting.participant_joined", "meeting.participant_left"):
        person = about(told(event)[0])["participant"]
        assert {k: v for k, v in person.items() if k == "customer_key"} == told_as


def test_two_people_in_a_run_have_different_ids(sandbox, meeting, stay, told):
    stay(meeting, doing=lambda: stay(meeting, name="Guest", zak="", role=0))
    people = [about(body)["participant"] for body in told("meeting.participant_joined")]
    assert len({person["user_id"] for person in people}) == 2
    assert len({person["participant_uuid"] for person in people}) == 2


def test_who_leaves_is_the_one_who_joined(sandbox, meeting, stay, told):
    stay(meeting)
    joined = about(told("meeting.participant_joined")[0])["participant"]
    left = about(told("meeting.participant_left")[0])["participant"]
    for name in ("user_id", "participant_uuid", "id", "email", "user_name"):
        assert joined[name] == left[name]
    assert is_time(left["leave_time"])
    assert "join_time" not in left


def test_who_leaves_left_the_meeting(sandbox, meeting, stay, told):
    stay(meeting)
    person = about(told("meeting.participant_left")[0])["participant"]
    assert person["leave_reason"] == "left the meeting. Reason : left the meeting"


@pytest.mark.parametrize("door", ["rest", "control"])
def test_an_end_sends_everybody_out_whoever_orders_it(
    sandbox, token, meeting, stay, told, door
):  # fmt: skip
    def end():
        if door == "rest":
            path = f"/meetings/{meeting['id']}/status"
            sandbox.api("PUT", path, token, json={"action": "end"})
        else:
            sandbox.end(meeting["id"])

    stay(meeting, doing=end)
    assert len(told("meeting.ended")) == 1
    (left,) = told("meeting.participant_left")
    reason = about(left)["participant"]["leave_reason"]
    assert reason == "left the meeting. Reason : Host ended the meeting."


def test_participants_are_of_the_run_by_a_number_in_text(sandbox, meeting, stay, told):
    stay(meeting)
    for event in ("meeting.participant_joined", "meeting.participant_left"):
        (body,) = told(event)
        assert about(body)["id"] == str(meeting["id"])
        assert about(body)["uuid"] == meeting["uuid"]


def test_people_on_pages_are_told_like_those_of_the_sdk(sandbox, token, meeting, told):
    start_url = sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()["start_url"]
    path = start_url.partition("/s/")[2]
    assert sandbox.session.get(f"{sandbox.url}/s/{path}", timeout=5).status_code == 200
    person = about(told("meeting.participant_joined")[0])["participant"]
    assert person["id"] == "alice"


def test_a_recorded_run_is_told_once_it_has_been_processed(sandbox, create, stay, told):
    meeting = create(settings={"auto_recording": "cloud"}).json()
    stay(meeting)
    told("meeting.ended")
    assert sandbox.events("recording.completed") == []
    sandbox.clock(3_600)
    (body,) = sandbox.events("recording.completed")
    assert body["download_token"]
    assert about(body)["id"] == meeting["id"]
    assert about(body)["uuid"] == meeting["uuid"]
    assert about(body)["host_email"] == "alice@acme.example"
    files = about(body)["recording_files"]
    assert about(body)["recording_count"] == len(files) > 0
    assert about(body)["total_size"] == sum(file["file_size"] for file in files)


def test_a_run_that_was_not_recorded_is_not_told_as_such(sandbox, meeting, stay, told):
    stay(meeting)
    told("meeting.ended")
    sandbox.clock(86_400)
    assert sandbox.events("recording.completed") == []


# --- Users ------------------------------------------------------------------------------------


def test_a_created_user_is_told_with_how(sandbox, token):
    info = {"email": "new@acme.example", "type": 1, "first_name": "New", "last_name": "User"}
    body = {"action": "custCreate", "user_info": info}
    created = sandbox.api("POST", "/users", token, json=body)
    assert created.status_code == 201
    (told,) = sandbox.events("user.created")
    assert told["payload"]["creation_type"] == "custCreate"
    assert about(told)["email"] == "new@acme.example"
    assert (about(told)["first_name"], about(told)["last_name"]) == ("New", "User")
    assert about(told)["id"] == created.json()["id"]


def test_a_changed_user_is_told_as_it_was_and_is(sandbox):
    sandbox.change_user("bob", dept="Sales", created_at=5)
    (told,) = sandbox.events("user.updated")
    assert about(told) == {"id": "bob", "dept": "Sales"}
    assert told["payload"]["old_object"] == {"id": "bob", "dept": ""}
    assert told["payload"]["time_stamp"] == told["event_ts"]


def test_what_zoom_does_not_tell_of_a_user_is_no_event(sandbox):
    sandbox.change_user("bob", created_at=5)
    assert sandbox.events() == []


def test_changed_settings_have_an_event_of_their_own(sandbox):
    sandbox.change_user("bob", settings={"in_meeting": {"chat": False}})
    assert list_names(sandbox) == ["user.settings_updated"]
    assert about(sandbox.events()[0])["settings"] == {"in_meeting": {"chat": False}}


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        ("active", "inactive", "user.deactivated"),
        ("inactive", "active", "user.activated"),
    ],
)
def test_a_changed_status_is_told_as_such(sandbox, before, after, event):
    sandbox.change_user("bob", status=before)
    count = len(sandbox.events())
    sandbox.change_user("bob", status=after)
    (told,) = sandbox.events()[count:]
    assert told["event"] == event
    assert about(told) == {
        "id": "bob",
        "first_name": "Bob",
        "last_name": "Acme",
        "email": "bob@acme.example",
        "type": 2,
    }


def test_a_removed_user_is_told(sandbox):
    sandbox.delete_user("bob")
    (told,) = sandbox.events("user.deleted")
    assert about(told)["email"] == "bob@acme.example"


@pytest.mark.parametrize("operation", ["change_password", "sign_out_from_all_devices"])
def test_a_user_signed_out_everywhere_is_told_with_why(sandbox, operation):
    sandbox.sign_out("bob", operation)
    (told,) = sandbox.events("user.updated")
    assert (told["payload"]["operation"], about(told)) == (operation, {"id": "bob"})


@pytest.mark.parametrize(
    ("action", "event"), [("disassociate", "user.disassociated"), ("delete", "user.deleted")]
)
def test_how_a_user_goes_is_told(sandbox, token, action, event):
    sandbox.api("DELETE", f"/users/bob?action={action}", token)
    assert list_names(sandbox) == [event]


# --- To the receiver --------------------------------------------------------------------------


def test_a_receiver_gets_all_of_it_genuine_and_in_order(sandbox, create, stay):
    with Receiver.running(ACME["webhook_secret"]) as receiver:
        sandbox.subscribe(receiver.url)
        meeting = create().json()
        stay(meeting)
        sandbox.wait_until(lambda: sandbox.events("meeting.ended"))
        sandbox.delete_meeting(meeting["id"])
        sandbox.settle()
        assert receiver.events == list_names(sandbox)
        assert len(receiver.posts) == 6
        assert all(post.is_signed_with(ACME["webhook_secret"]) for post in receiver.posts)
        assert [post.body for post in receiver.posts] == sandbox.events()
        assert sandbox.control("GET", "crashes") == []
