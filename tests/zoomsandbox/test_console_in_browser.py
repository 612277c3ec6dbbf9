"""The console in Chromium: no barriers, no overflow, keyboard, and parts that stay current."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import CHROMIUM, make_flags
from tests.sandbox import Sandbox
from zoomsandbox.console.framework import NAVIGATION

pytestmark = pytest.mark.browser

LOOKS = ((1280, "light"), (360, "dark"))
NARROWEST = 320
LONG = "Introduction to Thermodynamics, Statistical Mechanics and Irreversible Processes"
# The pages' own script is allowed to run; another would be reported by the browser.
BLOCKED = "Content Security Policy"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=make_flags(""))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, scene: Sandbox) -> Iterator[Callable[..., Page]]:
    """A page of the console, in a window of its own."""
    contexts = []

    def call(path: str, **options: object) -> Page:
        context = chromium.new_context(base_url=scene.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield call
    for context in contexts:
        context.close()


@pytest.fixture
def scene(sandbox, create):
    """Two people in a meeting with a long topic, calls that failed, a fault, a snapshot."""
    meeting = create(topic=LONG).json()
    sandbox.session.get(meeting["start_url"], timeout=10)
    sandbox.session.get(f"{meeting['join_url']}&name=Guest", timeout=10)
    sandbox.api("GET", "/users", "invented")
    sandbox.fault("users.list", "status", status=503, name="outage")
    sandbox.subscribe("http://127.0.0.1:9/a/long/address/that/nobody/listens/at")
    sandbox.play("a-bad-monday")
    sandbox.snapshot("monday")
    yield sandbox
    sandbox.control("DELETE", "snapshots/monday")


def find_barriers(page):
    found = Axe().run(page).response["violations"]
    return [f"{one['id']} {node['target']}" for one in found for node in one["nodes"]]


def get_overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


PATHS = [*NAVIGATION, "/_console/accounts/acme-account", "/_console/calls/1"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_no_barriers_and_fits(open_page, path):
    page = open_page(path, viewport={"width": 1280, "height": 900})
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert find_barriers(page) == [], (width, scheme)
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    assert get_overflow(page) <= 0


def test_barriers_and_overflow_are_noticed(open_page):
    page = open_page("/")
    page.evaluate(
        """() => {
          document.body.insertAdjacentHTML('beforeend', '<img src="/x.png"><button></button>');
          document.querySelector('h1').style.color = '#ddd';
          document.querySelector('main').style.minWidth = '2000px';
        }"""
    )
    found = {barrier.split()[0] for barrier in find_barriers(page)}
    assert found >= {"image-alt", "button-name", "color-contrast"}
    assert get_overflow(page) > 0


def test_no_page_is_hindered_by_its_own_policy(open_page):
    page = open_page("/")
    told = []
    page.on("console", lambda message: told.append(message.text))
    for path in PATHS:
        page.goto(path)
    assert [text for text in told if BLOCKED in text] == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    assert any(BLOCKED in text for text in told)


def test_the_first_page_stays_current(open_page, scene):
    page = open_page("/")
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    scene.end(scene.rooms()[0]["number"])
    expect(page.get_by_text("Nobody. A meeting is here")).to_be_visible(timeout=10_000)


def test_updates_can_be_paused_and_go_on(open_page, scene):
    page = open_page("/")
    pause = page.get_by_role("button", name="Pause updates")
    pause.press("Enter")
    expect(pause).to_have_attribute("aria-pressed", "true")
    scene.end(scene.rooms()[0]["number"])
    page.wait_for_timeout(3_000)
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    pause.press("Enter")
    expect(page.get_by_role("heading", name=LONG)).to_have_count(0, timeout=10_000)


def test_the_focus_stays_where_it_was_when_a_part_changes(open_page, scene):
    page = open_page("/")
    page.get_by_role("button", name="End").focus()
    scene.api("GET", "/users", "invented")
    expect(page.locator("dd").nth(4)).to_have_text(str(len(scene.ledger())), timeout=10_000)
    expect(page.get_by_role("button", name="End")).to_be_focused()


def test_the_keyboard_reaches_the_content_first(open_page):
    page = open_page("/_console/users")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Account")).to_be_focused()


def test_a_fault_is_planted_and_cleared_by_form(open_page, scene):
    scene.clear_faults()
    page = open_page("/_console/faults")
    page.get_by_label("Kind", exact=True).select_option("latency")
    page.get_by_label("Calls", exact=True).select_option("users.list")
    page.get_by_label("Seconds", exact=True).fill("0.5")
    page.get_by_role("button", name="Plant").click()
    expect(page.get_by_role("status")).to_have_text("The failure is planted.")
    assert [(fault["kind"], fault["seconds"]) for fault in scene.faults()] == [("latency", 0.5)]
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_role("status")).to_have_text("All failures are cleared.")
    assert scene.faults() == []


def test_a_mistake_is_told_and_what_was_filled_in_is_kept(open_page, scene):
    page = open_page("/_console/faults")
    page.get_by_label("Kind", exact=True).select_option("drop")
    page.get_by_label("Status", exact=True).fill("503")
    page.get_by_role("button", name="Plant").click()
    expect(page.get_by_role("alert")).to_contain_text("drop does not heed status")
    expect(page.get_by_label("Status", exact=True)).to_have_value("503")


def test_the_clock_is_turned_by_a_button(open_page, scene):
    page = open_page("/_console/clock")
    page.get_by_role("button", name="1 hour").click()
    expect(page.get_by_role("status")).to_contain_text("The clock is turned")
    expect(page.get_by_text("1:00:0")).to_be_visible()


def test_a_page_of_another_origin_cannot_use_a_form(open_page, scene):
    page = open_page("about:blank")
    address = f"{scene.url}/_console/snapshots/reset"
    page.set_content(f'<form method="post" action="{address}"><button>Go</button></form>')
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refused")
    assert len(scene.accounts()) == 2
