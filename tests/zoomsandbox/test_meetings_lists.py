"""Lists of a user's meetings."""

from datetime import UTC, datetime, timedelta

import pytest

DAY = 86_400


def in_days(days, hour=12):
    moment = datetime.now(UTC) + timedelta(days=days)
    return moment.strftime(f"%Y-%m-%dT{hour:02}:00:00Z")


@pytest.fixture
def listed(sandbox, token):
    """The meetings of a list, or the refusal's code."""

    def call(user="alice", path="meetings", **query):
        answer = sandbox.api("GET", f"/users/{user}/{path}", token, params=query).json()
        return answer["code"] if "code" in answer else answer["meetings"]

    return call


def topics(meetings):
    return [meeting["topic"] for meeting in meetings]


def start(sandbox, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)


def test_scheduled_ones_are_listed_in_the_order_of_their_dates(create, listed):
    create(topic="Later", start_time=in_days(9))
    create(topic="Sooner", start_time=in_days(2))
    assert topics(listed()) == ["Sooner", "Later"]


def test_line_of_a_list_has_no_secret_start_link(create, listed):
    meeting = create(topic="One", start_time=in_days(2)).json()
    [line] = listed()
    assert (line["id"], line["uuid"], line["host_id"]) == (meeting["id"], meeting["uuid"], "alice")
    assert line["join_url"] == meeting["join_url"]
    assert {"start_url", "password", "settings"}.isdisjoint(line)


def test_instant_meetings_are_in_no_list(sandbox, create, listed):
    start(sandbox, create(type=1).json())
    assert [listed(type=kind) for kind in ("scheduled", "live", "upcoming")] == [[], [], []]


def test_only_the_users_own_meetings_are_listed(create, listed, meeting):
    create(host="bob", topic="Bob's")
    assert topics(listed("bob")) == ["Bob's"]


def test_past_ones_are_scheduled_but_not_upcoming(create, listed):
    create(topic="Past", start_time=in_days(-2))
    create(topic="Ahead", start_time=in_days(2))
    assert topics(listed(type="scheduled")) == ["Past", "Ahead"]
    assert topics(listed(type="upcoming")) == ["Ahead"]
    assert topics(listed(type="upcoming_meetings")) == ["Ahead"]


def test_expired_ones_are_in_no_list(sandbox, create):
    create(start_time=in_days(1))
    sandbox.clock(40 * DAY)
    token = sandbox.ask_token().json()["access_token"]
    assert sandbox.api("GET", "/users/alice/meetings", token).json()["meetings"] == []


def test_live_ones_are_those_that_go_on(sandbox, create, listed, meeting):
    create(topic="Waiting", start_time=in_days(1))
    start(sandbox, meeting)
    assert topics(listed(type="live")) == ["Weekly"]


def test_live_one_whose_time_is_over_is_still_upcoming(sandbox, create, listed):
    start(sandbox, create(topic="Long", start_time=in_days(-1)).json())
    assert topics(listed(type="upcoming")) == ["Long"]


def test_series_is_one_line_with_its_next_date_and_upcoming_a_line_for_each(create, listed):
    first = in_days(-1)
    create(topic="Series", type=8, start_time=first, recurrence={"type": 1, "end_times": 4})
    [line] = listed(type="scheduled")
    dates = [one["start_time"] for one in listed(type="upcoming")]
    assert line["start_time"] == dates[0] > first
    assert dates == sorted(set(dates))
    assert len(dates) in (2, 3)


def test_deleted_date_of_a_series_is_not_listed(sandbox, token, create, listed):
    recurrence = {"type": 1, "end_times": 2}
    series = create(type=8, start_time=in_days(1), recurrence=recurrence).json()
    gone, kept = series["occurrences"]
    query = {"occurrence_id": gone["occurrence_id"]}
    sandbox.api("DELETE", f"/meetings/{series['id']}", token, params=query)
    assert [one["start_time"] for one in listed(type="upcoming")] == [kept["start_time"]]


def test_meeting_without_a_fixed_time_is_listed_without_one(create, listed):
    create(topic="Whenever", type=3)
    for kind in ("scheduled", "upcoming"):
        [line] = listed(type=kind)
        assert (line["topic"], line.get("start_time")) == ("Whenever", None)


def test_days_bound_the_list(create, listed):
    for days in (1, 3, 5):
        create(topic=str(days), start_time=in_days(days))
    assert topics(listed(**{"from": in_days(2)[:10]})) == ["3", "5"]
    assert topics(listed(to=in_days(3)[:10])) == ["1", "3"]
    assert topics(listed(**{"from": in_days(2), "to": in_days(4)})) == ["3"]


@pytest.mark.parametrize(
    "text", ["yesterday", "2030-13-01", "2030-1-1", "0001-01-01", "9999-12-31"]
)
@pytest.mark.parametrize("name", ["from", "to"])
def test_other_forms_of_days_are_refused(listed, name, text):
    assert listed(**{name: text}) == 300


def test_end_before_the_start_is_refused(listed):
    assert listed(**{"from": "2030-01-02", "to": "2030-01-01"}) == 300


def test_kind_of_list_nobody_knows_is_refused(listed):
    assert listed(type="all") == 300


@pytest.mark.parametrize(("user", "code"), [("nobody", 1001), ("carol", 1010)])
@pytest.mark.parametrize("path", ["meetings", "upcoming_meetings"])
def test_list_of_an_unknown_or_foreign_user_is_refused(listed, user, code, path):
    assert listed(user, path) == code


def test_previous_ones_are_the_runs_that_ended(sandbox, create, listed, meeting):
    start(sandbox, meeting)
    assert listed(type="previous_meetings") == []
    sandbox.end(meeting["id"])
    [line] = listed(type="previous_meetings")
    assert (line["id"], line["uuid"]) == (meeting["id"], meeting["uuid"])


def test_pages_by_token_and_by_number_hold_the_same(sandbox, token, create):
    for days in range(1, 6):
        create(topic=str(days), start_time=in_days(days))
    path, by_token, following = "/users/alice/meetings", [], None
    while following != "":
        query = {"page_size": 2, "next_page_token": following or ""}
        page = sandbox.api("GET", path, token, params=query).json()
        by_token.append(topics(page["meetings"]))
        following = page["next_page_token"]
    numbered = [
        sandbox.api("GET", path, token, params={"page_size": 2, "page_number": number}).json()
        for number in (1, 2, 3)
    ]
    assert by_token == [topics(page["meetings"]) for page in numbered]
    assert [page["page_count"] for page in numbered] == [3, 3, 3]
    assert numbered[0]["total_records"] == 5


def test_upcoming_list_holds_the_next_day_only(create, listed):
    create(topic="Next week", start_time=in_days(7))
    soon = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    meeting = create(topic="Soon", start_time=soon).json()
    [line] = listed(path="upcoming_meetings")
    assert (line["topic"], line["passcode"]) == ("Soon", meeting["password"])
    assert (line["is_host"], line["use_pmi"]) == (True, False)


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("meetings", "meeting:read:list_meetings:admin"),
        ("upcoming_meetings", "meeting:read:list_upcoming_meetings:admin"),
    ],
)
def test_list_needs_a_scope_of_its_own(sandbox, path, scope):
    sandbox.change_account(scopes=["meeting:read:meeting:admin"])
    token = sandbox.ask_token().json()["access_token"]
    assert scope in sandbox.api("GET", f"/users/alice/{path}", token).json()["message"]
