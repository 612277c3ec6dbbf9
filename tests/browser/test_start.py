"""Starting a meeting in the page, with Zoom's real SDK and the policy of production."""

import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import Route, expect

from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A library in the SDK looks twice whether there is an eval, and goes on without.
PROBES = ["script-src eval", "script-src eval"]
SETTLED_MS = 6_000
# Where the sandbox tells the SDK to open its WebSocket.
RELAY = "rwgsandbox.zoom.us"


def ours_or_zooms(host):
    return host == "localhost" or f".{host}".endswith(".zoom.us")


def given_out(zoom):
    """The ZAKs that the portal asked for; a meeting's start link has another."""
    return [zak["value"] for zak in zoom.zaks() if zak["source"] == "users.token"]


def test_the_sdk_brings_to_zoom_what_the_portal_made(start_page, meeting, zoom):
    start_page.start()
    (asked,) = zoom.ledger("web.info")
    said = asked["detail"]
    assert said["cv"] == settings.ZOOM_SDK_VERSION
    assert said["signature_verified"]
    # The sandbox compares the passcode too before it says "ok".
    assert said["verdict"] == "ok"
    assert (said["role"], said["claims"]["mn"]) == (1, str(meeting.meeting_number))
    assert (said["zak_kind"], said["zak_user_id"]) == ("zak", "alice")


def test_the_host_is_in_the_meeting_as_host(start_page, meeting, zoom):
    start_page.start()
    assert zoom.people(meeting.meeting_number) == [("Alice", "host")]
    socket, profile = zoom.wait_until(
        lambda: (
            zoom.ledger("web.socket") and [*zoom.ledger("web.socket"), *zoom.ledger("web.profile")]
        )
    )
    assert socket["detail"]["zak_user_id"] == profile["detail"]["zak_user_id"] == "alice"
    expect(start_page.page.locator("html")).to_have_attribute("data-meeting-status", "2")
    expect(start_page.page.locator("#green-room")).to_be_hidden()


def test_the_page_is_isolated_and_keeps_the_zak_to_itself(start_page, zoom):
    start_page.start()
    (zak,) = given_out(zoom)
    assert start_page.page.evaluate("window.crossOriginIsolated")
    assert zak not in start_page.page.content() + start_page.page.url
    assert zak not in str(start_page.stored("localStorage"))
    # The SDK's own requests to Zoom carry it, and nobody else's.
    assert {urlsplit(url).hostname for url in start_page.requests if zak in url} <= {RELAY}


@pytest.fixture
def policy_reports(sign_in, cast, meeting, httpserver):
    """What the policy forbids during a start, in workers too.

    In production nothing reports: a report would hold the blocked address.
    """
    httpserver.expect_request("/reports").respond_with_data("")
    # A page that comes from the test is no longer one from this machine, as the sandbox is.
    visit = sign_in(cast.alice, permissions=["local-network-access"])

    def call(change=("", "")):
        def add_reports(route: Route):
            answer = route.fetch()
            policy = answer.headers["content-security-policy"].replace(*change)
            policy += f"; report-uri {httpserver.url_for('/reports')}"
            headers = {**answer.headers, "content-security-policy": policy}
            route.fulfill(response=answer, headers=headers)

        visit.page.route("**/start/", add_reports, times=1)
        visit.open("meetings:start", meeting.pk)
        visit.wait_for("ready")
        visit.start()
        visit.page.wait_for_timeout(SETTLED_MS)
        reports = [request.get_json(force=True)["csp-report"] for request, _ in httpserver.log]
        return visit, {f"{told['effective-directive']} {told['blocked-uri']}" for told in reports}

    return call


def test_the_policy_is_broken_by_nothing_but_the_probes(policy_reports):
    visit, reports = policy_reports()
    assert visit.broken_rules == PROBES
    assert reports == set(PROBES)
    assert not [error for error in visit.errors if "DataCloneError" in error]


def test_what_the_policy_forbids_in_a_worker_is_noticed(policy_reports):
    """The control of the test above."""
    visit, reports = policy_reports(change=("script-src 'self' blob:", "script-src 'self'"))
    assert visit.broken_rules == PROBES
    assert reports == {*PROBES, "script-src-elem blob"}
    assert [error for error in visit.errors if "DataCloneError" in error]


def test_nobody_but_the_portal_and_zoom_is_asked(start_page):
    start_page.start()
    start_page.page.wait_for_timeout(SETTLED_MS / 2)
    assert {"localhost", "zoom.us", RELAY} < start_page.hosts
    assert [host for host in start_page.hosts if not ours_or_zooms(host)] == []


def test_elsewhere_is_noticed_and_not_reached(sign_in):
    """The control of the test above."""
    visit = sign_in(None)
    visit.open("account_login")
    visit.page.evaluate("location.href = 'https://elsewhere.example/'")
    visit.page.wait_for_timeout(500)
    assert "elsewhere.example" in visit.hosts
    assert "https://elsewhere.example/" in visit.refused


def test_an_alternative_host_starts_as_themselves(sign_in, cast, meeting, zoom):
    visit = sign_in(cast.bob)
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    visit.start()
    assert zoom.people(meeting.meeting_number) == [("Bob", "alternative host")]
    assert zoom.ledger("web.info")[0]["detail"]["zak_user_id"] == "bob"


@pytest.mark.parametrize(
    ("person", "status", "heading"),
    [("mia", 403, "This is not yours to do"), ("carol", 404, "Nothing here")],
)
def test_others_do_not_come_so_far(sign_in, cast, meeting, zoom, person, status, heading):
    visit = sign_in(getattr(cast, person))
    assert visit.open("meetings:start", meeting.pk).status == status
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(heading)
    assert zoom.calls() == []


def test_the_keyboard_alone_starts_the_meeting(start_page, meeting, zoom):
    way = ["Skip to the content", "Greenroom", "Start"]
    for stop in way:
        start_page.page.keyboard.press("Tab")
        focused = start_page.page.locator(":focus")
        expect(focused).to_have_accessible_name(stop)
        expect(focused).to_have_css("outline-style", "solid")
    start_page.page.keyboard.press("Enter")
    start_page.wait_for("joined")
    assert zoom.people(meeting.meeting_number) == [("Alice", "host")]


def test_two_clicks_are_one_start(start_page, zoom):
    start_page.page.get_by_role("button", name="Start", exact=True).dblclick()
    start_page.wait_for("joined")
    assert start_page.count("/start/$") == 2, "the page itself and one start"
    assert len(given_out(zoom)) == 1


def test_a_key_the_sdk_does_not_know_stays_behind(start_page):
    start_page.change_package(lambda package: {**package, "role": 1, "sdkSecret": "x"})
    start_page.start()


def test_the_sdk_refuses_a_key_it_does_not_know(start_page):
    """The control of the test above, and why it matters."""
    refusal = start_page.page.evaluate(
        """() => new Promise((resolve) => {
          const signature = `${btoa('{"alg":"HS256"}')}.${btoa('{"appKey":"a"}')}.x`;
          const args = {signature, meetingNumber: '1', userName: 'A', passWord: '', role: 1};
          const join = () => ZoomMtg.join({...args, success: resolve, error: resolve});
          ZoomMtg.init({leaveUrl: location.href, success: join, error: resolve});
        })"""
    )
    assert (refusal["errorCode"], "role" in refusal["errorMessage"]) == (3, True)


def test_an_earlier_hosts_key_does_not_survive_into_a_start(start_page, zoom):
    start_page.page.evaluate("sessionStorage.setItem('WEB_CLIENT_ZSK', 'earlier')")
    zoom.fault("users.token", "status", status=500)
    start_page.start(until="failed")
    assert start_page.stored() == {}


def test_leaving_leads_to_the_meeting_and_leaves_no_key_in_the_tab(start_page, meeting):
    start_page.start()
    assert "WEB_CLIENT_ZSK" in start_page.stored()
    expect(start_page.page.get_by_role("button", name="Leave", exact=True)).to_be_attached()
    start_page.shoot("room")
    start_page.page.evaluate("ZoomMtg.leaveMeeting({})")
    start_page.page.wait_for_url(f"**{meeting.get_absolute_url()}")
    expect(start_page.page.get_by_role("heading", level=1)).to_have_text(meeting.topic)
    assert start_page.stored() == {}


def test_a_session_that_ended_leads_through_sign_in_back_to_the_start(start_page, cast, zoom):
    page = start_page.page
    Session.objects.all().delete()
    start_page.start(until="failed")
    assert start_page.failure.message == "You are no longer signed in."
    assert zoom.calls() == []
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(cast.alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    start_page.wait_for("ready")
    assert re.search("/start/$", page.url)
