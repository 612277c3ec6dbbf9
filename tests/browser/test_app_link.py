"""Open in Zoom app: a new tab on Zoom's own address, made just now."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_app(sign_in, meeting):
    """Press the button on this page as this person; the visit and the new tab."""

    def press(person, name):
        visit = sign_in(person)
        visit.open(name, meeting.pk)
        with visit.context.expect_page() as opened:
            visit.page.get_by_role("button", name="Open in Zoom app").click()
        opened.value.wait_for_load_state()
        return visit, opened.value

    return press


@pytest.mark.parametrize("name", ["meetings:start", "meetings:detail"])
def test_the_host_comes_in_as_host(open_app, cast, meeting, zoom, name):
    visit, tab = open_app(cast.alice, name)
    assert visit.count(rf"^https://zoom\.us/s/{meeting.meeting_number}\?zak=") == 1
    assert tab.url.startswith("https://zoom.us/")
    assert zoom.people(meeting.meeting_number) == [("Alice Acme", "host")]


def test_the_new_tab_knows_nothing_of_the_portal(open_app, cast):
    _, tab = open_app(cast.alice, "meetings:detail")
    assert tab.evaluate("[window.opener, document.referrer]") == [None, ""]


def test_an_alternative_host_gets_the_meetings_own_link(open_app, cast, meeting, zoom):
    visit, tab = open_app(cast.bob, "meetings:start")
    assert visit.count(rf"^https://zoom\.us/j/{meeting.meeting_number}\?pwd=") == 1
    assert visit.count("zak=") == 0
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Rehearsal")


def test_a_failure_is_told_in_the_new_tab(open_app, cast, zoom):
    zoom.fault("meetings.get", "status", status=500)
    _, tab = open_app(cast.alice, "meetings:detail")
    expect(tab.get_by_role("heading", level=1)).to_have_text("The Zoom app could not be opened")
    expect(tab.get_by_role("link", name="Start in this page")).to_be_visible()
