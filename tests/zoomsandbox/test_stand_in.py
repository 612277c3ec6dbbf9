"""The stand-in SDK in a browser, on a page of another origin with a strict policy."""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.sandbox import ACME, Sandbox

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
POLICY = (
    "default-src 'none'; script-src 'self' {0}; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' {0} {1}; base-uri 'none'; form-action 'self'"
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Portal</title>
<meta name="viewport" content="width=device-width"><main><h1>Portal</h1></main>
<script src="{0}/sdk/zoom-stand-in.js"></script><script src="/start.js"></script>"""
START = """
window.seen = [];
const note = (name) => (value) => seen.push([name, value]);
document.addEventListener("securitypolicyviolation", (e) => seen.push(["policy", e.blockedURI]));
ZoomMtg.setZoomJSLib("/lib", "/av");
ZoomMtg.preLoadWasm();
ZoomMtg.prepareWebSDK();
ZoomMtg.i18n.load("en-US");
ZoomMtg.inMeetingServiceListener("onMeetingStatus", (e) => seen.push(["status", e.meetingStatus]));
window.start = (join) => ZoomMtg.init({
  leaveUrl: "/left",
  disablePreview: true,
  success: () => ZoomMtg.join({ ...join, success: note("joined"), error: note("error") }),
});
"""


class Portal:
    """Serves the page at /, its script, and an empty page anywhere else."""

    def __init__(self, sandbox_url: str) -> None:
        policy = POLICY.format(sandbox_url, sandbox_url.replace("http", "ws"))
        files = {
            "/": ("text/html", PAGE.format(sandbox_url)),
            "/start.js": ("text/javascript", START),
        }

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, text = files.get(self.path, ("text/html", "<title>Elsewhere</title>"))
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", policy)
                self.send_header("Cross-Origin-Opener-Policy", "same-origin")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def portal(running_sandbox: Sandbox) -> Iterator[Portal]:
    served = Portal(running_sandbox.url)
    yield served
    served.stop()


@pytest.fixture
def package(meeting: dict[str, Any], fetch_zak: Callable[..., str]) -> Callable[..., Any]:
    """What a portal hands to ``join``, changed by what is given."""

    def make(role: int = 1, claims: dict[str, Any] | None = None, **changes: Any) -> Any:
        now = int(time.time())
        signed = {"appKey": "acme-sdk", "mn": str(meeting["id"]), "role": role}
        signed |= {"iat": now - 60, "exp": now + 7140, "tokenExp": now + 7140, **(claims or {})}
        return {
            "signature": jwt.encode(signed, ACME["sdk_client_secret"], "HS256"),
            "meetingNumber": str(meeting["id"]),
            "passWord": meeting["password"],
            "userName": "Alice" if role else "Guest",
            "zak": fetch_zak("alice") if role else "",
            **changes,
        }

    return make


@pytest.fixture
def start(browser: Browser, portal: Portal) -> Iterator[Callable[..., Page]]:
    """Open the page in a browser profile of its own and start with this package."""
    contexts = []

    def call(package: dict[str, Any], **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.goto(portal.url)
        page.evaluate("join => start(join)", package)
        return page

    yield call
    for context in contexts:
        context.close()


def wait_for(page: Page, name: str) -> Any:
    """The value of the first callback of this name; the policy held until then."""
    page.wait_for_function("name => seen.some(([n]) => n === name)", arg=name)
    seen = page.evaluate("seen")
    assert [value for n, value in seen if n == "policy"] == []
    return next(value for n, value in seen if n == name)


def test_host_is_in_the_room_and_told_so(sandbox, start, package, meeting):
    page = start(package())
    wait_for(page, "joined")
    assert sandbox.people(meeting["id"]) == [("Alice", "host")]
    assert page.get_by_text("Stand-in for Zoom's SDK: no audio or video").is_visible()
    assert [v for n, v in page.evaluate("seen") if n == "status"] == [1, 2]


def test_same_calls_in_the_same_order_as_the_real_sdk(sandbox, start, package):
    sandbox.clear_ledger()
    given = package()
    sandbox.clear_ledger()
    wait_for(start(given), "joined")
    assert sandbox.calls() == ["web.info", "web.ping", "web.profile", "web.socket"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"claims": {"appKey": "globex-sdk"}}, 3712),
        ({"claims": {"iat": 1_000_000, "exp": 1_010_000, "tokenExp": 1_010_000}}, 3705),
        ({"meetingNumber": "81234567890"}, 3706),
        ({"claims": {"role": 2}}, 3708),
        ({"zak": ""}, 3623),
        ({"claims": {"mn": "81234567890"}, "meetingNumber": "81234567890"}, 3610),
        ({"password": "x"}, 3),
        ({"obfToken": "x"}, 3636),
        ({"claims": {"appKey": ""}}, ""),
    ],
)
def test_refusal_has_the_real_sdks_error_code(start, package, changes, code):
    assert wait_for(start(package(**changes)), "error")["errorCode"] == code


def test_sandbox_that_drops_the_call_is_error_1(sandbox, start, package):
    sandbox.fault("web.info", "drop")
    assert wait_for(start(package()), "error")["errorCode"] == 1


def test_wrong_passcode_is_asked_for_again_and_no_callback_fires(start, package, meeting):
    page = start(package(passWord="nope"))
    page.get_by_label("Meeting passcode").fill(meeting["password"])
    assert page.evaluate("seen.filter(([n]) => n !== 'status')") == []
    page.keyboard.press("Enter")
    wait_for(page, "joined")


def test_guest_waits_and_comes_in_when_the_host_has(sandbox, start, package, meeting):
    guest = start(package(role=0))
    guest.get_by_text("The host has not started this meeting yet.").wait_for()
    start(package())
    wait_for(guest, "joined")
    sandbox.wait_until(lambda: len(sandbox.people(meeting["id"])) == 2)


def test_host_sees_people_come_and_go(start, package):
    host = start(package())
    wait_for(host, "joined")
    guest = start(package(role=0))
    host.get_by_text("Guest joined.").wait_for()
    guest.get_by_role("button", name="Leave").click()
    host.get_by_text("Guest left.").wait_for()


def test_guest_has_no_button_to_end(start, package):
    wait_for(start(package()), "joined")
    guest = start(package(role=0))
    wait_for(guest, "joined")
    assert guest.get_by_role("button").all_inner_texts() == ["Leave"]


def test_end_for_all_sends_everybody_to_the_leave_url(sandbox, start, package):
    host = start(package())
    wait_for(host, "joined")
    guest = start(package(role=0))
    wait_for(guest, "joined")
    host.get_by_role("button", name="End meeting for all").click()
    for page in (host, guest):
        page.wait_for_url("**/left")
    assert sandbox.rooms() == []


def test_zak_stays_in_the_tab_until_the_host_leaves(start, package):
    page = start(package())
    wait_for(page, "joined")
    assert page.evaluate("Object.values(sessionStorage).length") == 1
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/left")
    assert page.evaluate("Object.values(sessionStorage)") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_room_has_no_accessibility_faults(start, package, scheme):
    page = start(package(), color_scheme=scheme, viewport={"width": 360, "height": 640})
    wait_for(page, "joined")
    found = Axe().run(page)
    assert found.violations_count == 0, json.dumps(found.response["violations"])[:2000]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_faults(browser, sandbox, meeting, scheme):
    page = browser.new_page(color_scheme=scheme)
    for address in (f"{sandbox.url}/", meeting["join_url"], meeting["start_url"]):
        page.goto(address)
        found = Axe().run(page)
        assert found.violations_count == 0, json.dumps(found.response["violations"])[:2000]
    page.close()
