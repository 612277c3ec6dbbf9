"""What goes on: who is in which meeting, how much there is, and the last calls."""

from itertools import islice

from zoomsandbox.console import calls
from zoomsandbox.console.forms import button
from zoomsandbox.console.framework import Page, Visit
from zoomsandbox.console.markup import (
    Html,
    code,
    element,
    facts,
    heading,
    join,
    link,
    listing,
    moment,
    paragraph,
)
from zoomsandbox.life.rooms import get_room
from zoomsandbox.state.ledger_query import LedgerQuery, find_latest
from zoomsandbox.state.rooms import Person, Room

LAST_CALLS = 12


def describe(visit: Visit) -> Html:
    return join(
        _describe_crashes(visit),
        _begin(visit),
        _count(visit),
        heading("In meetings now"),
        _describe_rooms(visit),
        _describe_calls(visit),
    )


def _describe_crashes(visit: Visit) -> Html:
    """Defects of the sandbox's own, which somebody should report."""
    crashes = visit.world.crashes
    if not crashes:
        return Html()
    times = "once" if len(crashes) == 1 else f"{len(crashes)} times"
    where = link("/_control/crashes", "Where")
    return paragraph(join(f"The sandbox itself failed {times}. Please report it. ", where), "alarm")


def _begin(visit: Visit) -> Html:
    """What to do first, to whoever has just started it."""
    if visit.world.accounts:
        return Html()
    return paragraph(
        join(
            "There is no account yet, so every sign-in is refused. Make one by ",
            code("POST /_control/accounts"),
            " (",
            link("/_console/controls", "all controls"),
            "), or begin with a kept state: ",
            code("--state"),
            ".",
        )
    )


def _count(visit: Visit) -> Html:
    world = visit.world
    people = sum(len(room.people) for room in world.rooms.values())
    users = sum(len(account.users) for account in world.accounts.values())
    return facts(
        [
            ("In meetings", people),
            ("Meetings", link("/_console/meetings", len(world.meetings))),
            ("Accounts", link("/_console/accounts", len(world.accounts))),
            ("Users", link("/_console/users", users)),
            ("Calls", link("/_console/calls", len(world.ledger))),
            ("Faults", link("/_console/faults", len(world.faults))),
        ]
    )


def _describe_rooms(visit: Visit) -> Html:
    rooms = [get_room(visit.world, number) for number in list(visit.world.rooms)]
    cards = [_describe_room(room) for room in rooms if room]
    if not cards:
        return paragraph("Nobody. A meeting is here from its first person to its last.", "quiet")
    return element("div", *cards, class_="cards")


def _describe_room(room: Room) -> Html:
    run = room.run
    end = button(
        "/_console/meetings/end",
        element("span", "End", element("span", f" {run.topic}", class_="unseen")),
        "danger",
        number=run.number,
        back="/",
    )
    return element(
        "section",
        element("h3", run.topic),
        paragraph(join(code(run.number), f", {run.account_id}, since ", moment(run.started_at))),
        listing((_describe_person(person) for person in room.people.values()), "Nobody."),
        end,
        class_="card",
    )


def _describe_person(person: Person) -> Html:
    way = "SDK" if person.socket else "Zoom app page"
    return join(element("strong", person.name), f", {person.standing}, by {way}")


def _describe_calls(visit: Visit) -> Html:
    entries = islice(find_latest(visit.world.ledger, LedgerQuery()), LAST_CALLS)
    return join(
        calls.make_table("Last calls (UTC)", entries),
        paragraph(link("/_console/calls", "All calls")),
    )


PAGE = Page(
    "/", "What goes on", live=describe, done={"end": "The meeting has ended for everybody."}
)
