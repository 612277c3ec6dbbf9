"""Passkeys and one's own sign-in in Chromium, with its virtual authenticator, on localhost."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import CDPSession, Page, expect

from portal.models import User
from tests.browser.test_pages import look
from tests.browser.visit import Visit
from tests.cast import Cast
from tests.factories import PASSWORD
from tests.second_factors import App

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def plug_in(page: Page, **options: Any) -> CDPSession:
    """A device that holds passkeys and whose holder always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**device, **options}})
    return session


def type_password(visit: Visit, user: User) -> None:
    visit.open("account_login")
    visit.page.get_by_label("Email").fill(user.email)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Sign out").click()


def add_passkey(visit: Visit, *, alone: bool) -> None:
    """From the header, by the pages alone."""
    page = visit.page
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Set up a second step").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


@pytest.fixture
def visit(sign_in: Callable[..., Visit], cast: Cast) -> Visit:
    made = sign_in(None)
    plug_in(made.page)
    type_password(made, cast.alice)
    return made


def test_a_passkey_alone_signs_in(visit: Visit, cast: Cast) -> None:
    add_passkey(visit, alone=True)
    sign_out(visit)
    visit.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(visit.page.get_by_text(cast.alice.email)).to_be_visible()
    assert visit.broken_rules == []
    assert visit.errors == []


def test_a_passkey_is_the_second_step_after_the_password(visit: Visit, cast: Cast) -> None:
    add_passkey(visit, alone=False)
    sign_out(visit)
    type_password(visit, cast.alice)
    expect(visit.page.get_by_role("heading", name="Second step")).to_be_visible()
    visit.page.get_by_role("button", name="Use a passkey").click()
    expect(visit.page.get_by_text(cast.alice.email)).to_be_visible()
    assert visit.broken_rules == []


def test_a_passkey_shows_again_who_one_is(visit: Visit) -> None:
    add_passkey(visit, alone=True)
    visit.open("mfa_reauthenticate_webauthn")
    visit.page.get_by_role("button", name="Use a passkey").click()
    visit.page.wait_for_url("**/meetings/")


def test_without_a_passkey_the_page_says_so(sign_in: Callable[..., Visit], cast: Cast) -> None:
    visit = sign_in(None)
    plug_in(visit.page, automaticPresenceSimulation=False, hasResidentKey=False)
    visit.open("account_login")
    visit.page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException()); }"
    )
    visit.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("use another way")


def test_a_passkey_is_renamed_and_removed(visit: Visit, cast: Cast) -> None:
    add_passkey(visit, alone=True)
    visit.open("mfa_list_webauthn")
    visit.page.get_by_role("link", name="Rename My phone").click()
    visit.page.get_by_label("Name").fill("Old phone")
    visit.page.get_by_role("button", name="Save").click()
    visit.page.get_by_role("link", name="Remove Old phone").click()
    visit.page.get_by_role("button", name="Remove it").click()
    expect(visit.page.get_by_role("heading", name="No passkey yet")).to_be_visible()
    assert not Authenticator.objects.filter(user=cast.alice).exists()


def test_an_app_is_set_up_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    visit.open("mfa_activate_totp")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    code = page.get_by_label("Authenticator code")
    code.fill(App(page.locator(".key").inner_text()).code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator(".codes li").count() == 10


@pytest.mark.parametrize(
    "name",
    ["identity:account", "mfa_index", "mfa_list_webauthn", "usersessions_list",
     "account_reauthenticate", "mfa_activate_totp", "mfa_add_webauthn",
     "mfa_view_recovery_codes"],
)  # fmt: skip
def test_everybody_can_use_the_pages(visit: Visit, name: str) -> None:
    if name == "mfa_activate_totp":
        visit.open("account_reauthenticate")
        visit.page.get_by_label("Password").fill(PASSWORD)
        visit.page.get_by_role("button", name="Go on").click()
    elif name != "account_reauthenticate":
        add_passkey(visit, alone=True)
    assert visit.open(name).status == 200
    assert look(visit, name.replace(":", "-").replace("_", "-")) == []
    assert visit.broken_rules == []


def test_the_second_step_can_be_used_by_everybody(visit: Visit, cast: Cast) -> None:
    add_passkey(visit, alone=False)
    sign_out(visit)
    type_password(visit, cast.alice)
    assert look(visit, "second step") == []
