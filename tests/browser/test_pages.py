"""How the pages look and whether everybody can use them, in both colour schemes and two widths."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from meetings.models import Meeting
from tests.factories import PASSWORD, MeetingFactory, StartAttemptFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (1280, 360)
SCHEMES = ("light", "dark")
NARROWEST = 320
LONG = "Introduction to Thermodynamics, Statistical Mechanics and Irreversible Processes"

# What Zoom's SDK looks for and does without; see the start.
PROBES = {"script-src eval"}

PEOPLE = {
    "list empty": "mia",
    "forbidden": "mia",
    "unknown": "carol",
    "check": "ada",
    "admin": "ada",
    "schedule for others": "sam",
}
NOBODYS = ("login", "login with errors", "password reset", "password reset sent")


# Django's admin fades from one colour scheme to the other.
_SETTLE = """
Promise.all(document.getAnimations()
  .filter((animation) => animation instanceof CSSTransition)
  .map((transition) => transition.finished.catch(() => null)))
"""


def look(visit, name):
    """Violations and overflow in every look, with a screenshot of each."""
    found = []
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            visit.page.evaluate(_SETTLE)
            where = f"{name.replace(' ', '-')}-{width}-{scheme}"
            found += [f"{where}: {problem}" for problem in violations(visit.page)]
            visit.shoot(where)
    return found


def violations(page):
    # Links in the breadcrumbs of Django's own admin pages are told from text by colour alone.
    response = Axe().run(page, context={"exclude": [".breadcrumbs"]}).response["violations"]
    return [
        f"{violation['id']} {node['target']} {node['failureSummary']}"
        for violation in response
        for node in violation["nodes"]
    ]


def overflows(page):
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth") > 0


def make_many(host):
    now = timezone.now()
    for n in range(25):
        MeetingFactory(host=host, starts_at=now + timedelta(days=n + 1), topic=f"{LONG} {n}")
    for n in range(3):
        over = now - timedelta(days=n + 1)
        MeetingFactory(host=host, starts_at=over, ends_at=over + timedelta(minutes=50))
    MeetingFactory(host=host, meeting_number=None, topic="Never confirmed")


def make_attempts(meeting):
    """One that failed while joining, of a host who had been in the meeting a day before."""
    at = timezone.now() - timedelta(minutes=5)
    steps = ("allowed_at", "signed_at", "token_at", "zak_at", "delivered_at", "init_at", "join_at")
    for day in (1, 0):
        pressed = at - timedelta(days=day)
        times = {name: pressed + timedelta(seconds=n / 3) for n, name in enumerate(steps, start=1)}
        attempt = StartAttemptFactory(meeting=meeting, pressed_at=pressed, **times, init_ms=1900)
        end = "in_meeting_at" if day else "failed_at"
        setattr(attempt, end, pressed + timedelta(seconds=5))
        attempt.failed_step, attempt.error_code = ("", "") if day else ("join", "3712")
        attempt.save(update_fields=[end, "failed_step", "error_code"])
    return attempt


def go(visit, name, cast, meeting, zoom):
    """To the page of this name, by the way a person takes."""
    page = visit.page
    if name == "login":
        visit.open("account_login")
    elif name == "login with errors":
        visit.open("account_login")
        page.get_by_label("Email").fill("alice@acme.example")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in", exact=True).click()
    elif name.startswith("password reset"):
        visit.open("account_reset_password")
        if name.endswith("sent"):
            page.get_by_label("Email").fill("nobody@acme.example")
            page.get_by_role("button", name="Send").click()
    elif name == "list full":
        make_many(cast.alice_host)
        visit.open("meetings:list")
    elif name == "list empty":
        visit.open("meetings:list")
    elif name.startswith("schedule"):
        visit.open("meetings:schedule")
        if name.endswith("errors"):
            page.get_by_label("Passcode").fill("two words")
            page.get_by_role("button", name="Schedule").click()
    elif name == "detail":
        visit.open("meetings:detail", meeting.pk)
    elif name == "detail not confirmed":
        Meeting.objects.filter(pk=meeting.pk).update(meeting_number=None)
        visit.open("meetings:detail", meeting.pk)
    elif name == "start":
        visit.open("meetings:start", meeting.pk)
        visit.wait_for("ready")
    elif name == "start failed":
        zoom.delete_meeting(meeting.meeting_number)
        visit.open("meetings:start", meeting.pk)
        visit.wait_for("ready")
        visit.start(until="failed")
    elif name == "attempts":
        make_attempts(meeting)
        visit.open("admin:meetings_startattempt_changelist")
    elif name.startswith("attempt"):
        known = make_attempts(meeting).shown_code
        code = "0000-0000" if name.endswith("unknown") else known
        visit.open("admin:index")
        page.get_by_label("A host gives you a code:").fill(code.lower())
        page.get_by_role("button", name="Find the start").click()
        # A click does not wait for where it leads on from there.
        title = "A host gives you a code" if name.endswith("unknown") else "How this start went"
        page.get_by_role("heading", name=title).wait_for()
    elif name == "admin":
        make_attempts(meeting)
        visit.open("admin:index")
    elif name in ("forbidden", "unknown"):
        visit.open("meetings:start", meeting.pk)
    elif name == "check":
        visit.open("admin:zoomauth_zoomaccount_change", cast.acme_account.pk)
        page.get_by_role("button", name="Check connection").click()
        expect(page.get_by_role("status")).to_be_visible()


@pytest.mark.parametrize(
    "name",
    [
        *NOBODYS,
        "list full",
        "list empty",
        "schedule",
        "schedule for others",
        "schedule with errors",
        "detail",
        "detail not confirmed",
        "start",
        "start failed",
        "forbidden",
        "unknown",
        "check",
        "admin",
    ],
)
def test_the_page_has_no_barriers_and_fits(sign_in, cast, meeting, zoom, name):
    person = None if name in NOBODYS else getattr(cast, PEOPLE.get(name, "alice"))
    visit = sign_in(person)
    go(visit, name, cast, meeting, zoom)
    assert look(visit, name) == []
    # A table of data may be wider than a telephone (WCAG 2.2, 1.4.10).
    assert name == "check" or not overflows(visit.page)
    assert {*visit.broken_rules} <= PROBES


@pytest.mark.parametrize("name", ["attempt", "attempt unknown", "attempts"])
def test_the_pages_of_starts_have_no_barriers_and_fit(sign_in, cast, meeting, zoom, name):
    visit = sign_in(cast.ada)
    go(visit, name, cast, meeting, zoom)
    # Before the look: axe itself adds a style where a stylesheet imports another, as Django's do.
    assert visit.broken_rules == []
    assert look(visit, name) == []
    assert not overflows(visit.page)


def test_barriers_are_noticed(sign_in):
    """The control of the test above."""
    visit = sign_in(None)
    visit.open("account_login")
    visit.page.evaluate(
        """() => {
          document.body.insertAdjacentHTML('beforeend', '<img src="/x.png"><button></button>');
          document.querySelector('h1').style.color = '#ddd';
        }"""
    )
    found = {problem.split()[0] for problem in violations(visit.page)}
    assert found >= {"image-alt", "button-name", "color-contrast"}


def test_overflow_is_noticed(sign_in):
    visit = sign_in(None)
    visit.open("account_login")
    visit.page.evaluate("document.querySelector('h1').style.width = '700px'")
    assert overflows(visit.page)


def test_signing_in_leads_to_the_next_meeting(sign_in, cast, meeting):
    visit = sign_in(None)
    visit.page.goto("/")
    visit.page.get_by_label("Email").fill(cast.alice.email)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("link", name="Start", exact=False).first.click()
    visit.wait_for("ready")
    assert re.search("/start/$", visit.page.url)


def test_a_host_schedules_in_the_browser(sign_in, cast, zoom):
    visit = sign_in(cast.alice)
    visit.open("meetings:schedule")
    visit.page.get_by_label("Topic").fill("Thermodynamics")
    visit.page.get_by_label("Start").fill("2040-03-01T09:00")
    visit.page.get_by_label("Bob").check()
    visit.page.get_by_role("button", name="Schedule").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Thermodynamics")
    assert zoom.meetings()[0]["alternative_hosts"] == ["bob"]


def test_show_more_adds_the_next_page_to_the_list(sign_in, cast):
    make_many(cast.alice_host)
    visit = sign_in(cast.alice)
    visit.open("meetings:list")
    before = visit.page.locator(".rows .topic").count()
    visit.page.get_by_role("link", name="Show more").click()
    expect(visit.page.get_by_role("link", name="Show more")).to_have_count(0)
    assert visit.page.locator(".rows .topic").count() > before
    expect(visit.page.locator(":focus")).to_have_attribute("href", re.compile("/meetings/"))


def test_the_invitation_is_copied(sign_in, cast, meeting):
    visit = sign_in(cast.alice, permissions=["clipboard-read", "clipboard-write"])
    visit.open("meetings:detail", meeting.pk)
    visit.page.get_by_role("button", name="Copy invitation").click()
    expect(visit.page.get_by_role("status").last).to_have_text(
        "The invitation is on the clipboard."
    )
    assert meeting.join_url in visit.page.evaluate("navigator.clipboard.readText()")
