"""Meetings: making, reading, changing and deleting them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.meetings import PASSCODE, TOPIC, make_start
from tests.contract.says import zoom_says

CREATE = "Zoom API reference, Meetings, Create a meeting"
GET = "Zoom API reference, Meetings, Get a meeting"
UPDATE = "Zoom API reference, Meetings, Update a meeting"
LIST = "Zoom API reference, Meetings, List meetings"
DELETE = "Zoom API reference, Meetings, Delete a meeting"

START = make_start()
ZONE = "Europe/Paris"
# Two scripts, an umlaut and a sign outside of the basic plane.
NOTE = "Übung שלום 🎭"


@pytest.fixture(scope="module")
def made(meetings, record):
    """What Zoom answers to a plain create, asked once for several cases."""
    with record.during("a created meeting"):
        return meetings.create(NOTE, start_time=f"{START:%Y-%m-%dT%H:%M:%SZ}", timezone=ZONE)


@pytest.fixture(scope="module")
def read(made, wire, record):
    with record.during("a meeting that is read"):
        return wire.ask("GET", "/meetings/{meeting}", meeting=made.expect(201)["id"])


def is_zooms(link):
    parts = urlsplit(link)
    return parts.scheme == "https" and f".{parts.hostname}".endswith(".zoom.us")


@zoom_says("A created meeting is 201", source=CREATE, sure="H")
def test_a_created_meeting_is_201(made):
    made.expect(201)


@zoom_says("Its id is a JSON number of 9 to 11 digits", source=CREATE, sure="M")
def test_its_id_is_a_number(made):
    number = made.expect(201)["id"]
    assert type(number) is int
    assert 10**8 <= number < 10**11


@zoom_says(
    "It comes with uuid, host_id and host_email, which the reference leaves out",
    source="Zoom ISV sample answer",
    sure="M",
)
def test_it_names_run_and_host(made, host):
    body = made.expect(201)
    assert body["uuid"]
    assert (body["host_id"], body["host_email"]) == (host["id"], host["email"])


@zoom_says("It comes back with type, topic and duration as sent", source=CREATE, sure="H")
def test_it_is_what_was_asked_for(made):
    body = made.expect(201)
    assert (body["type"], body["duration"]) == (2, 30)
    assert body["topic"] == f"{TOPIC} {NOTE}"


@zoom_says("A start time with Z is UTC and comes back as such", source=CREATE, sure="H")
def test_a_start_in_utc_comes_back(made):
    assert made.expect(201)["start_time"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"


@zoom_says("The time zone comes back as sent", source=CREATE, sure="H")
def test_the_time_zone_comes_back(made):
    assert made.expect(201)["timezone"] == ZONE


@zoom_says(
    "A start time without Z is local to the time zone, and comes back in UTC",
    source=CREATE,
    sure="H",
)
def test_a_local_start_comes_back_in_utc(meetings):
    # July: two hours ahead of UTC, in whichever year.
    year = START.year + 1
    body = meetings.create(start_time=f"{year}-07-01T12:00:00", timezone=ZONE).expect(201)
    assert body["start_time"] == f"{year}-07-01T10:00:00Z"


@zoom_says("A meeting that nobody has started is waiting", source=GET, sure="H")
def test_it_waits(made):
    assert made.expect(201)["status"] == "waiting"


@zoom_says("The passcode sent comes back in plain, as `password`", source=CREATE, sure="H")
def test_the_passcode_comes_back(made):
    assert made.expect(201)["password"] == PASSCODE


@zoom_says(
    "An empty passcode is replaced by one of Zoom's, of ten characters at most",
    source="Zoom API reference, Create a meeting: where the account asks for passcodes",
    sure="M",
)
def test_an_empty_passcode_is_replaced(meetings):
    passcode = meetings.create(password="").expect(201)["password"]
    assert 1 <= len(passcode) <= 10


@zoom_says("A passcode of eleven characters is 400, code 300", source=CREATE, sure="H")
def test_a_long_passcode_is_refused(meetings):
    meetings.create(password="a1b2c3d4e5f").expect(400, 300)


@zoom_says(
    "A passcode with another character than letters, digits and @ - _ * is 400, code 300",
    source=CREATE,
    sure="M",
)
def test_an_odd_passcode_is_refused(meetings):
    meetings.create(password="a b#c").expect(400, 300)


@zoom_says("The join link is https on zoom.us or below it", source=CREATE, sure="H")
def test_the_join_link_is_zooms(made):
    assert is_zooms(made.expect(201)["join_url"])


@zoom_says(
    "The start link is https on zoom.us or below it, and carries a ZAK", source=CREATE, sure="H"
)
def test_the_start_link_carries_a_zak(made):
    link = made.expect(201)["start_url"]
    assert is_zooms(link)
    assert parse_qs(urlsplit(link).query)["zak"][0]


@zoom_says("Reading gives a start link with a ZAK again", source=GET, sure="H")
def test_reading_gives_a_start_link(read):
    link = read.expect(200)["start_url"]
    assert is_zooms(link)
    assert parse_qs(urlsplit(link).query)["zak"][0]


@zoom_says("Reading gives what creating gave", source=GET, sure="H")
def test_reading_gives_the_same(made, read):
    names = ("id", "uuid", "host_id", "topic", "start_time", "duration", "timezone", "password")
    before, after = made.expect(201), read.expect(200)
    assert [name for name in names if before[name] != after[name]] == []


@zoom_says(
    "An alternative host who is no licensed user of the account is 400",
    source="Zoom API reference, Create a meeting; Zoom community 116154",
    sure="M",
)
def test_a_stranger_is_no_alternative_host(meetings):
    stranger = {"alternative_hosts": "nobody@no-such-company.example"}
    meetings.create(settings=stranger).expect(400)


@zoom_says(
    "Alternative hosts are named by id or e-mail address, with semicolons between them",
    source="Zoom API reference, Meetings, Create a meeting",
    sure="M",
    only_sandbox="would name another person of the account in a meeting",
)
def test_a_colleague_is_an_alternative_host(meetings):
    meetings.create(settings={"alternative_hosts": "bob"}).expect(201)


@zoom_says("The host's scheduled meetings are listed, this one too", source=LIST, sure="H")
def test_a_scheduled_meeting_is_listed(made, wire, host):
    query = {"type": "scheduled", "page_size": 300}
    listed = wire.ask("GET", "/users/{user}/meetings", user=host["id"], query=query).expect(200)
    assert made.expect(201)["id"] in [meeting["id"] for meeting in listed["meetings"]]


@zoom_says("A listed meeting has no start link", source=LIST, sure="M")
def test_a_listed_meeting_has_no_start_link(made, wire, host):
    query = {"type": "scheduled", "page_size": 300}
    listed = wire.ask("GET", "/users/{user}/meetings", user=host["id"], query=query).expect(200)
    assert listed["meetings"]
    assert all("start_url" not in meeting for meeting in listed["meetings"])


@zoom_says("A change is 204 without a body, and reading shows it", source=UPDATE, sure="H")
def test_a_change_is_204_and_seen(made, wire):
    number = made.expect(201)["id"]
    change = {"topic": f"{TOPIC} changed", "duration": 45}
    answer = wire.ask("PATCH", "/meetings/{meeting}", meeting=number, body=change)
    assert answer.expect(204) is None
    after = wire.ask("GET", "/meetings/{meeting}", meeting=number).expect(200)
    assert (after["topic"], after["duration"]) == (change["topic"], 45)


@zoom_says(
    "Deleting is 204 without a body; then the meeting is 404, code 3001", source=DELETE, sure="H"
)
def test_a_deleted_meeting_is_gone(meetings, wire):
    number = meetings.create().expect(201)["id"]
    assert meetings.delete(number).expect(204) is None
    wire.ask("GET", "/meetings/{meeting}", meeting=number).expect(404, 3001)


@zoom_says("Deleting what is gone is 404, code 3001", source=DELETE, sure="M")
def test_deleting_twice_is_3001(meetings):
    number = meetings.create().expect(201)["id"]
    meetings.delete(number).expect(204)
    meetings.delete(number).expect(404, 3001)


@zoom_says("Ending a meeting that does not run is refused with 4xx", source="guess", sure="L")
def test_ending_what_does_not_run_is_refused(made, wire):
    number = made.expect(201)["id"]
    answer = wire.ask("PUT", "/meetings/{meeting}/status", meeting=number, body={"action": "end"})
    assert 400 <= answer.status < 500
