"""Chromium in front of the portal as production runs it, with the sandbox in the place of Zoom."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from meetings.models import Meeting, StartAttempt
from meetings.services.schedule import Plan, schedule_meeting
from meetings.start_steps import Outcome, Step
from portal.models import User
from tests.browser.chromium import CHROMIUM, make_flags
from tests.browser.visit import Visit
from tests.cast import Cast
from tests.sandbox import Sandbox
from tests.server import collect_static, running
from tests.sessions import sign_in as show_who_they_are

PATIENCE_MS = 30_000


@pytest.fixture(scope="session", autouse=True)
def _what_it_takes() -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt install chromium")
    if not (settings.NODE_MODULES / "@zoom/meetingsdk/dist").is_dir():
        pytest.skip("no Zoom SDK here: npm ci")


@pytest.fixture(scope="session")
def portal(_what_it_takes: None, django_db_setup: None, _sandbox_process: Sandbox) -> Iterator[str]:
    """The address of a gunicorn process on the test database, with production settings."""
    collect_static()
    url = _sandbox_process.url
    with running(ZOOM_API_URL=f"{url}/v2", ZOOM_OAUTH_URL=f"{url}/oauth/token") as address:
        yield address


@pytest.fixture(scope="module")
def chromium(_what_it_takes: None, _sandbox_process: Sandbox) -> Iterator[Browser]:
    """A browser for which Zoom is the sandbox and the rest of the world does not exist.

    Not for the whole session: Playwright's loop would be in the way of tests with one of their own.
    """
    flags = make_flags(f"127.0.0.1:{_sandbox_process.tls_port}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def new_context(
    transactional_db: None, chromium: Browser, portal: str
) -> Iterator[Callable[..., BrowserContext]]:
    """A browser profile of its own, in which nobody is signed in."""
    contexts = []

    def call(**options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=portal, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context

    yield call
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def _every_start_is_told_to_its_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """However a test's starts end, their attempts say so: in the meeting, or failed at a step."""
    if "new_context" in request.fixturenames:
        # Ended after this fixture, so that the pages still live to tell.
        request.getfixturevalue("new_context")
    yield
    if "new_context" in request.fixturenames and not request.node.get_closest_marker("untold"):
        assert wait_for_stories() == []


def wait_for_stories() -> list[str]:
    """The attempts that are not told to their end, once there was time for it."""
    end = time.monotonic() + 10
    while untold := [attempt for attempt in StartAttempt.objects.all() if not is_told(attempt)]:
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return [f"{attempt.way}: {attempt.judge(timezone.now())}" for attempt in untold]


def is_told(attempt: StartAttempt) -> bool:
    outcome, _step = attempt.judge(timezone.now())
    if outcome is Outcome.IN_MEETING:
        return all(getattr(attempt, step.column) for step in Step if step is not Step.STARTED)
    return outcome in (Outcome.FAILED, Outcome.HANDED_OUT)


@pytest.fixture
def sign_in(new_context: Callable[..., BrowserContext], portal: str) -> Callable[..., Visit]:
    """A tab of this person's: `sign_in(cast.alice)`; nobody's without a person."""

    def call(user: User | None, **options: Any) -> Visit:
        context = new_context(**options)
        if user is not None:
            client = show_who_they_are(Client(), user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        return Visit(context)

    return call


@pytest.fixture
def meeting(transactional_db: None, cast: Cast, zoom: Sandbox) -> Meeting:
    """A meeting of alice's that Zoom knows, with bob as alternative host."""
    plan = Plan(
        host=cast.alice_host,
        topic="Rehearsal",
        starts_at=timezone.now() + timezone.timedelta(hours=1),
        duration_minutes=45,
        passcode="open_1*",
        alternative_hosts=[cast.bob_host],
    )
    with scope(organization=[cast.acme]):
        made = schedule_meeting(plan=plan, user=cast.alice, key=Meeting().pk)
    zoom.clear_ledger()
    return made


@pytest.fixture
def start_page(sign_in: Callable[..., Visit], cast: Cast, meeting: Meeting) -> Visit:
    """Alice in front of the start page, which is ready."""
    visit = sign_in(cast.alice)
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    return visit
