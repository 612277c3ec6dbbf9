"""A start that fails: the portal's own sentence and next step, where the host looks."""

import pytest
from playwright.sync_api import expect

from meetings.sdk_errors import sdk_error_texts
from tests.sandbox import GLOBEX
from zoomauth.errors import ZoomNotConnected, ZoomRateLimited, ZoomUnavailable

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THREE_HOURS = 3 * 3600
_IN_FRONT = """
element => {
  const {x, y, width, height} = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}
"""


@pytest.fixture
def fails_with(start_page):
    """Press Start and find the sentence for this code of the SDK, seen and with the focus."""

    def check(code):
        start_page.start(until="failed")
        text = sdk_error_texts()[code]
        assert start_page.failure == (code, text["message"], text["next"])
        check_alert(start_page)

    return check


def check_alert(visit):
    alert = visit.page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(visit.page.locator("html")).to_have_attribute("data-error-code", visit.failure.code)
    # Zoom's own overlay comes late, if it comes.
    visit.page.wait_for_timeout(800)
    assert alert.evaluate(_IN_FRONT)
    assert visit.state == "failed"


# ---- What Zoom says to the SDK -----------------------------------------------------------------


def test_another_sdk_secret_is_3712(cast, fails_with):
    cast.acme_account.sdk_client_secret = "another-sdk-secret-0123456789abcdef"
    cast.acme_account.save(update_fields=["sdk_client_secret"])
    fails_with("3712")


def test_a_signature_that_ran_out_is_3705(start_page, zoom, fails_with):
    """The portal made it in time; it is on its way to Zoom for too long."""

    def dawdle(package):
        zoom.clock(THREE_HOURS)
        return package

    start_page.change_package(dawdle)
    fails_with("3705")


def test_another_number_than_the_signed_one_is_3706(start_page, fails_with):
    start_page.change_package(lambda package: {**package, "meetingNumber": "81234567890"})
    fails_with("3706")


def test_a_meeting_deleted_at_zoom_is_3610(meeting, zoom, fails_with):
    zoom.delete_meeting(meeting.meeting_number)
    fails_with("3610")


def test_another_passcode_is_3004(meeting, zoom, fails_with):
    """Only because `isShowJoiningErrorDialog` is off; else the SDK asks and calls nobody back."""
    meeting.passcode = "other"
    meeting.save(update_fields=["passcode"])
    fails_with("3004")
    assert len(zoom.ledger("web.info")) == 1


def test_zooms_web_side_being_out_of_reach_is_1(zoom, fails_with):
    zoom.fault("web.info", "drop")
    fails_with("1")


def test_zooms_web_side_being_down_is_1_and_gets_no_secret_in_an_address(
    start_page, zoom, fails_with
):
    """After a 5xx the SDK would ask again by a script whose address holds the ZAK."""
    zoom.fault("web.info", "status", status=500)
    fails_with("1")
    assert [entry["method"] for entry in zoom.ledger("web.info")] == ["POST"]
    assert "script-src-elem https://zoom.us/api/v1/wc/info" in " ".join(start_page.broken_rules)


# ---- A ZAK that Zoom does not take -------------------------------------------------------------


def test_a_missing_zak_is_asked_for_once_more_and_then_is_3623(start_page, zoom, fails_with):
    start_page.change_package(lambda package: {**package, "zak": ""})
    fails_with("3623")
    assert len(zoom.ledger("users.token")) == 2
    assert [entry["detail"]["zak_sent"] for entry in zoom.ledger("web.info")] == [False, False]


def test_a_foreign_zak_is_asked_for_once_more_and_then_is_3623(start_page, zoom, fails_with):
    token = zoom.ask_token(GLOBEX).json()["access_token"]
    answer = zoom.api("GET", "/users/carol/token", token, params={"type": "zak"})
    start_page.change_package(lambda package: {**package, "zak": answer.json()["token"]})
    fails_with("3623")
    owners = [entry["detail"]["zak_user_id"] for entry in zoom.ledger("web.info")]
    assert owners == ["carol", "carol"]


def test_a_stale_zak_is_replaced_without_a_word(start_page, meeting, zoom):
    zaks = iter(["stale"])
    start_page.change_package(lambda package: {**package, "zak": next(zaks, package["zak"])})
    start_page.start()
    assert zoom.people(meeting.meeting_number) == [("Alice", "host")]
    assert len(zoom.ledger("users.token")) == 2


def test_try_again_begins_anew(start_page, fails_with):
    """With a renewal of its own: no mark of the one that was used up stays in the tab."""
    start_page.change_package(lambda package: {**package, "zak": "stale"})
    fails_with("3623")
    start_page.page.get_by_role("button", name="Try again").click()
    start_page.wait_for("ready")
    assert start_page.stored() == {}


# ---- What the portal says ----------------------------------------------------------------------


@pytest.fixture
def refused_with(start_page, zoom):
    """Press Start and read this sentence of the portal's; the SDK has not been set off."""

    def check(error):
        start_page.start(until="failed")
        code, message, next_step = start_page.failure
        assert (code, message, next_step) == (error.slug, str(error.user_message), "")
        check_alert(start_page)
        assert zoom.ledger("web.info") == []

    return check


def test_zooms_rest_side_being_down_is_said(zoom, refused_with):
    zoom.fault("users.token", "status", status=500)
    refused_with(ZoomUnavailable(call="users.token"))


def test_a_missing_connection_is_said(cast, refused_with):
    cast.acme.zoom_connection.delete()
    refused_with(ZoomNotConnected())


def test_a_rate_limit_is_said(zoom, refused_with):
    zoom.fault("users.token", "status", status=429, body={"code": 429, "message": "x"})
    refused_with(ZoomRateLimited(call="users.token"))


def test_a_right_taken_away_meanwhile_is_said(start_page, cast):
    cast.alice_host.is_active = False
    cast.alice_host.save(update_fields=["is_active"])
    start_page.start(until="failed")
    assert start_page.failure.message == "The portal did not let you start this meeting."
    start_page.page.get_by_role("button", name="Try again").click()
    expect(start_page.page.get_by_role("heading", level=1)).to_have_text("This is not yours to do")


# ---- What the page notices itself --------------------------------------------------------------


def test_a_portal_out_of_reach_is_said(start_page):
    start_page.page.route("**/start/", lambda route: route.abort())
    start_page.start(until="failed")
    assert start_page.failure.message == "The portal could not be reached."


def test_missing_files_of_zooms_are_said(sign_in, cast, meeting):
    visit = sign_in(cast.alice)
    visit.page.route("**/zoom-meeting-*.min.js", lambda route: route.abort())
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("failed")
    assert visit.failure.message == "The software from Zoom that this page needs did not load."


def test_a_silent_zoom_is_given_up(sign_in, cast, meeting, zoom):
    zoom.fault("web.info", "stall", seconds=20)
    visit = sign_in(cast.alice)
    visit.page.clock.install()
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    visit.start(until="joining")
    zoom.wait_until(lambda: zoom.ledger("web.info"))
    visit.page.clock.fast_forward(46_000)
    visit.wait_for("failed")
    assert visit.failure.message.startswith("Zoom has not answered for a while")
