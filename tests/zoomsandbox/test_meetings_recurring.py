"""Recurring meetings by the REST API: all of their dates, and one of them."""

from datetime import UTC, datetime, timedelta

import pytest

START = "2030-03-29T10:00:00Z"
DAILY = {"type": 1, "end_times": 3}
DATES = ["2030-03-29T10:00:00Z", "2030-03-30T10:00:00Z", "2030-03-31T09:00:00Z"]
BERLIN = "Europe/Berlin"


@pytest.fixture
def series(create):
    """Three days in a row."""
    answer = create(
        type=8, topic="Series", start_time=START, timezone=BERLIN, duration=30, recurrence=DAILY
    )
    return answer.json()


@pytest.fixture
def call(sandbox, token, series):
    def ask(method, body=None, **query):
        path = f"/meetings/{series['id']}"
        return sandbox.api(method, path, token, json=body, params=query)

    return ask


def starts(meeting):
    return [date["start_time"] for date in meeting["occurrences"]]


def statuses(meeting):
    return [date["status"] for date in meeting["occurrences"]]


def test_create_tells_the_dates_in_the_meetings_timezone(series):
    assert starts(series) == DATES
    assert statuses(series) == ["available"] * 3
    assert series["recurrence"] == {"type": 1, "repeat_interval": 1, "end_times": 3}


def test_series_needs_a_recurrence(create):
    assert create(type=8).json()["errors"][0]["field"] == "recurrence"


def test_recurrence_of_another_type_of_meeting_is_ignored(create):
    meeting = create(type=2, recurrence={"type": 99}).json()
    assert "recurrence" not in meeting


def test_get_with_an_occurrence_tells_its_time(call, series):
    wanted = series["occurrences"][2]
    meeting = call("GET", occurrence_id=wanted["occurrence_id"]).json()
    assert (meeting["start_time"], meeting["status"]) == (DATES[2], "waiting")
    assert "occurrences" not in meeting


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("occurrence", ["1", "x", "2030-03-29T10:00:00Z"])
def test_date_the_meeting_does_not_have_is_refused(call, method, occurrence):
    answer = call(method, {}, occurrence_id=occurrence)
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)


def test_dates_gone_by_are_told_on_demand(sandbox, create, series):
    start = "2020-01-01T10:00:00Z"
    past = create(type=8, start_time=start, recurrence={"type": 1, "end_times": 2}).json()
    assert past["occurrences"] == []
    token = sandbox.ask_token().json()["access_token"]
    query = {"show_previous_occurrences": "true"}
    again = sandbox.api("GET", f"/meetings/{past['id']}", token, params=query).json()
    assert starts(again)[0] == start


def test_wrong_wish_for_dates_gone_by_is_refused(call):
    assert call("GET", show_previous_occurrences="yes").json()["code"] == 300


def test_one_date_is_moved_and_keeps_its_id(call, series):
    moved = series["occurrences"][1]["occurrence_id"]
    body = {"start_time": "2030-03-30T12:00:00", "duration": 90}
    assert call("PATCH", body, occurrence_id=moved).status_code == 204
    after = call("GET").json()
    assert starts(after) == [DATES[0], "2030-03-30T11:00:00Z", DATES[2]]
    assert after["occurrences"][1]["occurrence_id"] == moved
    assert [date["duration"] for date in after["occurrences"]] == [30, 90, 30]


def test_one_date_has_an_agenda_and_settings_of_its_own(call, series):
    first, second, _ = (date["occurrence_id"] for date in series["occurrences"])
    body = {"agenda": "Guests", "topic": "Ignored", "settings": {"mute_upon_entry": True}}
    call("PATCH", body, occurrence_id=second)
    one, other = (call("GET", occurrence_id=key).json() for key in (second, first))
    assert (one["agenda"], one["settings"]["mute_upon_entry"]) == ("Guests", True)
    assert (other["agenda"], other["settings"]["mute_upon_entry"]) == ("", False)
    assert one["topic"] == "Series"


@pytest.mark.parametrize("body", [{"start_time": "soon"}, {"duration": 0}, {"agenda": 5}])
def test_refused_change_of_one_date_changes_nothing(call, series, body):
    key = series["occurrences"][0]["occurrence_id"]
    assert call("PATCH", {"duration": 50, **body}, occurrence_id=key).status_code == 400
    assert call("GET").json()["occurrences"] == series["occurrences"]


def test_one_date_is_deleted_and_told_so(call, series):
    key = series["occurrences"][1]["occurrence_id"]
    assert call("DELETE", occurrence_id=key).status_code == 204
    assert statuses(call("GET").json()) == ["available", "deleted", "available"]
    assert call("GET", occurrence_id=key).status_code == 404


def test_another_recurrence_makes_all_dates_anew(call, series):
    call("DELETE", occurrence_id=series["occurrences"][1]["occurrence_id"])
    call("PATCH", {"recurrence": {"type": 1, "end_times": 2}})
    after = call("GET").json()
    assert (starts(after), statuses(after)) == (DATES[:2], ["available"] * 2)


def test_another_start_moves_all_dates(call):
    call("PATCH", {"start_time": "2030-03-29T12:00:00"})
    assert starts(call("GET").json())[0] == "2030-03-29T11:00:00Z"


def test_another_topic_leaves_the_dates_alone(call, series):
    call("DELETE", occurrence_id=series["occurrences"][1]["occurrence_id"])
    call("PATCH", {"topic": "Renamed"})
    assert statuses(call("GET").json()) == ["available", "deleted", "available"]


def test_wrong_recurrence_changes_nothing(call, series):
    assert call("PATCH", {"recurrence": {"type": 1, "end_times": 99}}).status_code == 400
    assert call("GET").json()["occurrences"] == series["occurrences"]


def test_series_can_become_a_single_meeting(call):
    assert call("PATCH", {"type": 2}).status_code == 204
    after = call("GET").json()
    assert (after["type"], after["start_time"]) == (2, START)
    assert "occurrences" not in after


@pytest.mark.parametrize(("days", "status"), [(85, 200), (95, 404)])
def test_number_of_a_series_lives_a_month_from_its_last_date(sandbox, create, days, status):
    start = datetime.now(UTC) + timedelta(days=30)
    recurrence = {"type": 1, "repeat_interval": 30, "end_times": 2}
    meeting = create(type=8, start_time=f"{start:%Y-%m-%dT%H:%M:%SZ}", recurrence=recurrence).json()
    sandbox.clock(days * 86_400)
    token = sandbox.ask_token().json()["access_token"]
    assert sandbox.api("GET", f"/meetings/{meeting['id']}", token).status_code == status


@pytest.mark.parametrize(("body", "told"), [({"topic": "Renamed"}, 1), ({"topic": "Series"}, 0)])
def test_only_what_changes_is_told(sandbox, call, body, told):
    call("PATCH", body)
    assert len(sandbox.events("meeting.updated")) == told
