"""The ledger for people: which calls came, what was answered, and why."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from urllib.parse import urlencode

from zoomsandbox.console.forms import choice, field, form, submit
from zoomsandbox.console.framework import MissingError, Page, Visit
from zoomsandbox.console.hiding import hide_secrets
from zoomsandbox.console.markup import (
    Html,
    badge,
    code,
    element,
    facts,
    heading,
    join,
    link,
    moment,
    paragraph,
    table,
)
from zoomsandbox.state.ledger import LedgerEntry
from zoomsandbox.state.ledger_query import LedgerQuery, find_latest

PAGE_LENGTH = 100
STATUSES = {
    "": "any",
    "2xx": "2xx, done",
    "3xx": "3xx, elsewhere",
    "4xx": "4xx, refused",
    "429": "429, too many",
    "5xx": "5xx, failed",
    "none": "no answer",
}


def filter_form(visit: Visit) -> Html:
    given = visit.request.query
    accounts = {"": "any", **{one: one for one in visit.world.accounts}, "none": "none known"}
    return form(
        "/_console/calls",
        field("call", "Call", given.get("call", ""), "Such as users.* or meetings.create"),
        field("path", "Path", given.get("path", ""), "Such as /v2/users/*"),
        choice("account", "Account", accounts, given.get("account", "")),
        choice("status", "Status", STATUSES, given.get("status", "")),
        submit("Filter"),
        method="get",
        kind="filter",
    )


def describe(visit: Visit) -> Html:
    query = _read_query(visit)
    entries = list(islice(find_latest(visit.world.ledger, query), PAGE_LENGTH + 1))
    shown = entries[:PAGE_LENGTH]
    more = Html()
    if len(entries) > PAGE_LENGTH:
        older = {**visit.request.query, "until": str(shown[-1].seq)}
        older.pop("part", None)
        more = paragraph(link(f"/_console/calls?{urlencode(older)}", "Older calls"))
    return join(make_table("Calls, the latest first (UTC)", shown), more)


def _read_query(visit: Visit) -> LedgerQuery:
    def get(name: str) -> str | None:
        return visit.request.query.get(name) or None

    until = get("until") or ""
    return LedgerQuery(
        call=get("call"),
        path=get("path"),
        account=get("account"),
        status=get("status"),
        until=int(until) if re.fullmatch("[0-9]{1,15}", until) else None,
    )


def make_table(caption: str, entries: Iterable[LedgerEntry]) -> Html:
    rows = [
        (
            link(f"/_console/calls/{entry.seq}", moment(entry.at, with_date=False)),
            code(entry.call),
            _show_status(entry),
            entry.account_id or "",
            _make_note(entry),
        )
        for entry in entries
    ]
    return table(caption, ("At", "Call", "Status", "Account", "Note"), rows, "No such calls.")


def _show_status(entry: LedgerEntry) -> Html:
    if entry.status is None:
        return badge("none", "bad")
    return badge(entry.status, "bad" if entry.status >= 400 else "good")


def _make_note(entry: LedgerEntry) -> str:
    """In words what made this call special."""
    names = ("reason", "message")
    notes = [str(entry.detail[name]) for name in names if entry.detail.get(name)]
    if "fault" in entry.detail:
        notes.append(f"planted fault: {entry.detail['fault']}")
    return "; ".join(notes)


def describe_one(visit: Visit) -> Html:
    entry = _find(visit)
    known = asdict(entry) | {"at": moment(entry.at), "status": _show_status(entry)}
    del known["detail"]
    return join(
        paragraph(link("/_console/calls", "All calls")),
        facts((name, "" if value is None else value) for name, value in known.items()),
        heading("What is known of it"),
        element("pre", hide_secrets(entry.detail), class_="scroll", tabindex=0),
    )


def _find(visit: Visit) -> LedgerEntry:
    wanted = visit.request.match_info["seq"]
    found = next((entry for entry in visit.world.ledger if str(entry.seq) == wanted), None)
    if found is None:
        raise MissingError("There is no such call, or it has been forgotten.")
    return found


PAGE = Page("/_console/calls", "Calls", before=filter_form, live=describe)
ONE = Page("/_console/calls/{seq}", "Call {}", before=describe_one)
