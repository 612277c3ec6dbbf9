"""Cloud recordings of meetings that ran."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest


@pytest.fixture
def recorded(sandbox, create):
    """A meeting that is recorded in the cloud ran for ten minutes."""
    meeting = create(topic="Lecture", settings={"auto_recording": "cloud"}).json()
    run(sandbox, meeting)
    return meeting


def run(sandbox, meeting, seconds=600):
    sandbox.freeze()
    sandbox.session.get(meeting["start_url"], timeout=10)
    sandbox.clock(seconds)
    sandbox.end(meeting["id"])


@pytest.fixture
def get(sandbox, token):
    def call(key):
        return sandbox.api("GET", f"/meetings/{key}/recordings", token)

    return call


@pytest.fixture
def listed(sandbox, token):
    def call(user="alice", **query):
        return sandbox.api("GET", f"/users/{user}/recordings", token, params=query).json()

    return call


def test_recording_is_ready_when_it_has_been_processed(sandbox, recorded, get):
    assert (get(recorded["id"]).status_code, get(recorded["id"]).json()["code"]) == (404, 3301)
    sandbox.clock(601)
    assert get(recorded["id"]).status_code == 200


def test_recording_is_told_when_it_is_ready(sandbox, recorded):
    assert sandbox.events("recording.completed") == []
    sandbox.clock(601)
    sandbox.settle()
    [event] = sandbox.events("recording.completed")
    assert event["payload"]["object"]["uuid"] == recorded["uuid"]


def test_what_zoom_tells_of_a_recording(sandbox, recorded, get):
    sandbox.clock(601)
    told = get(recorded["id"]).json()
    assert (told["uuid"], told["id"], told["topic"]) == (
        recorded["uuid"],
        recorded["id"],
        "Lecture",
    )
    assert (told["duration"], told["recording_count"]) == (10, 2)
    kinds = [file["file_type"] for file in told["recording_files"]]
    assert kinds == ["MP4", "M4A"]
    assert told["total_size"] == sum(file["file_size"] for file in told["recording_files"])
    assert {file["status"] for file in told["recording_files"]} == {"completed"}


def test_recording_is_found_by_the_uuid_of_its_run(sandbox, recorded, get):
    sandbox.clock(601)
    key = quote(quote(recorded["uuid"], safe=""), safe="")
    assert get(key).json()["id"] == recorded["id"]


@pytest.mark.parametrize("kind", ["none", "local"])
def test_meeting_not_recorded_in_the_cloud_leaves_nothing(sandbox, create, get, kind):
    meeting = create(settings={"auto_recording": kind}).json()
    run(sandbox, meeting)
    sandbox.clock(1800)
    assert get(meeting["id"]).json()["code"] == 3301


@pytest.mark.parametrize("without", ["licence", "plan", "setting"])
def test_who_has_no_cloud_leaves_nothing(sandbox, create, get, without):
    meeting = create(settings={"auto_recording": "cloud"}).json()
    if without == "licence":
        sandbox.change_user("alice", type=1)
    elif without == "plan":
        sandbox.change_account(plan="free")
    else:
        sandbox.change_user("alice", settings={"recording": {"cloud_recording": False}})
    run(sandbox, meeting)
    sandbox.clock(1800)
    # A free account may only ask a few times a second.
    sandbox.change_account(plan="unlimited")
    assert get(meeting["id"]).json()["code"] == 3301


def test_users_recordings_since_yesterday(sandbox, recorded, listed):
    sandbox.clock(601)
    page = listed()
    assert [one["uuid"] for one in page["meetings"]] == [recorded["uuid"]]
    assert (page["total_records"], page["page_count"], page["next_page_token"]) == (1, 1, "")
    assert page["from"] < page["to"]
    assert listed("bob")["meetings"] == []


def test_days_bound_the_list(sandbox, recorded, listed):
    sandbox.clock(601)
    today = datetime.now(UTC).date()
    assert listed(**{"from": today + timedelta(2), "to": today + timedelta(3)})["meetings"] == []
    days = {"from": today - timedelta(days=10), "to": today + timedelta(days=1)}
    assert len(listed(**days)["meetings"]) == 1


@pytest.mark.parametrize(("days", "refused"), [(30, False), (32, True)])
def test_span_of_a_list_is_a_month_at_most(listed, days, refused):
    end = datetime.now(UTC).date()
    answer = listed(**{"from": end - timedelta(days=days), "to": end})
    assert (answer.get("code") == 300) is refused


def test_foreign_recording_does_not_exist(sandbox, foreign_token, recorded):
    sandbox.clock(601)
    answer = sandbox.api("GET", f"/meetings/{recorded['id']}/recordings", foreign_token)
    assert answer.json()["code"] == 3301


def test_recordings_come_in_pages(sandbox, create, listed):
    for _ in range(3):
        run(sandbox, create(settings={"auto_recording": "cloud"}).json(), 60)
    sandbox.clock(61)
    first = listed(page_size=2)
    second = listed(page_size=2, next_page_token=first["next_page_token"])
    assert [len(page["meetings"]) for page in (first, second)] == [2, 1]
    assert first["page_count"] == 2
