"""The black box of a start, as its page writes it: each way to fail says so in its attempt."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from meetings.models import StartAttempt
from meetings.start_steps import Step
from tests.browser.conftest import wait_for_stories
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TRACES = "**/start/trace/"
PRESSES = "**/start/"


def the_story():
    """Outcome, step and error of the only attempt, once it is told to its end."""
    assert wait_for_stories() == []
    attempt = StartAttempt.objects.get()
    outcome, step = attempt.judge(timezone.now())
    return str(outcome), str(step), attempt.error_code


def wait_for(step, zoom):
    return zoom.wait_until(lambda: StartAttempt.objects.exclude(**{step.column: None}).first())


def wait_for_an_attempt(zoom):
    """Until a page that was loaded anew has told what had to wait."""
    zoom.wait_until(StartAttempt.objects.exists)


def test_a_start_is_told_to_the_meeting_by_both_clocks(start_page, meeting, cast):
    start_page.start()
    assert the_story() == ("in_meeting", "None", "")
    attempt = StartAttempt.objects.get()
    assert (attempt.user, attempt.meeting) == (cast.alice, meeting)
    times = [getattr(attempt, step.column) for step in Step if step is not Step.STARTED]
    assert times == sorted(times)
    assert 0 < attempt.init_ms < attempt.join_ms < attempt.in_meeting_ms < 60_000
    assert start_page.attempt_code == ""


def test_the_host_reads_the_attempts_code(start_page, zoom):
    zoom.fault("users.token", "status", status=500)
    start_page.start(until="failed")
    assert the_story() == ("failed", "zak", "zoom_unavailable")
    assert start_page.attempt_code == StartAttempt.objects.get().shown_code
    field = start_page.page.get_by_label("Give your administrator this code:")
    expect(field).to_be_editable(editable=False)


def test_the_code_is_copied(start_page, zoom):
    start_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    zoom.fault("users.token", "status", status=500)
    start_page.start(until="failed")
    start_page.page.get_by_role("button", name="Copy", exact=True).click()
    expect(start_page.page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = start_page.page.evaluate("navigator.clipboard.readText()")
    assert copied == start_page.attempt_code != ""


def test_each_press_has_a_code_of_its_own(start_page, zoom):
    zoom.fault("users.token", "status", status=500)
    codes = set()
    for _press in range(3):
        start_page.start(until="failed")
        codes.add(start_page.attempt_code)
        start_page.page.get_by_role("button", name="Try again").click()
        start_page.wait_for("ready")
    assert len(codes) == 3


# --- At each step -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ("({error}) => error({errorCode: 2, errorMessage: 'x'})", "2"),
        ("() => { throw new Error('broken'); }", "exception"),
    ],
)
def test_sdk_that_fails_at_init_is_named_so(start_page, broken, error):
    # Its own `init` cannot be replaced, so another object stands before it.
    start_page.page.evaluate(
        f"() => {{ window.ZoomMtg = Object.create(ZoomMtg, {{init: {{value: {broken}}}}}); }}"
    )
    start_page.start(until="failed")
    assert the_story() == ("failed", "init", error)


def test_sdk_that_fails_at_join_is_named_so(start_page, meeting, zoom):
    zoom.delete_meeting(meeting.meeting_number)
    start_page.start(until="failed")
    assert the_story() == ("failed", "join", "3610")


def test_a_silent_zoom_is_named_so(sign_in, cast, meeting, zoom):
    zoom.fault("web.info", "stall", seconds=20)
    visit = sign_in(cast.alice)
    visit.page.clock.install()
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    visit.start(until="joining")
    zoom.wait_until(lambda: zoom.ledger("web.info"))
    visit.page.clock.fast_forward(46_000)
    visit.wait_for("failed")
    assert the_story() == ("failed", "join", "silence")
    assert StartAttempt.objects.get().failed_ms >= 45_000


def test_a_page_that_is_closed_while_joining_is_named_so(start_page, zoom):
    zoom.fault("web.info", "stall", seconds=10)
    start_page.start(until="joining")
    wait_for(Step.JOIN, zoom)
    start_page.page.close()
    assert the_story() == ("failed", "join", "left")


def test_a_page_that_is_left_while_the_portal_works_is_named_so(start_page, meeting, zoom):
    zoom.fault("users.token", "latency", seconds=2)
    start_page.page.get_by_role("button", name="Start", exact=True).click()
    wait_for(Step.TOKEN, zoom)
    start_page.open("meetings:detail", meeting.pk)
    assert the_story() == ("failed", "zak", "left")


def test_a_page_that_is_left_does_not_call_it_a_failed_network_besides(start_page, zoom):
    """The browser ends the requests of a page that it leaves."""
    page, held, told = start_page.page, [], []
    page.route(PRESSES, lambda route: held.append(route))
    page.on("request", lambda sent: told.append(sent.url) if "/trace/" in sent.url else None)
    with page.expect_request(PRESSES):
        page.get_by_role("button", name="Start", exact=True).click()
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    held[0].abort()
    start_page.wait_for("failed")
    wait_for_an_attempt(zoom)
    assert the_story() == ("failed", "pressed", "left")
    assert len(told) == 1


def test_a_meeting_that_is_lost_at_once_is_no_success(start_page, zoom):
    """The SDK calls `success` all the same."""
    zoom.fault("web.socket", "socket_close", seconds=1)
    start_page.start()
    zoom.wait_until(lambda: StartAttempt.objects.get().lost_at)
    assert the_story() == ("failed", "in_meeting", "")


def test_a_connection_that_ends_later_is_noted_and_was_a_meeting(start_page, meeting, zoom):
    start_page.start()
    the_story()
    StartAttempt.objects.update(in_meeting_at=timezone.now() - timedelta(minutes=5))
    zoom.end(meeting.meeting_number)
    zoom.wait_until(lambda: StartAttempt.objects.get().lost_at, seconds=25)
    assert the_story() == ("in_meeting", "None", "")


def test_a_stale_zak_is_one_attempt_that_began_again(start_page):
    zaks = iter(["stale"])
    start_page.change_package(lambda package: {**package, "zak": next(zaks, package["zak"])})
    start_page.start()
    assert the_story() == ("in_meeting", "None", "")
    attempt = StartAttempt.objects.get()
    assert attempt.pressed_at < attempt.renewed_at < attempt.zak_at < attempt.init_at
    assert attempt.renewed_ms < attempt.init_ms


def test_an_ended_session_is_told_after_the_next_sign_in(start_page, cast, zoom):
    Session.objects.all().delete()
    start_page.start(until="failed")
    code = start_page.attempt_code
    page = start_page.page
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(cast.alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    start_page.wait_for("ready")
    wait_for_an_attempt(zoom)
    assert the_story() == ("failed", "pressed", "session")
    assert StartAttempt.objects.get().shown_code == code


# --- Without a network --------------------------------------------------------------------------


def test_a_press_that_did_not_arrive_is_told_when_the_page_is_loaded_again(start_page, zoom):
    start_page.page.route(PRESSES, lambda route: route.abort())
    start_page.page.route(TRACES, lambda route: route.abort())
    start_page.start(until="failed")
    code = start_page.attempt_code
    assert code
    assert not StartAttempt.objects.exists()
    start_page.page.unroute_all()
    start_page.page.get_by_role("button", name="Try again").click()
    start_page.wait_for("ready")
    wait_for_an_attempt(zoom)
    assert the_story() == ("failed", "pressed", "network")
    assert StartAttempt.objects.get().shown_code == code
    assert start_page.stored() == {}


@pytest.mark.untold
def test_what_waits_in_a_tab_is_told_by_nobody_else(start_page):
    start_page.page.route(PRESSES, lambda route: route.abort())
    start_page.page.route(TRACES, lambda route: route.abort())
    start_page.start(until="failed")
    start_page.page.evaluate(
        "sessionStorage.setItem('greenroom.trace', sessionStorage.getItem('greenroom.trace')"
        '.replaceAll(/"person":"[^"]+"/g, \'"person":"another"\'))'
    )
    start_page.page.unroute_all()
    start_page.page.get_by_role("button", name="Try again").click()
    start_page.wait_for("ready")
    # The page's own last words have arrived by then, had there been any.
    start_page.page.wait_for_load_state("networkidle")
    assert (StartAttempt.objects.count(), start_page.stored()) == (0, {})


def test_a_network_that_is_cut_while_joining_is_told_later(start_page, zoom):
    zoom.fault("web.info", "stall", seconds=3)
    start_page.start(until="joining")
    wait_for(Step.JOIN, zoom)
    start_page.context.set_offline(True)
    start_page.wait_for("failed")
    start_page.context.set_offline(False)
    start_page.page.get_by_role("button", name="Try again").click()
    start_page.wait_for("ready")
    assert the_story()[:2] == ("failed", "join")


@pytest.mark.untold
def test_a_page_that_says_nothing_at_all_is_missed_after_two_minutes(start_page, zoom):
    start_page.page.route(TRACES, lambda route: route.abort())
    start_page.start()
    attempt = StartAttempt.objects.get()
    outcome, step = attempt.judge(timezone.now() + timedelta(minutes=3))
    assert (str(outcome), str(step)) == ("stopped", "delivered")


def test_what_cannot_be_told_holds_up_no_start(start_page, meeting, zoom):
    """A portal that is slow to take a trace, and one that has a fault."""
    start_page.page.route(TRACES, lambda route: route.fulfill(status=500))
    start_page.start()
    assert zoom.people(meeting.meeting_number) == [("Alice", "host")]
    assert "greenroom.trace" in start_page.stored()
    start_page.page.unroute_all()
    start_page.open("meetings:start", meeting.pk)
    start_page.wait_for("ready")
