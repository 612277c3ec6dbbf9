"""Controls for the ledger: every call the sandbox was asked, in the order of arrival.

The ledger is bounded; the oldest calls are forgotten first, and no number is given twice.
"""

import dataclasses
from typing import Annotated, Any

from zoomsandbox.control.framework import Ask, Control
from zoomsandbox.control.shapes import Bounds, ByName, Many, Record
from zoomsandbox.state.ledger import LedgerEntry
from zoomsandbox.state.ledger_query import Feature, LedgerQuery, count_entries, find_entries

FILTERS = {
    "call": str,
    "account": str,
    "status": str,
    "path": str,
    "since": Annotated[int, Bounds(0, 1e15)],
}
LIMIT = Annotated[int, Bounds(1, 1_000_000)]
LIST_QUERY = Record("LedgerQuery", {**FILTERS, "limit": LIMIT}, optional=(*FILTERS, "limit"))
COUNT_QUERY = Record("CountQuery", {"by": Feature, **FILTERS}, optional=("by", *FILTERS))
CRASH = Record("Crash", {"call": str, "traceback": str})
COUNTS = Record("Counts", {"by": Feature, "total": int, "counts": ByName(int)})


async def list_entries(ask: Ask) -> Any:
    """List calls, all or those asked for.

    call and path are patterns in which * stands for anything; status is a number, a class such as
    4xx, or none for calls without an answer; since is the number of the last entry already seen.
    limit gives the first ones after since or, without since, the last ones.
    """
    limit = ask.query.pop("limit", None)
    found = find_entries(ask.world.ledger, LedgerQuery(**ask.query), limit)
    return [dataclasses.asdict(entry) for entry in found]


async def count(ask: Ask) -> Any:
    """Count calls by call, account or status, with the filters of the list."""
    by = ask.query.pop("by", "call")
    counts = count_entries(ask.world.ledger, LedgerQuery(**ask.query), by)
    return {"by": by, "total": sum(counts.values()), "counts": counts}


async def clear(ask: Ask) -> Any:
    """Forget the calls so far. Their numbers are not given again."""
    ask.world.ledger.clear()
    return {}


async def list_crashes(ask: Ask) -> Any:
    """List the sandbox's own defects that calls have run into, each with its traceback."""
    return ask.world.crashes


CONTROLS = (
    Control("GET", "ledger", "Ledger", list_entries, query=LIST_QUERY, answer=Many(LedgerEntry)),
    Control("GET", "ledger/counts", "Ledger", count, query=COUNT_QUERY, answer=COUNTS),
    Control("DELETE", "ledger", "Ledger", clear),
    Control("GET", "crashes", "Ledger", list_crashes, answer=Many(CRASH)),
)
