"""An admin starts a meeting as its host: what the page asks, says and does."""

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from meetings.models import OnBehalfStart
from tests.sessions import grow_old

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def on_behalf(sign_in, cast, meeting):
    """Ada in front of the page, where her organization lets its admins start on behalf."""
    cast.acme.admins_may_start_on_behalf = True
    cast.acme.save(update_fields=["admins_may_start_on_behalf"])
    visit = sign_in(cast.ada)
    visit.open("meetings:start_on_behalf", meeting.pk)
    visit.wait_for("ready")
    return visit


def test_the_admin_says_why_and_is_in_the_meeting_as_host(on_behalf, meeting, zoom):
    on_behalf.shoot("start-on-behalf")
    on_behalf.page.get_by_label("Why do you start it?").fill("Alice is ill")
    on_behalf.start()
    assert zoom.people(meeting.meeting_number) == [("Ada for Alice", "host")]
    assert OnBehalfStart.objects.get().reason == "Alice is ill"
    assert on_behalf.broken_rules == ["script-src eval", "script-src eval"]


def test_without_a_reason_the_browser_sends_nothing(on_behalf, zoom):
    on_behalf.page.get_by_role("button", name="Start", exact=True).click()
    reason = on_behalf.page.get_by_label("Why do you start it?")
    expect(reason).to_be_focused()
    assert not OnBehalfStart.objects.exists()
    assert zoom.calls() == []


def test_blanks_are_no_reason_and_the_page_says_so(on_behalf):
    on_behalf.page.get_by_label("Why do you start it?").fill("   ")
    on_behalf.page.get_by_role("button", name="Start", exact=True).click()
    on_behalf.wait_for("failed")
    assert "Say why you start this meeting" in on_behalf.failure.message


def test_who_signed_in_long_ago_is_told_so_and_where_to_go(on_behalf, zoom):
    on_behalf.page.get_by_label("Why do you start it?").fill("Alice is ill")
    cookies = {cookie["name"]: cookie["value"] for cookie in on_behalf.page.context.cookies()}
    grow_old(SessionStore(cookies[settings.SESSION_COOKIE_NAME]), 3600)
    on_behalf.page.get_by_role("button", name="Start", exact=True).click()
    on_behalf.wait_for("failed")
    assert "showed who you are" in on_behalf.failure.message
    on_behalf.page.get_by_role("button", name="Try again").click()
    on_behalf.page.wait_for_url("**/accounts/reauthenticate/?next=*")
    assert zoom.calls() == []


def test_the_page_is_read_on_a_phone_in_the_dark(sign_in, cast, meeting):
    cast.acme.admins_may_start_on_behalf = True
    cast.acme.save(update_fields=["admins_may_start_on_behalf"])
    visit = sign_in(cast.ada, color_scheme="dark", viewport={"width": 360, "height": 740})
    visit.open("meetings:start_on_behalf", meeting.pk)
    visit.wait_for("ready")
    visit.shoot("start-on-behalf-phone-dark")
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


def test_explaining_a_start_by_search(sign_in, cast, meeting):
    """The admin's own autocompletion, under the admin's policy."""
    cast.meeting.delete()
    visit = sign_in(cast.ada)
    visit.open("admin:meetings_meeting_explain")
    for name, term, shown in (
        ("person", "alice@", "Alice (Member)"),
        ("meeting", "Rehearsal", "Rehearsal"),
    ):
        visit.page.locator(f"#id_{name} + .select2").click()
        visit.page.locator(".select2-search__field").fill(term)
        visit.page.locator(".select2-results__option", has_text=shown).click()
    visit.page.get_by_role("button", name="Explain").click()
    expect(visit.page.get_by_role("status")).to_contain_text("Alice can start it, as Alice")
    visit.shoot("explain-start")
    assert visit.broken_rules == []
