"""The way from the operator's invitation to a host's first started meeting.

By the README, docs/zoom-setup.md and what the pages show. Ines administers Initech, and Petra is
its host.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from tests.browser.walk import Person, Walk
from tests.second_factors import App
from tests.server import ROOT

PASSWORD = "battery-staple-9"
PATIENCE_MS = 25_000
INES, PETRA, DESK = "ines@initech.example", "petra@initech.example", "desk@initech.example"
README = (ROOT / "README.md").read_text()


def documented(address: str) -> dict[str, Any]:
    """What the README sends to the sandbox, which stands for Zoom's Marketplace."""
    found = re.search(rf"_control/{address} -d '(.+?)'\n```", README, re.DOTALL)
    assert found, f"the README no longer says what to send to {address}"
    return json.loads(found[1])


# What somebody notes who makes two apps in the Marketplace, and what is told there.
ACCOUNT = documented("accounts")
SUBSCRIPTION = documented(f"accounts/{ACCOUNT['account_id']}/subscriptions")["subscriptions"][0]


@dataclass(frozen=True)
class Place:
    """Where the walk is walked: a portal, its sandbox, and how mail is read there."""

    base: str
    new_context: Callable[[], BrowserContext]
    control: Callable[..., Any]
    # Open the mail that has this address and these words in its subject; follow its link.
    open_mail: Callable[[Person, str, str], None]
    operator: str
    operator_password: str
    operator_app: App | None = None


def walk_to_first_start(walk: Walk, place: Place) -> None:
    operator = Person(walk, "operator", place.new_context())
    ines = Person(walk, "Ines", place.new_context())
    petra = Person(walk, "Petra", place.new_context())
    invite_first_admin(operator, place)
    take_up_invitation(ines, place, INES, "Initech invites you")
    enter_credentials(ines, place)
    validate_webhook(ines, place)
    bring_in_hosts(ines, petra, place)
    link_by_the_holders_word(ines, place)
    number = start_first_meeting(petra, place)
    see_it_in_the_admin(ines)
    if (found := people_in(place, number)) != [("Petra", "host")]:
        walk.note("Zoom", f"in the meeting are {found}")


def invite_first_admin(operator: Person, place: Place) -> None:
    """The operator makes the organization and invites who is to run it."""
    operator.is_told(f"{place.base}/admin/")  # by the README and the demo's screen
    operator.open(f"{place.base}/admin/")
    operator.fill({"Email": place.operator, "Password": place.operator_password})
    operator.press("Sign in")
    if place.operator_app:
        operator.fill({"Code": place.operator_app.code()})
        operator.press("Sign in")
    operator.see("The operator signs in")
    operator.follow("Organizations")
    operator.follow("Add organization")
    operator.fill({"Name": "Initech"})
    operator.press("Save")
    operator.expect("Now invite its first admin")
    operator.see("The operator has added the organization")
    operator.fill({"E-mail address": INES, "Name": "Ines"})
    operator.press("Save")
    operator.expect(INES)
    operator.see("The operator has invited the admin")


def take_up_invitation(person: Person, place: Place, email: str, subject: str) -> None:
    place.open_mail(person, email, subject)
    person.see(f"{person.name} opens the invitation")
    person.fill({"Choose a password": PASSWORD, "The password again": PASSWORD})
    person.press("Accept the invitation")
    # The message of each page that is refused would pile up on the next.
    asked = person.shows("Second step at sign-in")
    person.see(f"{person.name} has accepted", tries_links=not asked)
    if asked:
        set_up_second_step(person)


def set_up_second_step(person: Person) -> None:
    person.follow("Set up an app")
    key = person.read("code.key", "key for the app")
    person.see(f"{person.name} sets up an app", tries_links=False)
    person.fill({"Authenticator code": App(key).code()})
    person.press("Switch it on")
    person.see(f"{person.name} gets recovery codes")
    person.follow("Go on to your meetings")
    person.see(f"{person.name} is in")


def next_step(person: Person, name: str) -> None:
    """What the checklist says is next, and where it leads."""
    marked = person.page.locator("[data-step][data-state=next]")
    expect(marked).to_have_attribute("data-step", name)
    person.follow("", within=marked)


def enter_credentials(ines: Person, place: Place) -> None:
    ines.follow("Go on in the admin")
    ines.see("Ines sees the checklist")
    ines.follow("The Zoom side, step by step")
    ines.see("Ines reads what to do at Zoom")
    place.control("POST", "accounts", ACCOUNT)
    ines.follow("Home")
    next_step(ines, "credentials")
    ines.see("Ines is where credentials go")
    ines.fill({"Name": "Our Zoom account", "Account ID": ACCOUNT["account_id"]})
    ines.fill({"Client ID": ACCOUNT["client_id"], "Client secret": ACCOUNT["client_secret"]})
    ines.fill({"SDK client ID": ACCOUNT["sdk_client_id"]})
    ines.fill({"SDK client secret": ACCOUNT["sdk_client_secret"]})
    ines.press("Save")
    ines.see("Ines has entered the credentials")
    ines.press("Check connection")
    ines.expect("This account can start meetings")
    ines.see("The connection check has passed")


def validate_webhook(ines: Person, place: Place) -> None:
    ines.follow("Let Zoom validate the webhook")
    address = ines.read(".field-webhook_address code", "webhook address")
    ines.fill({"Webhook secret token": ACCOUNT["webhook_secret"]})
    ines.see("Ines enters the secret token and copies the address")
    ines.press("Save")
    wishes = {"subscriptions": [{**SUBSCRIPTION, "url": address}]}
    (made,) = place.control("PUT", f"accounts/{ACCOUNT['account_id']}/subscriptions", wishes)
    if not made["validation"]["passed"]:
        ines.walk.note("Zoom", f"{urlsplit(address).path}: {made['validation']['error']}")
    ines.follow("Home")
    ines.see("Zoom has validated the webhook")


def bring_in_hosts(ines: Person, petra: Person, place: Place) -> None:
    next_step(ines, "hosts")
    ines.see("Ines is where hosts are brought in")
    ines.press("Import the Zoom users")
    ines.see("The import runs")
    expect(ines.page.get_by_text(PETRA)).to_be_visible(timeout=PATIENCE_MS)
    ines.see("The Zoom users are there")
    ines.tick("Invite Petra")
    ines.press("Invite the chosen ones")
    ines.see("Petra is invited")
    take_up_invitation(petra, place, PETRA, "Initech invites you")
    ines.follow("Back to the Zoom users")
    ines.press("Link 1 member")
    ines.see("Petra is linked")


def link_by_the_holders_word(ines: Person, place: Place) -> None:
    """The front desk's Zoom user: Ines is to start as it, if whoever reads its mail agrees."""
    row = ines.page.get_by_role("row").filter(has_text=DESK)
    ines.follow("Link a member", within=row)
    ines.fill({"Member's e-mail address": INES})
    ines.see("Ines chooses who starts as the front desk")
    ines.press("Link this member")
    ines.see("The front desk is asked")
    desk = Person(ines.walk, "front desk", place.new_context())
    place.open_mail(desk, DESK, "start Zoom meetings as you")
    desk.see("The front desk reads the question")
    desk.press("I agree")
    desk.see("The front desk has agreed")


def start_first_meeting(petra: Person, place: Place) -> int:
    petra.follow("Meetings")
    petra.follow("Schedule")
    petra.see("Petra is where meetings are scheduled")
    soon = timezone.now() + timedelta(hours=1)
    petra.fill({"Topic": "First meeting", "Start": soon.strftime("%Y-%m-%dT%H:%M")})
    petra.press("Schedule")
    petra.see("Petra has scheduled a meeting")
    petra.follow("Start")
    expect(petra.page.locator("html")).to_have_attribute("data-state", "ready", timeout=PATIENCE_MS)
    petra.see("Petra is in the green room")
    petra.press("Start")
    expect(petra.page.locator("html")).to_have_attribute(
        "data-state", "joined", timeout=PATIENCE_MS
    )
    petra.see("Petra is in the meeting", tries_links=False)
    (meeting,) = [m for m in place.control("GET", "meetings") if m["topic"] == "First meeting"]
    return int(meeting["number"])


def see_it_in_the_admin(ines: Person) -> None:
    ines.follow("Home")
    ines.expect("All steps are done")
    ines.see("The checklist is done")
    ines.follow("Audit events")
    ines.expect("meeting.start")
    ines.see("The audit trail has the start")


def people_in(place: Place, number: int) -> list[tuple[str, str]]:
    """Name and standing of everybody in this meeting, as Zoom sees it."""
    rooms = [room for room in place.control("GET", "rooms") if room["number"] == number]
    return [(person["name"], person["as"]) for room in rooms for person in room["people"]]
