"""A person's tab, with what it asked for and what went wrong in it."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Response, Route, WebError

from tests.settings import BUILD

Package = dict[str, Any]

_WATCH_POLICY = """
window.brokenRules = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.brokenRules.push(`${event.effectiveDirective} ${event.blockedURI}`);
});
"""


class Failure(NamedTuple):
    code: str
    message: str
    next_step: str


class Visit:
    """One tab of a context; `page` is Playwright's."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.requests: list[str] = []
        self.refused: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("requestfailed", lambda request: self.refused.append(request.url))
        context.on("weberror", self._note_error)
        context.add_init_script(_WATCH_POLICY)
        self.page: Page = context.new_page()
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _note_error(self, event: WebError) -> None:
        name = getattr(event.error, "name", "")
        self.errors.append(f"{name}: {event.error}")

    def open(self, name: str, *args: Any) -> Response:
        response = self.page.goto(reverse(name, args=args))
        assert response is not None
        return response

    def shoot(self, name: str) -> None:
        """A picture for people to look at, in build/screenshots."""
        self.page.screenshot(path=BUILD / "screenshots" / f"{name}.png", full_page=True)

    # ---- The start page ------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.page.evaluate("document.documentElement.dataset.state")

    def wait_for(self, state: str) -> None:
        """Until the start page is in this state; fails at once when it failed instead."""
        self.page.wait_for_function(
            "wanted => [wanted, 'failed'].includes(document.documentElement.dataset.state)",
            arg=state,
        )
        assert self.state == state, self.failure

    def start(self, until: str = "joined") -> None:
        self.page.get_by_role("button", name="Start", exact=True).click()
        self.wait_for(until)

    def change_package(self, change: Callable[[Package], Package]) -> None:
        """Let `change` have every start package on its way from the portal to the page."""

        def carry(route: Route) -> None:
            if route.request.method != "POST":
                route.continue_()
                return
            answer = route.fetch()
            route.fulfill(response=answer, json=change(answer.json()))

        self.page.route("**/start/", carry)

    @property
    def failure(self) -> Failure:
        """What the start page says; empty where it says nothing."""
        parts = ("failure-code", "failure-message", "failure-next")
        return Failure(*(self.page.locator(f"#{part}").inner_text() for part in parts))

    @property
    def attempt_code(self) -> str:
        """The code that the start page shows with a failure; empty where it shows none."""
        field = self.page.locator("#attempt-code")
        return field.input_value() if field.is_visible() else ""

    # ---- What it left behind -------------------------------------------------------------------

    def stored(self, kind: str = "sessionStorage") -> dict[str, str]:
        return self.page.evaluate(f"({{...{kind}}})")

    @property
    def broken_rules(self) -> list[str]:
        """What the page's policy forbade, outside of workers."""
        return self.page.evaluate("window.brokenRules")

    @property
    def hosts(self) -> set[str]:
        """Every host that anything was asked of."""
        addresses = [urlsplit(url) for url in self.requests]
        return {a.hostname or "" for a in addresses if a.scheme not in ("blob", "data")}

    def count(self, pattern: str) -> int:
        """How many requests went to addresses like this."""
        return sum(bool(re.search(pattern, url)) for url in self.requests)
