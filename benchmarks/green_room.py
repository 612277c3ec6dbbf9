"""What the SDK costs a browser at the first start and at the second: counted where it is sent.

The server's own log is counted, as the SDK also loads files from workers, which not every tool in
the browser sees.
"""

import sys
import tempfile
import time

from django.conf import settings
from django.utils import timezone
from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks.crowd import Seat, make_crowd, sign_in
from benchmarks.report import BUILD, Figure, at_least, exactly, told
from benchmarks.servers import serving
from benchmarks.zoom import zoom_sandbox
from meetings.models import Meeting
from meetings.services.schedule import Plan, schedule_meeting
from tests.browser.chromium import CHROMIUM, make_flags
from tests.sandbox import Sandbox

PATIENCE_MS = 90_000
HOSTS, FIRST_TIME_SHARE = 5_000, 0.1
_LOG = BUILD / "bench-access.log"


def measure_green_room() -> list[Figure]:
    """Two starts by one browser profile; between them the browser is closed and opened again."""
    if CHROMIUM is None or not (settings.NODE_MODULES / "@zoom/meetingsdk/dist").is_dir():
        sys.stdout.write("green_room: not measured: it needs Chromium and `npm ci`\n")
        return []
    _LOG.write_text("")
    with zoom_sandbox(tls=True) as zoom, tempfile.TemporaryDirectory() as profile:
        (seat,) = make_crowd(zoom, organizations=1, hosts=1)
        with serving(access_log=_LOG) as port:
            base = f"http://localhost:{port}"
            first, seconds = _start(seat, zoom, base, profile)
            second, again = _start(seat, zoom, base, profile)
    return [
        # Also the control: a count that finds nothing at first would find nothing later.
        at_least("green_room.sdk_bytes_first", first, "bytes", 1_000_000),
        exactly("green_room.sdk_bytes_second", second, "bytes", 0),
        *_monday(first),
        told("green_room.ready_first", seconds, "s"),
        told("green_room.ready_second", again, "s"),
    ]


def _monday(first: int) -> list[Figure]:
    """What the network carries when a Monday's hosts come within a minute (`benchmarks.monday`).

    Usually a tenth of them comes with a browser that has not seen this version of the SDK; on the
    morning after an upgrade all of them.
    """
    gigabits = first * HOSTS / 60 * 8 / 1e9
    return [
        told("herd.monday_assets", gigabits * FIRST_TIME_SHARE, "Gbit/s"),
        told("herd.monday_assets_after_upgrade", gigabits, "Gbit/s"),
    ]


def _start(seat: Seat, zoom: Sandbox, base: str, profile: str) -> tuple[int, float]:
    """SDK bytes sent for one start, from the green room into the meeting; seconds until ready."""
    meeting = _schedule(seat)
    before = len(_LOG.read_text())
    flags = make_flags(f"127.0.0.1:{zoom.tls_port}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=flags, base_url=base
        )
        try:
            seconds = _walk(browser, seat, meeting, base)
        finally:
            browser.close()
    return _count_sdk(_LOG.read_text()[before:]), seconds


def _walk(browser: BrowserContext, seat: Seat, meeting: Meeting, base: str) -> float:
    browser.set_default_timeout(PATIENCE_MS)
    key = sign_in(seat.user, settings.AUTHENTICATION_BACKENDS[0])
    browser.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": base}])
    page, begin = browser.new_page(), time.perf_counter()
    page.goto(f"/meetings/{meeting.pk}/start/")
    page.locator("html[data-state=ready]").wait_for(state="attached")
    seconds = time.perf_counter() - begin
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("html[data-state=joined]").wait_for(state="attached")
    return seconds


def _schedule(seat: Seat) -> Meeting:
    soon = timezone.now() + timezone.timedelta(hours=1)
    plan = Plan(host=seat.meeting.host, topic="Bench", starts_at=soon, duration_minutes=45)
    return schedule_meeting(plan=plan, user=seat.user, key=Meeting().pk)


def _count_sdk(log: str) -> int:
    """Bytes of the bodies below the SDK's folder; "not modified" has none."""
    rows = (line.split(" ", 2) for line in log.splitlines() if line.startswith("200 "))
    return sum(int(size) for _status, size, path in rows if "/zoomsdk/" in path)
