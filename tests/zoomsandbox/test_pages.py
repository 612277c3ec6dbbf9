"""Where the Zoom app would open: start and join links and the room; and the stand-in's files."""

import pytest


def get(sandbox, address):
    return sandbox.session.get(address, timeout=10)


def test_start_link_puts_the_host_in_the_room(sandbox, meeting):
    answer = get(sandbox, meeting["start_url"])
    assert "you are in Weekly as host Alice Acme" in answer.text
    assert sandbox.people(meeting["id"]) == [("Alice Acme", "host")]


def test_start_link_leads_away_from_the_address_with_the_zak(sandbox, meeting):
    assert "zak=" not in get(sandbox, meeting["start_url"]).url


def test_start_link_opened_twice_is_one_host(sandbox, meeting):
    get(sandbox, meeting["start_url"])
    get(sandbox, meeting["start_url"])
    assert len(sandbox.people(meeting["id"])) == 1


def test_old_start_link_is_refused(sandbox, meeting):
    sandbox.clock(7201)
    assert get(sandbox, meeting["start_url"]).status_code == 403
    assert sandbox.rooms() == []


def test_start_link_with_another_users_zak_is_refused(sandbox, meeting, fetch_zak):
    address = f"{meeting['start_url'].partition('?')[0]}?zak={fetch_zak('sam')}"
    assert get(sandbox, address).status_code == 403


def test_start_link_of_a_host_who_is_in_another_meeting_is_refused(sandbox, create):
    first, second = create(topic="First").json(), create(topic="Second").json()
    get(sandbox, first["start_url"])
    answer = get(sandbox, second["start_url"])
    assert answer.status_code == 409
    assert "another meeting going on: First" in answer.text


def test_start_link_works_when_the_other_meeting_is_over(sandbox, create):
    first, second = create(topic="First").json(), create(topic="Second").json()
    get(sandbox, first["start_url"])
    sandbox.end(first["id"])
    assert get(sandbox, second["start_url"]).status_code == 200


def test_start_link_of_a_meeting_whose_number_has_expired_is_refused(sandbox, meeting):
    sandbox.clock(40 * 86_400)
    assert get(sandbox, meeting["start_url"]).status_code == 404


def test_guest_waits_for_the_host(sandbox, meeting):
    answer = get(sandbox, f"{meeting['join_url']}&name=Guest")
    assert "The host has not started this meeting yet" in answer.text
    assert sandbox.rooms() == []


def test_guest_joins_a_running_meeting(sandbox, meeting):
    get(sandbox, meeting["start_url"])
    get(sandbox, f"{meeting['join_url']}&name=Guest")
    assert ("Guest", "participant") in sandbox.people(meeting["id"])


def test_join_link_with_a_wrong_passcode_is_refused(sandbox, meeting):
    address = meeting["join_url"].partition("?")[0] + "?pwd=wrong&name=Guest"
    assert get(sandbox, address).status_code == 403


def test_guest_is_asked_for_a_name(sandbox, meeting):
    assert '<label for="field-name">Your name</label>' in get(sandbox, meeting["join_url"]).text


@pytest.fixture
def registered(sandbox, token, create):
    """A meeting for registered people, and the link of one of them."""
    times = {"type": 2, "start_time": "2040-03-01T09:00:00Z"}
    made = create(**times, settings={"approval_type": 0, "join_before_host": True}).json()
    person = {"first_name": "Gwen", "last_name": "Guest", "email": "gwen@guests.example"}
    answer = sandbox.api("POST", f"/meetings/{made['id']}/registrants", token, json=person)
    return made, answer.json()["join_url"]


def test_registered_guest_comes_in_by_name(sandbox, registered):
    meeting, link = registered
    get(sandbox, link)
    assert sandbox.people(meeting["id"]) == [("Gwen Guest", "participant")]


def test_guest_who_has_not_registered_is_refused(sandbox, registered):
    meeting, _ = registered
    answer = get(sandbox, f"{meeting['join_url']}&name=Guest")
    assert (answer.status_code, sandbox.rooms()) == (403, [])
    assert "requires registration" in answer.text


def test_nobody_is_signed_in_on_the_page(sandbox, create):
    meeting = create(settings={"meeting_authentication": True, "join_before_host": True}).json()
    answer = get(sandbox, f"{meeting['join_url']}&name=Guest")
    assert answer.status_code == 403
    assert "signed in to Zoom" in answer.text


@pytest.mark.parametrize("letter", ["s", "j", "w"])
def test_a_number_that_is_none_opens_nothing(sandbox, letter):
    assert get(sandbox, f"{sandbox.url}/{letter}/{'9' * 5000}").status_code in (200, 404)
    assert (sandbox.rooms(), sandbox.crashes()) == ([], [])


def test_leave_button_takes_the_person_out(sandbox, meeting):
    page = get(sandbox, meeting["start_url"]).url
    sandbox.session.post(f"{page}/leave", timeout=10)
    assert sandbox.rooms() == []


def test_guest_cannot_end_the_meeting(sandbox, meeting):
    get(sandbox, meeting["start_url"])
    page = get(sandbox, f"{meeting['join_url']}&name=Guest").url
    sandbox.session.post(f"{page}/end", timeout=10)
    assert len(sandbox.people(meeting["id"])) == 2


def test_host_ends_the_meeting_for_all(sandbox, meeting):
    page = get(sandbox, meeting["start_url"]).url
    guest = get(sandbox, f"{meeting['join_url']}&name=Guest").url
    sandbox.session.post(f"{page}/end", timeout=10)
    assert get(sandbox, guest).status_code == 410


def test_page_views_are_in_the_ledger_and_their_refreshes_are_not(sandbox, meeting):
    sandbox.clear_ledger()
    page = get(sandbox, meeting["start_url"]).url
    get(sandbox, f"{page}?part")
    assert sandbox.calls() == ["pages.start"]


def test_stand_in_may_be_loaded_by_an_isolated_page_of_another_origin(sandbox):
    answer = get(sandbox, f"{sandbox.url}/sdk/zoom-stand-in.js")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "globalThis.ZoomMtg" in answer.text
