"""A walk: somebody goes from page to page by what the pages and mails themselves offer.

It counts steps and clicks, and notes each dead end: something that is not there when it is needed,
an answer that is an error, a link that leads to one, a page that leads nowhere, an address that
nobody gave. A person who meets one of the first three is stuck, and so the walk ends there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

# What leads from a page to another, or does something on it. Not the header's brand: it is on each
# page, and leads people who are stuck back to where they were stuck.
_WAYS = "a[href]:not(.skip-link, .brand, [href^='#']), button:not([disabled]), input[type=submit]"
_APPEARS_MS = 4_000
_NARROW = {"width": 360, "height": 740}
_USUAL = {"width": 1280, "height": 800}
# Django's admin fades from one colour scheme to the other.
_SETTLE = "Promise.all(document.getAnimations().map((a) => a.finished.catch(() => null)))"


class DeadEnd(Exception):
    """Somebody cannot go on. The walk has noted it."""


class Walk:
    """What was walked so far; `folder` is where the pictures of its steps go."""

    def __init__(self, folder: Path, *, narrow_and_dark: bool = False) -> None:
        self.folder, self.narrow_and_dark = folder, narrow_and_dark
        self.steps: list[str] = []
        self.clicks = 0
        self.dead_ends: list[str] = []
        self.too_wide: list[str] = []
        self.links_tried: set[tuple[str, str]] = set()
        folder.mkdir(parents=True, exist_ok=True)
        for earlier in folder.glob("*.png"):
            earlier.unlink()

    def __str__(self) -> str:
        counts = (
            f"{len(self.steps)} steps, {self.clicks} clicks, {len(self.links_tried)} links tried, "
            f"{len(self.dead_ends)} dead ends"
        )
        return "\n".join([f"walk: {counts}", *(f"  dead end: {told}" for told in self.dead_ends)])

    def note(self, where: str, what: str) -> None:
        told = f"{where}: {what}"
        if told not in self.dead_ends:
            self.dead_ends.append(told)

    @contextmanager
    def until_stuck(self) -> Iterator[None]:
        """A walk that ends at a dead end is a result, not a crash."""
        try:
            yield
        except DeadEnd:
            return


class Person:
    """Somebody's tab. They know what they see, and the addresses that somebody gave them."""

    def __init__(self, walk: Walk, name: str, context: BrowserContext) -> None:
        self.walk, self.name, self.context = walk, name, context
        self.page: Page = context.new_page()
        self.page.on("response", self._look_at)
        self.given: set[str] = set()

    # ---- Going -----------------------------------------------------------------------------

    def is_told(self, address: str) -> None:
        """A mail, a document or a screen shows this address."""
        self.given.add(address)

    def open(self, address: str) -> None:
        """Type an address. Only one that somebody gave: nobody guesses paths."""
        if address not in self.given:
            self._stuck(f"nobody said that {urlsplit(address).path} is there")
        self.walk.clicks += 1
        self.page.goto(address)

    def follow(self, name: str, *, within: Locator | None = None) -> None:
        self._click(self.find("link", name, within=within))

    def press(self, name: str, *, within: Locator | None = None) -> None:
        self._click(self.find("button", name, within=within))

    def tick(self, name: str) -> None:
        self._click(self.find("checkbox", name))

    def find(self, role: str, name: str, *, within: Locator | None = None) -> Locator:
        """What the page calls so, or what begins so: for screen readers some names go on."""
        pattern = re.compile(rf"^\s*{re.escape(name)}")
        found = (within or self.page).get_by_role(role, name=pattern)  # type: ignore[arg-type]
        return self._need(found, f"no {role} “{name}”")

    def fill(self, given: dict[str, str]) -> None:
        """Fill in the fields with these labels."""
        for label, text in given.items():
            pattern = re.compile(rf"^{re.escape(label)}:?\s*$", re.IGNORECASE)
            field = self._need(self.page.get_by_label(pattern), f"no field “{label}”")
            if field.evaluate("(field) => field.localName") == "select":
                field.select_option(label=text)
            else:
                field.fill(text)

    def read(self, css: str, what: str) -> str:
        """The text of something that the page has to show."""
        return self._need(self.page.locator(css), f"no {what}").inner_text().strip()

    def shows(self, text: str) -> bool:
        return self.page.get_by_text(text).first.is_visible()

    def expect(self, text: str) -> None:
        self._need(self.page.get_by_text(text), f"it does not say “{text}”")

    def _click(self, thing: Locator) -> None:
        self.walk.clicks += 1
        thing.click()
        self.page.wait_for_load_state()

    def _need(self, found: Locator, otherwise: str) -> Locator:
        try:
            found.first.wait_for(state="visible", timeout=_APPEARS_MS)
        except PlaywrightTimeout:
            self._stuck(otherwise)
        return found.first

    def _stuck(self, why: str) -> None:
        self._picture("stuck")
        self.walk.note(self.where, why)
        raise DeadEnd(why)

    @property
    def where(self) -> str:
        return f"{self.name} at {urlsplit(self.page.url).path}"

    # ---- Looking ---------------------------------------------------------------------------

    def see(self, step: str, *, tries_links: bool = True) -> None:
        """A step is done: judge the page it has led to, and keep a picture of it."""
        self.walk.steps.append(step)
        self._picture(step)
        ways = self.page.locator(_WAYS)
        if not any(way.is_visible() for way in ways.all()):
            self.walk.note(self.where, "the page leads nowhere")
        if tries_links:
            self._try_links()

    def _try_links(self) -> None:
        """Whether the links of the page lead anywhere; for this person, each path once."""
        here = urlsplit(self.page.url)
        links = self.page.locator("a[href]").evaluate_all("(all) => all.map((a) => a.href)")
        for link in dict.fromkeys(links):
            address = urlsplit(link)
            tried = (self.name, address.path)
            if address.netloc != here.netloc or tried in self.walk.links_tried:
                continue
            self.walk.links_tried.add(tried)
            answer = self.context.request.get(link.partition("#")[0], max_redirects=3)
            if answer.status >= 400:
                self.walk.note(self.where, f"the link to {address.path} answers {answer.status}")

    def _look_at(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if is_page and response.status >= 400 and response.frame == self.page.main_frame:
            path = urlsplit(response.url).path
            self.walk.note(f"{self.name} at {path}", f"it answers {response.status}")

    def _picture(self, step: str) -> None:
        words = re.sub(r"\W+", "-", step.lower()).strip("-")
        path = self.walk.folder / f"{len(self.walk.steps):02}-{words}.png"
        self.page.screenshot(path=path, full_page=True)
        if self.walk.narrow_and_dark:
            self._narrow_picture(path.with_name(f"{path.stem}-phone-dark.png"))

    def _narrow_picture(self, path: Path) -> None:
        self.page.set_viewport_size(_NARROW)
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate(_SETTLE)
        if self.page.evaluate("document.documentElement.scrollWidth") > _NARROW["width"]:
            self.walk.too_wide.append(self.where)
        self.page.screenshot(path=path, full_page=True)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(_USUAL)
