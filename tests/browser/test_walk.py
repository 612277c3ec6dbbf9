"""From an invitation to a host's started meeting, by the pages, the mails and the docs alone."""

import email.policy
import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext
from pytest_httpserver import HTTPServer

from meetings.demo import OPERATOR
from tests import demo
from tests.browser.conftest import PATIENCE_MS
from tests.browser.first_start import Place, walk_to_first_start
from tests.browser.walk import Person, Walk
from tests.factories import PASSWORD, UserFactory
from tests.sandbox import Sandbox
from tests.second_factors import give_app
from tests.server import running, worker
from tests.settings import BUILD

pytestmark = pytest.mark.browser
MAIL_SECONDS = 20
LINK = re.compile(r"http://\S+")
HTML = {"content_type": "text/html"}


@pytest.fixture
def contexts(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Browser profiles in which nobody is signed in."""
    made = []

    def call() -> BrowserContext:
        made.append(chromium.new_context())
        made[-1].set_default_timeout(PATIENCE_MS)
        return made[-1]

    yield call
    for context in made:
        context.close()


@pytest.fixture
def walked(record_property, capsys) -> Callable[..., Walk]:
    """Walk at a place, tell the figures, and give the walk."""

    def call(place: Place, folder: str, **options: Any) -> Walk:
        walk = Walk(BUILD / "walk" / folder, **options)
        with walk.until_stuck():
            walk_to_first_start(walk, place)
        with capsys.disabled():
            print(f"\n{folder}: {walk}")  # noqa: T201 - the figures are the result
        record_property("walk.steps", len(walk.steps))
        record_property("walk.dead_ends", len(walk.dead_ends))
        return walk

    return call


# ---- On the demo ---------------------------------------------------------------------------


@pytest.fixture
def at_the_demo(tmp_path: Path, contexts: Callable[[], BrowserContext]) -> Iterator[Place]:
    """The demo as `make demo` starts it; its mail is a page."""
    with demo.running_demo(tmp_path) as started:

        def control(method: str, path: str, body: Any = None) -> Any:
            url = f"{started.sandbox}/_control/{path}"
            answer = requests.request(method, url, json=body, timeout=15)
            answer.raise_for_status()
            return answer.json()

        def open_mail(person: Person, to: str, subject: str) -> None:
            sent = f"{started.base}/_demo/mail/"
            assert sent in started.screen
            person.is_told(sent)
            person.open(sent)
            mail = person.page.locator("article").filter(has_text=to).filter(has_text=subject)
            end = time.monotonic() + MAIL_SECONDS
            while not mail.count() and time.monotonic() < end:
                person.page.wait_for_timeout(300)
                person.page.reload()
            person.follow("http", within=mail.first)

        yield Place(
            base=started.base,
            new_context=contexts,
            control=control,
            open_mail=open_mail,
            operator=OPERATOR,
            operator_password=demo.PASSWORD,
        )


def test_a_new_admin_comes_to_the_first_start_on_the_demo(at_the_demo, walked):
    walk = walked(at_the_demo, "demo", narrow_and_dark=True)
    assert walk.dead_ends == []
    assert walk.too_wide == []


# ---- As in production ----------------------------------------------------------------------


@pytest.fixture
def in_production(
    transactional_db: None,
    zoom: Sandbox,
    tmp_path: Path,
    contexts: Callable[[], BrowserContext],
) -> Iterator[Place]:
    """Production's settings, with second factors asked for, a worker, and mail in a folder."""
    operator = UserFactory(email="operator@people.example", is_superuser=True)
    mail = tmp_path / "mail"
    mail.mkdir()
    settings = {
        "MFA_ENFORCED": "true",
        "EMAIL_URL": f"filemail:///{mail}",
        "ZOOM_API_URL": f"{zoom.url}/v2",
        "ZOOM_OAUTH_URL": f"{zoom.url}/oauth/token",
    }

    def open_mail(person: Person, to: str, subject: str) -> None:
        link = zoom.wait_until(lambda: find_link(mail, to, subject), MAIL_SECONDS)
        person.is_told(link)
        person.open(link)

    with running(**settings) as base, worker(BASE_URL=base, **settings):
        yield Place(
            base=base,
            new_context=contexts,
            control=zoom.control,
            open_mail=open_mail,
            operator=operator.email,
            operator_password=PASSWORD,
            operator_app=give_app(operator),
        )


def find_link(folder: Path, to: str, subject: str) -> str:
    """The link in the mail to this address with these words in its subject; empty if none came."""
    for file in sorted(folder.glob("*.log")):
        for part in file.read_bytes().split(b"-" * 79):
            parser = BytesParser(EmailMessage, policy=email.policy.default)
            message = parser.parsebytes(part.lstrip())
            if message["To"] == to and subject in message["Subject"]:
                return LINK.findall(message.get_content())[0]
    return ""


@pytest.mark.django_db(transaction=True)
def test_a_new_admin_comes_to_the_first_start_in_production(in_production, walked):
    walk = walked(in_production, "production")
    assert walk.dead_ends == []


# ---- The judge -----------------------------------------------------------------------------

CHECKLIST = """<ol><li data-step="checked" data-state="next">
  <a href="/check/">Check the connection</a></li></ol>"""


@pytest.fixture
def walker(httpserver: HTTPServer, contexts: Callable[[], BrowserContext], tmp_path: Path):
    """Somebody in front of a page that is given as HTML; beside it are /there/ and nothing else."""
    httpserver.expect_request("/there/").respond_with_data("<a href='/'>Back</a>", **HTML)

    def call(page: str) -> Person:
        httpserver.expect_request("/").respond_with_data(page, **HTML)
        person = Person(Walk(tmp_path), "Ines", contexts())
        person.is_told(httpserver.url_for("/"))
        person.open(httpserver.url_for("/"))
        return person

    return call


def test_a_page_that_leads_on_is_no_dead_end(walker):
    ines = walker("<a href='/there/'>On</a>")
    ines.see("the page")
    ines.follow("On")
    ines.see("the next page")
    assert ines.walk.dead_ends == []
    assert str(ines.walk) == "walk: 2 steps, 2 clicks, 2 links tried, 0 dead ends"


def test_a_step_of_a_checklist_that_leads_to_nothing_is_a_dead_end(walker):
    ines = walker(CHECKLIST)
    ines.see("the checklist")
    assert ines.walk.dead_ends == ["Ines at /: the link to /check/ answers 500"]
    ines.follow("Check the connection")
    assert ines.walk.dead_ends[1:] == ["Ines at /check/: it answers 500"]


def test_a_page_without_the_link_that_is_needed_ends_the_walk(walker):
    ines = walker(CHECKLIST)
    with ines.walk.until_stuck():
        ines.follow("Enter the credentials")
        raise AssertionError("nobody can go on here")
    assert ines.walk.dead_ends == ["Ines at /: no link “Enter the credentials”"]


def test_a_page_that_leads_nowhere_is_a_dead_end(walker):
    ines = walker("<a class='brand' href='/'>Greenroom</a><h1>Thank you</h1><button disabled>")
    ines.see("the last page")
    assert ines.walk.dead_ends == ["Ines at /: the page leads nowhere"]


def test_an_address_that_nobody_gave_is_a_dead_end(walker, httpserver):
    ines = walker(CHECKLIST)
    with ines.walk.until_stuck():
        ines.open(httpserver.url_for("/there/"))
    assert ines.walk.dead_ends == ["Ines at /: nobody said that /there/ is there"]


def test_a_page_wider_than_a_phone_is_noticed(walker, tmp_path):
    ines = walker("<p style='width: 500px'>Wide</p>")
    ines.walk.narrow_and_dark = True
    ines.see("the page")
    assert ines.walk.too_wide == ["Ines at /"]
