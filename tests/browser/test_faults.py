"""What only a browser meets when Zoom fails: where the SDK speaks to Zoom by itself."""

import pytest
from playwright.sync_api import expect

from meetings.sdk_errors import sdk_error_texts
from tests.zoom_faults import IN_BROWSER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_IN_FRONT = """
element => {
  const {x, y, width, height} = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}
"""


@pytest.fixture
def fails_with(start_page):
    """Press Start and read the portal's sentence for this code of the SDK."""

    def check(code):
        start_page.start(until="failed")
        text = sdk_error_texts()[code]
        assert start_page.failure == (code, text["message"], text["next"])

    return check


# ---- Joining -----------------------------------------------------------------------------------


def test_tls_error_is_1_and_the_next_start_works(start_page, meeting, zoom, fails_with):
    zoom.fault("web.info", "tls_error", times=1)
    fails_with("1")
    assert zoom.ledger("web.info")[0]["status"] is None
    start_page.page.get_by_role("button", name="Try again").click()
    start_page.wait_for("ready")
    start_page.start()
    assert zoom.people(meeting.meeting_number) == [("Alice", "host")]


def test_html_error_is_1_and_no_secret_goes_into_an_address(start_page, zoom, fails_with):
    """After a 5xx, JSON or not, the SDK would ask again by a script whose address has the ZAK."""
    zoom.fault("web.info", "html_error")
    fails_with("1")
    assert [entry["method"] for entry in zoom.ledger("web.info")] == ["POST"]
    assert "script-src-elem https://zoom.us/api/v1/wc/info" in " ".join(start_page.broken_rules)


def test_wire_error_has_the_portals_words(zoom, fails_with):
    zoom.fault("web.info", "wire_error", error="too many calls")
    fails_with("3633")


# ---- The meeting's WebSocket -------------------------------------------------------------------


def test_late_welcome_is_waited_for(start_page, meeting, zoom):
    zoom.fault("web.socket", "late_welcome", seconds=2)
    start_page.start()
    assert zoom.people(meeting.meeting_number) == [("Alice", "host")]
    assert zoom.faults()[0]["hits"] == 1


def test_no_welcome_is_given_up_in_front_of_the_sdks_own_dialog(sign_in, cast, meeting, zoom):
    zoom.fault("web.socket", "no_welcome")
    visit = sign_in(cast.alice)
    visit.page.clock.install()
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    visit.start(until="joining")
    zoom.wait_until(lambda: zoom.ledger("web.socket"))
    visit.page.clock.fast_forward(46_000)
    visit.wait_for("failed")
    assert visit.failure.message.startswith("Zoom has not answered for a while")
    assert visit.page.get_by_role("alert").evaluate(_IN_FRONT)
    assert zoom.people(meeting.meeting_number) == []


def test_socket_close_is_told_by_the_sdk_itself(start_page, meeting, zoom):
    """The page is the SDK's by then, and its dialog offers to try again: the portal stays away."""
    zoom.fault("web.socket", "socket_close", seconds=1)
    start_page.start()
    zoom.wait_until(lambda: zoom.people(meeting.meeting_number) == [])
    expect(start_page.page.get_by_role("dialog").first).to_be_visible(timeout=15_000)
    expect(start_page.page.get_by_role("button", name="Retry")).to_be_visible()
    assert (start_page.state, start_page.failure.message) == ("joined", "")


# ---- No kind without a test --------------------------------------------------------------------


def test_every_kind_that_only_a_browser_meets_has_a_test_here():
    names = [name for name in globals() if name.startswith("test_")]
    untested = [kind for kind in IN_BROWSER if not any(f"test_{kind}_" in name for name in names)]
    assert untested == []
