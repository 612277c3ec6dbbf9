"""Runs that are over: details, instances and who was there."""

from urllib.parse import quote

import pytest

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.rest.ids import parse_number_or_uuid


@pytest.fixture
def run(sandbox, meeting):
    """Alice's meeting ran for ten minutes, for five of them with a guest."""
    sandbox.freeze()
    sandbox.session.get(meeting["start_url"], timeout=10)
    sandbox.clock(300)
    sandbox.session.get(f"{meeting['join_url']}&name=Guest", timeout=10)
    sandbox.clock(300)
    sandbox.end(meeting["id"])
    return meeting


@pytest.fixture
def past(sandbox, token):
    def call(key, path="", **query):
        return sandbox.api("GET", f"/past_meetings/{key}{path}", token, params=query)

    return call


def run_again(sandbox, token, meeting):
    again = sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()
    sandbox.session.get(again["start_url"], timeout=10)
    sandbox.end(meeting["id"])
    return again["uuid"]


def test_details_of_the_run(run, past):
    told = past(run["id"]).json()
    assert (told["uuid"], told["id"], told["topic"]) == (run["uuid"], run["id"], "Weekly")
    assert (told["user_name"], told["user_email"]) == ("Alice Acme", "alice@acme.example")
    assert (told["duration"], told["total_minutes"], told["participants_count"]) == (10, 15, 2)
    assert told["start_time"] < told["end_time"]


def test_number_stands_for_the_latest_run_and_uuid_for_its_own(sandbox, token, run, past):
    latest = run_again(sandbox, token, run)
    assert past(run["id"]).json()["uuid"] == latest
    earlier = quote(quote(run["uuid"], safe=""), safe="")
    assert past(earlier).json()["uuid"] == run["uuid"]


def test_instances_are_all_runs_that_ended(sandbox, token, run, past):
    second = run_again(sandbox, token, run)
    told = past(run["id"], "/instances").json()["meetings"]
    assert [one["uuid"] for one in told] == [run["uuid"], second]
    assert all(one["start_time"].endswith("Z") for one in told)


def test_meeting_that_never_ran_has_no_instances_and_no_details(meeting, past):
    assert past(meeting["id"], "/instances").json() == {"meetings": []}
    assert past(meeting["id"]).json()["code"] == 3001


def test_run_that_goes_on_is_not_past(sandbox, meeting, past):
    sandbox.session.get(meeting["start_url"], timeout=10)
    assert past(meeting["id"]).status_code == 404


def test_run_of_a_deleted_meeting_is_still_known(sandbox, run, past):
    sandbox.delete_meeting(run["id"])
    assert past(run["id"]).status_code == 200
    assert len(past(run["id"], "/instances").json()["meetings"]) == 1


@pytest.mark.parametrize("path", ["", "/instances", "/participants"])
def test_unknown_and_foreign_runs_do_not_exist(sandbox, foreign_token, run, past, path):
    answer = sandbox.api("GET", f"/past_meetings/{run['id']}{path}", foreign_token)
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)
    assert past(81234567890, path).json()["code"] == 3001


def test_participants_with_their_times(run, past):
    page = past(run["id"], "/participants").json()
    host, guest = page["participants"]
    assert (host["name"], host["id"], host["user_email"]) == (
        "Alice Acme",
        "alice",
        "alice@acme.example",
    )
    assert (guest["name"], guest["id"], guest["user_email"]) == ("Guest", "", "")
    assert (host["duration"], guest["duration"]) == (600, 300)
    assert (host["internal_user"], guest["internal_user"]) == (True, False)
    assert (page["total_records"], page["page_count"], page["next_page_token"]) == (2, 1, "")


def test_who_came_twice_is_listed_twice(sandbox, meeting, past):
    sandbox.session.get(meeting["start_url"], timeout=10)
    guest = f"{meeting['join_url']}&name=Guest"
    for _ in range(2):
        page = sandbox.session.get(guest, timeout=10).url
        sandbox.session.post(f"{page}/leave", timeout=10)
    sandbox.end(meeting["id"])
    stays = past(meeting["id"], "/participants").json()["participants"]
    assert [stay["name"] for stay in stays] == ["Alice Acme", "Guest", "Guest"]
    assert len({stay["user_id"] for stay in stays}) == 3


def test_participants_come_in_pages(run, past):
    first = past(run["id"], "/participants", page_size=1).json()
    following = first["next_page_token"]
    second = past(run["id"], "/participants", page_size=1, next_page_token=following).json()
    assert first["page_count"] == 2
    names = [page["participants"][0]["name"] for page in (first, second)]
    assert names == ["Alice Acme", "Guest"]


def test_free_account_is_told_no_participants(sandbox, run, past):
    sandbox.change_account(plan="free")
    answer = past(run["id"], "/participants")
    assert (answer.status_code, answer.json()["code"]) == (400, 200)
    assert past(run["id"]).status_code == 200


# --- UUIDs in the path ------------------------------------------------------------------------


@pytest.fixture
def uuid_of(sandbox, token, create):
    """Let a meeting run until a run's UUID is like this, and give it."""

    def find(is_wanted):
        meeting = create().json()
        for _ in range(1500):
            uuid = run_again(sandbox, token, meeting)
            if is_wanted(uuid):
                return uuid
        raise AssertionError("no such UUID")

    return find


def encode(text):
    return quote(text, safe="")


def test_uuid_that_begins_with_a_slash_has_to_be_encoded_twice(past, uuid_of):
    uuid = uuid_of(lambda one: one.startswith("/"))
    assert past(encode(encode(uuid))).json()["uuid"] == uuid
    assert past(encode(uuid)).status_code == past(uuid).status_code == 404


def test_other_uuid_may_be_encoded_once(past, uuid_of):
    uuid = uuid_of(lambda one: "/" in one and one[0] != "/" and "//" not in one)
    assert past(encode(uuid)).json()["uuid"] == uuid
    assert past(encode(encode(uuid))).json()["uuid"] == uuid


def test_uuid_without_a_slash_needs_no_encoding(past, uuid_of):
    uuid = uuid_of(lambda one: "/" not in one and "+" not in one)
    assert past(uuid).json()["uuid"] == uuid


@pytest.mark.parametrize("uuid", ["/ab==", "a//b=="])
def test_slashes_decoded_by_the_way_make_another_path(uuid):
    with pytest.raises(ZoomRefusal) as refusal:
        parse_number_or_uuid(uuid)
    assert (refusal.value.status, refusal.value.code) == (404, 2300)
    assert parse_number_or_uuid(encode(uuid)) == uuid


def test_instances_are_asked_for_by_number_only(past):
    assert past("abcd==", "/instances").json()["code"] == 300
