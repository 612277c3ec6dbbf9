"""Camera and microphone on the start page, before any meeting."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OPEN, STOP = "Check camera and microphone", "Stop the check"


def test_the_checks_are_all_answered(start_page):
    for check in ("browser", "secure", "camera", "microphone", "zoom"):
        expect(start_page.page.locator(f"[data-check={check}]")).to_have_attribute(
            "data-result", "good"
        )


def test_the_preview_sees_and_hears_until_it_is_ended(start_page):
    page = start_page.page
    page.get_by_role("button", name=OPEN).click()
    expect(page.get_by_label("Your camera")).to_be_visible()
    expect(page.locator("#preview-status")).to_have_text("Your microphone hears you.")
    page.get_by_role("button", name=STOP).click()
    expect(page.locator("#preview")).to_be_hidden()
    assert page.evaluate("document.getElementById('preview-video').srcObject") is None


def test_a_start_lets_go_of_camera_and_microphone(start_page):
    page = start_page.page
    page.get_by_role("button", name=OPEN).click()
    expect(page.get_by_label("Your camera")).to_be_visible()
    page.evaluate("window.camera = document.getElementById('preview-video').srcObject")
    start_page.start()
    tracks = page.evaluate("window.camera.getTracks().map((track) => track.readyState)")
    assert tracks == ["ended", "ended"]


def test_a_refusal_is_explained_and_start_stays_open(sign_in, cast, meeting):
    visit = sign_in(cast.alice)
    visit.context.add_init_script(
        "navigator.mediaDevices.getUserMedia = "
        "() => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    visit.page.get_by_role("button", name=OPEN).click()
    expect(visit.page.locator("#preview-status")).to_contain_text("The browser refused.")
    expect(visit.page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
