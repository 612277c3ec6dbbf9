"""A start with Zoom's real SDK in the portal's own page, and what is left of the run."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.says import zoom_says
from tests.contract.signing import LIFE, sign
from tests.contract.stage import JOINED
from tests.contract.wire import Answer, ContractBreach

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GET = "Zoom API reference, Meetings, Get a meeting"
STATUS = "Zoom API reference, Meetings, Update meeting status"
CODES = "Zoom, Meeting SDK for Web, error codes; package @zoom/meetingsdk 6.2.0"
LIST = "Zoom API reference, Meetings, List meetings"
PAST = "Zoom API reference, Meetings, Get past meeting details"
UUID = "Zoom, API architecture"
ZAK = "Zoom, Meeting SDK authorization, ZAK"


@dataclass
class Run:
    """One meeting from its start to after its end; answers in their order."""

    before: dict[str, Any]
    came_to: str = "nothing"
    running: Answer | None = None
    ending: Answer | None = None
    second: str = "nothing"
    ended: Answer | None = None
    listed: Answer | None = None
    past: Answer | None = None
    by_uuid: Answer | None = None
    people: Answer | None = None


@pytest.fixture(scope="module")
def runs():
    return []


@pytest.fixture
def run(runs, stage, meetings, wire, record):
    """The one run that all cases look at. A database lasts for one case, so the first makes it."""
    if not runs:
        with record.during("a run"):
            runs.append(Run(meetings.create("run").expect(201)))
            play(runs[0], stage, wire, meetings)
    if runs[0].came_to != JOINED:
        raise ContractBreach(f"The host did not come in: {runs[0].came_to}")
    return runs[0]


def play(run, stage, wire, meetings):
    number = run.before["id"]
    with stage.start(run.before) as run.came_to:
        if run.came_to != JOINED:
            return
        run.running = read_until("started", wire, number)
        query = {"type": "live"}
        run.listed = wire.ask("GET", "/users/{user}/meetings", user=meetings.host, query=query)
        with stage.start(meetings.create("second").expect(201)) as run.second:
            pass
        end = {"action": "end"}
        run.ending = wire.ask("PUT", "/meetings/{meeting}/status", meeting=number, body=end)
        run.ended = read_until("waiting", wire, number)
    look_back(run, wire, number)


def look_back(run, wire, number):
    past = "/past_meetings/{meeting}"
    run.past = wire.ask_until(lambda answer: answer.status == 200, "GET", past, meeting=number)
    # What is quoted here is quoted again, as Zoom wants it of a uuid with a slash.
    uuid = quote(run.running.body["uuid"], safe="")
    run.by_uuid = wire.ask("GET", "/past_meetings/{uuid}", uuid=uuid)
    run.people = wire.ask("GET", f"{past}/participants", meeting=number)


def read_until(status, wire, number):
    def is_so(answer):
        return answer.status == 200 and answer.body["status"] == status

    return wire.ask_until(is_so, "GET", "/meetings/{meeting}", meeting=number)


@pytest.fixture(scope="module")
def unstarted(meetings, record):
    """A meeting that nobody gets into."""
    with record.during("a meeting that is not started"):
        return meetings.create("not started").expect(201)


@zoom_says(
    "Signature with role 1, passcode and the host's ZAK: the SDK's join reports success",
    source=f"{ZAK}; Zoom ISV, Start a meeting",
    sure="H",
)
def test_the_host_comes_in(run):
    assert run.came_to == JOINED


@zoom_says(
    "A meeting that runs has the status started",
    source="Zoom API reference, Meetings, Get a meeting",
    sure="H",
)
def test_a_running_meeting_is_started(run):
    assert run.running.expect(200)["status"] == "started"


@zoom_says("A meeting that runs is in the host's list of live ones", source=LIST, sure="H")
def test_a_running_meeting_is_listed_as_live(run):
    assert run.before["id"] in [one["id"] for one in run.listed.expect(200)["meetings"]]


@zoom_says(
    "A host who is in a meeting cannot start another: the SDK's error 3711 or 3000",
    source=CODES,
    sure="M",
)
def test_a_second_meeting_at_a_time_is_refused(run):
    assert run.second in ("3711", "3000")


@zoom_says("Ending it is 204", source=STATUS, sure="H")
def test_ending_is_204(run):
    run.ending.expect(204)


@zoom_says("After its end the meeting waits again", source=STATUS, sure="M")
def test_an_ended_meeting_waits_again(run):
    assert run.ended.expect(200)["status"] == "waiting"


@zoom_says("The next run of a meeting has another uuid", source=UUID, sure="H")
def test_the_next_run_has_another_uuid(run):
    assert run.ended.expect(200)["uuid"] != run.before["uuid"]


@zoom_says(
    "A run that is over is told with its times, by the meeting's number", source=PAST, sure="H"
)
def test_a_past_run_is_told(run):
    past = run.past.expect(200)
    assert past["id"] == run.before["id"]
    assert past["start_time"] <= past["end_time"]


@zoom_says("A run that is over is found by its uuid, quoted twice", source=UUID, sure="H")
def test_a_past_run_is_found_by_its_uuid(run):
    uuid = run.by_uuid.expect(200)["uuid"]
    assert uuid == run.past.expect(200)["uuid"] == run.running.expect(200)["uuid"]


@zoom_says(
    "Who was there is told with name and times of joining and leaving; on paid accounts",
    source="Zoom API reference, Meetings, Get past meeting participants",
    sure="M",
)
def test_past_participants_are_told(run):
    (person, *_) = run.people.expect(200)["participants"]
    assert person["name"]
    assert person["join_time"] <= person["leave_time"]


def signed(target, secret="", **claims):
    """A change of the start package: a signature by hand in the place of the portal's."""

    def change(package):
        number = int(package["meetingNumber"])
        signature = sign(target.sdk_client_id, secret or target.sdk_client_secret, number, **claims)
        return {**package, "signature": signature}

    return change


@zoom_says("A signature with another secret is the SDK's error 3712", source=CODES, sure="H")
def test_another_secret_is_3712(stage, unstarted, target):
    with stage.start(unstarted, signed(target, secret="x" * 32)) as came_to:
        assert came_to == "3712"


@zoom_says("A signature that has run out is the SDK's error 3705", source=CODES, sure="H")
def test_a_signature_that_ran_out_is_3705(stage, unstarted, target):
    two_minutes_over = int(time.time()) - LIFE - 120
    with stage.start(unstarted, signed(target, issued_at=two_minutes_over)) as came_to:
        assert came_to == "3705"


@zoom_says("Another passcode is the SDK's error 3004", source=CODES, sure="M")
def test_another_passcode_is_3004(stage, unstarted):
    with stage.start(unstarted, lambda package: {**package, "passWord": "other"}) as came_to:
        assert came_to == "3004"


@zoom_says(
    "Without `type` the token is of another kind, and starts nothing",
    source="Zoom API reference, Users, Get a user's token",
    sure="H",
)
def test_a_token_without_type_starts_nothing(stage, unstarted, wire, host):
    answer = wire.ask("GET", "/users/{user}/token", user=host["id"])
    token = answer.expect(200)["token"]
    if not token:
        pytest.skip("Zoom gives this user no token of the other kind")
    with stage.start(unstarted, lambda package: {**package, "zak": token}) as came_to:
        assert came_to != JOINED
