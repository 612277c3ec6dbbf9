"""What was told to whom: events, and the attempts to deliver them."""

from itertools import islice
from typing import Any

from zoomsandbox.console.framework import MissingError, Page, Visit
from zoomsandbox.console.hiding import hide_secrets
from zoomsandbox.console.markup import (
    Html,
    badge,
    code,
    element,
    join,
    link,
    moment,
    paragraph,
    table,
)
from zoomsandbox.state.deliveries import Delivery

LAST = 50
EXPLANATION = (
    "Events happen whether or not anybody is told. A delivery is one attempt to tell one "
    "subscriber; retries come 5, 20 and 60 minutes later by the sandbox's clock."
)


def explain(visit: Visit) -> Html:
    return paragraph(join(EXPLANATION, " ", link("/_console/clock", "Turn the clock")))


def describe(visit: Visit) -> Html:
    return join(_describe_deliveries(visit), _describe_events(visit))


def _describe_deliveries(visit: Visit) -> Html:
    rows = [
        (
            moment(one.at),
            code(one.event),
            _show_outcome(one),
            one.attempt or "-",
            moment(one.due_next),
            code(one.url),
            one.account_id,
            one.fault,
        )
        for one in islice(reversed(visit.world.deliveries), LAST)
    ]
    heads = ("At (UTC)", "Event", "Outcome", "Attempt", "Next", "URL", "Account", "Fault")
    return table("Deliveries, the latest first", heads, rows)


def _show_outcome(delivery: Delivery) -> Html:
    if delivery.delivered:
        return badge(f"{delivery.status}, delivered", "good")
    if delivery.status is None and not delivery.error:
        return badge("on its way")
    return join(badge(delivery.status or "none", "bad"), " ", delivery.error)


def _describe_events(visit: Visit) -> Html:
    rows = [
        (
            moment(event["event_ts"] / 1000),
            link(f"/_console/webhooks/{event['event_ts']}-{event['event']}", code(event["event"])),
            event["payload"].get("account_id", ""),
            _get_subject(event["payload"]),
        )
        for event in islice(reversed(visit.world.events), LAST)
    ]
    return table("Events, the latest first", ("At (UTC)", "Event", "Account", "About"), rows)


def _get_subject(payload: dict[str, Any]) -> str:
    """The topic or the e-mail address of what it is about, if it has one."""
    about = payload.get("object")
    names = ("topic", "email", "id")
    found = (about.get(name) for name in names) if isinstance(about, dict) else ()
    return next((str(one) for one in found if one), "")


def describe_one(visit: Visit) -> Html:
    """All events of one name and moment, which is nearly always one."""
    wanted = visit.request.match_info["key"]
    found = [e for e in visit.world.events if f"{e['event_ts']}-{e['event']}" == wanted]
    if not found:
        raise MissingError("There is no such event, or it has been forgotten.")
    shown = [element("pre", hide_secrets(event), class_="scroll", tabindex=0) for event in found]
    return join(paragraph(link("/_console/webhooks", "All webhooks")), *shown)


PAGE = Page("/_console/webhooks", "Webhooks", before=explain, live=describe)
ONE = Page("/_console/webhooks/{key}", "One event", before=describe_one)
