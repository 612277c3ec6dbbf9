"""Every call the sandbox was asked, in the order of arrival, and the failures planted for them."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

# About a minute of a benchmark; older calls are forgotten, so that a long run does not fill memory.
LEDGER_LENGTH = 200_000


@dataclass(slots=True)
class LedgerEntry:
    seq: int
    at: float
    call: str
    method: str
    path: str
    account_id: str | None = None
    status: int | None = None
    code: int | str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class Fault:
    """One planted failure: which calls it hits, which of those, and what it does to them.

    It hits calls whose name fits ``call``, whose path fits ``path`` (``*`` for anything) and whose
    path with its query has a match of the regular expression ``pattern``, made for ``account``;
    where one is left out, any. The first ``skip`` of them pass unhurt, then ``times`` are hit.
    ``after`` lets the call do its work and spoils only the answer. What ``status``, ``body``,
    ``headers``, ``seconds``, ``jitter`` and ``error`` mean is said where the kinds are listed.
    ``seen`` counts the calls it was about, ``hits`` those that were hit.
    """

    kind: str
    name: str = ""
    call: str = "*"
    path: str = ""
    pattern: str = ""
    account: str = ""
    skip: int = 0
    times: int | None = None
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    jitter: float = 0.0
    error: str = ""
    after: bool = False
    seen: int = 0
    hits: int = 0

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.hits >= self.times


def make_ledger() -> deque[LedgerEntry]:
    return deque(maxlen=LEDGER_LENGTH)
