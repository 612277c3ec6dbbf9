"""The product before its target: the portal with these credentials, and a host in front of it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as BrowserError

from meetings.models import Meeting
from portal.models import User
from tests.browser.chromium import CHROMIUM, make_flags
from tests.browser.visit import Package, Visit
from tests.contract.record import Record
from tests.contract.target import Target
from tests.factories import (
    HostFactory,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
)
from tests.server import running

NAME = "Contract check"
JOINED = "joined"


@dataclass
class Stage:
    """One organization, one host, one browser, and what the host's page came to."""

    target: Target
    record: Record
    portal: str
    browser: Browser
    user: User

    @contextlib.contextmanager
    def start(
        self, meeting: dict[str, Any], change: Callable[[Package], Package] | None = None
    ) -> Iterator[str]:
        """Press Start for a meeting as Zoom answered it.

        Yields "joined", or the code of the failure; inside, the host's page stays open. `change`
        gets the start package on its way from the portal to the page.
        """
        row = self._put(meeting)
        context = self.browser.new_context(base_url=self.portal)
        context.set_default_timeout(30_000 + 1000 * self.target.patience)
        self._sign_in(context)
        try:
            came_to = self._press_start(Visit(context), row, change)
            self.record.note("SDK join", status=came_to)
            yield came_to
        finally:
            context.close()

    def _put(self, meeting: dict[str, Any]) -> Meeting:
        host = self.user.memberships.get().host
        return MeetingFactory(
            host=host,
            topic=meeting["topic"],
            meeting_number=meeting["id"],
            passcode=meeting["password"],
            join_url=meeting["join_url"],
        )

    def _sign_in(self, context: Any) -> None:
        client = Client()
        client.force_login(self.user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.portal}])

    def _press_start(
        self, visit: Visit, row: Meeting, change: Callable[[Package], Package] | None
    ) -> str:
        if change:
            visit.change_package(change)
        visit.open("meetings:start", row.pk)
        visit.wait_for("ready")
        visit.page.get_by_role("button", name="Start", exact=True).click()
        # A page that renews its ZAK loads again meanwhile.
        ends = "() => ['joined', 'failed'].includes(document.documentElement.dataset.state)"
        visit.page.wait_for_function(ends)
        return JOINED if visit.state == JOINED else visit.failure.code


def find_obstacle() -> str:
    """Why no browser can be driven here; empty when one can."""
    if CHROMIUM is None:
        return "no Chromium here: apt install chromium"
    if not (settings.NODE_MODULES / "@zoom/meetingsdk/dist").is_dir():
        return "no Zoom SDK here: npm ci"
    return ""


def run_portal(target: Target) -> contextlib.AbstractContextManager[str]:
    """The portal on the test database, with this target as its Zoom; its address."""
    return running(ZOOM_API_URL=target.api_url, ZOOM_OAUTH_URL=target.oauth_url)


@contextlib.contextmanager
def run_chromium(zoom_at: str) -> Iterator[Browser]:
    """A browser for which Zoom is there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=make_flags(zoom_at))
        try:
            yield browser
        finally:
            with contextlib.suppress(BrowserError):
                browser.close()


def make_host(target: Target, zoom_user_id: str) -> User:
    """A person who may start as this Zoom user, in an organization with these credentials."""
    organization = OrganizationFactory(name="Contract")
    user = UserFactory(name=NAME, email="contract@people.example")
    membership = MembershipFactory(organization=organization, user=user)
    HostFactory(organization=organization, membership=membership, zoom_user_id=zoom_user_id)
    account = ZoomAccountFactory(
        organization=organization,
        account_id=target.app.account_id,
        client_id=target.app.client_id,
        client_secret=target.app.client_secret,
        sdk_client_id=target.sdk_client_id,
        sdk_client_secret=target.sdk_client_secret,
    )
    ZoomConnectionFactory(organization=organization, account=account)
    return user
