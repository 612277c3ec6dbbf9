"""The pages a person sees, and the stand-in's files."""

import re


def get(sandbox, address):
    return sandbox.session.get(address, timeout=10)


def test_home_tells_who_is_in_which_meeting(sandbox, meeting):
    get(sandbox, meeting["start_url"])
    text = get(sandbox, f"{sandbox.url}/").text
    assert re.search(r"<td>Weekly</td><td>\d+</td><td>Alice Acme</td><td>host</td>", text)


def test_home_shows_no_secret(sandbox, token, meeting):
    text = get(sandbox, f"{sandbox.url}/").text
    assert token not in text
    assert meeting["password"] not in text
    assert "secret-0123456789" not in text


def test_markup_in_a_topic_is_escaped(sandbox, create):
    create(topic="<script>x</script>")
    assert "<script>x" not in get(sandbox, f"{sandbox.url}/").text


def test_topic_with_half_a_surrogate_pair_does_not_break_the_page(sandbox, token):
    body = '{"topic": "\\ud800"}'
    assert sandbox.api("POST", "/users/alice/meetings", token, data=body).status_code == 201
    assert get(sandbox, f"{sandbox.url}/").status_code == 200


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
    assert '<label for="name">' in get(sandbox, meeting["join_url"]).text


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
