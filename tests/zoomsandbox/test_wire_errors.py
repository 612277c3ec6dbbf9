"""What the sandbox says on the wire, as Zoom's own SDK and the stand-in tell it to a page.

The commonest refusals are in the portal's browser tests and those of the stand-in.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.chromium import CHROMIUM, make_flags
from tests.sandbox import ACME, Sandbox
from tests.zoomsandbox.sdk_page import PACKAGE, SdkPage

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000
NO_BROWSER = {"in_meeting": {"show_a_join_from_your_browser_link": False}}


@pytest.fixture(scope="module", autouse=True)
def _what_it_takes() -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt install chromium")
    if not PACKAGE.is_dir():
        pytest.skip("no Zoom SDK here: npm ci")


@pytest.fixture(scope="module")
def browser(_what_it_takes: None, running_sandbox: Sandbox) -> Iterator[BrowserContext]:
    """One profile for all: the SDK's files are read once, and what it keeps is kept by tab."""
    flags = make_flags(f"127.0.0.1:{running_sandbox.tls_port}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = chromium.new_context()
        context.set_default_timeout(PATIENCE_MS)
        yield context
        chromium.close()


@pytest.fixture(scope="module")
def pages(_what_it_takes: None, running_sandbox: Sandbox) -> Iterator[SdkPage]:
    served = SdkPage(running_sandbox.url)
    yield served
    served.stop()


class Start:
    """One start of alice's meeting, and what can be wrong with it."""

    def __init__(self, sandbox: Sandbox, create: Callable[..., Any], fetch_zak: Any) -> None:
        self.sandbox = sandbox
        self.create = create
        self.fetch_zak = fetch_zak
        self.fields: dict[str, Any] = {"settings": {"alternative_hosts": "bob"}}
        self.claims: dict[str, Any] = {}
        self.user = "alice"
        self.changes: dict[str, Any] = {}

    def make_package(self) -> dict[str, Any]:
        meeting, now = self.create(**self.fields).json(), int(time.time())
        claims = {"appKey": "acme-sdk", "mn": str(meeting["id"]), "role": 1, "iat": now - 60}
        claims |= {"exp": now + 7140, "tokenExp": now + 7140, **self.claims}
        return {
            "signature": jwt.encode(claims, ACME["sdk_client_secret"], "HS256"),
            "meetingNumber": str(meeting["id"]),
            "passWord": meeting["password"],
            "userName": "Alice",
            "zak": self.fetch_zak(self.user) if claims["role"] else "",
            **self.changes,
        }

    # --- What can be wrong --------------------------------------------------------------------

    def nothing(self) -> None:
        pass

    def app_unknown(self) -> None:
        self.claims["appKey"] = "invented"

    def app_deactivated(self) -> None:
        self.sandbox.change_account(sdk_app_active=False)

    def sdk_too_old(self) -> None:
        self.sandbox.change_account(min_sdk_version="99.0.0")

    def web_client_off(self) -> None:
        self.sandbox.change_user("alice", settings=NO_BROWSER)

    def encrypted_end_to_end(self) -> None:
        self.fields = {"settings": {"encryption_type": "e2ee"}}

    def host_inactive(self) -> None:
        package = self.make_package()
        self.sandbox.change_user("alice", status="inactive")
        self.make_package = lambda: package  # type: ignore[method-assign]

    def zak_of_a_colleague(self) -> None:
        self.user = "sam"

    def host_elsewhere(self) -> None:
        self._let_run(self.create().json())

    def alternative_host_elsewhere(self) -> None:
        self.user = "bob"
        self._let_run(self.create(host="bob").json())

    def guest_not_signed_in(self) -> None:
        self.claims["role"] = 0
        self.fields = {"settings": {"meeting_authentication": True, "join_before_host": True}}

    def registration_void(self) -> None:
        self.claims["role"] = 0
        self.changes["tk"] = "invented"
        self.fields = {"settings": {"approval_type": 0, "join_before_host": True}}

    def _let_run(self, meeting: dict[str, Any]) -> None:
        self.sandbox.session.get(meeting["start_url"], timeout=10)


CASES = {
    "app_unknown": 3704,
    "app_deactivated": 3710,
    "web_client_off": 3603,
    "encrypted_end_to_end": 3611,
    "host_inactive": 3625,
    "zak_of_a_colleague": 3003,
    "host_elsewhere": 3711,
    "alternative_host_elsewhere": 3000,
    "guest_not_signed_in": 3100,
    "registration_void": 3610,
}


@pytest.fixture
def join(browser, pages, sandbox, create, fetch_zak):
    """What becomes of a start with this wrong: the callback and what it is given."""
    tabs = []

    def call(kind: str, wrong: str) -> dict[str, Any]:
        start = Start(sandbox, create, fetch_zak)
        getattr(start, wrong)()
        package = start.make_package()
        tabs.append(browser.new_page())
        return pages.join(tabs[-1], kind, package)

    yield call
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize("kind", ["real", "stand-in"])
@pytest.mark.parametrize(("wrong", "code"), CASES.items())
def test_refusal_has_this_code_of_the_sdks(join, kind, wrong, code):
    answer = join(kind, wrong)
    assert (answer["callback"], answer["errorCode"]) == ("error", code)


def test_stand_in_says_what_the_sdk_says(join):
    real, other = join("real", "host_elsewhere"), join("stand-in", "host_elsewhere")
    assert other["errorMessage"] == real["errorMessage"]


def test_too_old_an_sdk_is_told_to_upgrade(join):
    assert join("real", "sdk_too_old")["errorCode"] == 10_000


@pytest.mark.parametrize("kind", ["real", "stand-in"])
def test_nothing_wrong_is_no_refusal(join, kind):
    assert join(kind, "nothing")["callback"] == "joined"
