"""Questions to the ledger: which calls, and how many of each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import Literal

from zoomsandbox.state.ledger import LedgerEntry

Feature = Literal["call", "account", "status"]
# How an entry is counted that has no account, or no answer (yet).
NONE = "none"


@dataclass(frozen=True)
class LedgerQuery:
    """What is wanted; None asks for nothing.

    ``call`` and ``path`` are patterns in which ``*`` stands for anything. ``status`` is a number, a
    class of them such as ``4xx``, or ``none`` for calls that got no answer. ``since``: later than
    the entry of this number; ``until``: earlier.
    """

    call: str | None = None
    account: str | None = None
    status: str | None = None
    path: str | None = None
    since: int | None = None
    until: int | None = None

    def matches(self, entry: LedgerEntry) -> bool:
        return (
            (self.since is None or entry.seq > self.since)
            and (self.until is None or entry.seq < self.until)
            and (self.call is None or fnmatchcase(entry.call, self.call))
            and (self.account is None or get_feature(entry, "account") == self.account)
            and (self.status is None or _has_status(entry, self.status))
            and (self.path is None or fnmatchcase(entry.path, self.path))
        )


def _has_status(entry: LedgerEntry, wanted: str) -> bool:
    status = get_feature(entry, "status")
    return wanted in (status, f"{status[0]}xx")


def get_feature(entry: LedgerEntry, feature: Feature) -> str:
    """The entry's call, account or status as text; ``none`` where it has none."""
    value = {"call": entry.call, "account": entry.account_id, "status": entry.status}[feature]
    return NONE if value is None else str(value)


def find_entries(
    ledger: Iterable[LedgerEntry], query: LedgerQuery, limit: int | None = None
) -> list[LedgerEntry]:
    """In the order of arrival: with ``since`` the first ``limit`` after it, else the last ones.

    So a reader who asks again with the last number it saw misses nothing.
    """
    if limit is None:
        return list(filter(query.matches, ledger))
    if query.since is not None:
        return list(islice(filter(query.matches, ledger), limit))
    return list(islice(find_latest(ledger, query), limit))[::-1]


def find_latest(ledger: Iterable[LedgerEntry], query: LedgerQuery) -> Iterator[LedgerEntry]:
    """The same, the latest first."""
    return filter(query.matches, reversed(list(ledger)))


def count_entries(ledger: Iterable[LedgerEntry], query: LedgerQuery, by: Feature) -> dict[str, int]:
    """How many calls of each kind, the most frequent first."""
    return dict(Counter(get_feature(e, by) for e in ledger if query.matches(e)).most_common())
