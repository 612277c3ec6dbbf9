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
    """One planted failure; ``after`` lets the call do its work first and spoils only the answer."""

    call: str
    kind: str
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    times: int | None = None
    after: bool = False


def make_ledger() -> deque[LedgerEntry]:
    return deque(maxlen=LEDGER_LENGTH)
