"""What was sent to subscribers, what became of it, and the unkindness planted for it."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

EVENTS_LENGTH = 10_000
DELIVERIES_LENGTH = 20_000

UnkindKind = Literal[
    "duplicate", "disorder", "delay", "lose", "wrong_signature", "stale_timestamp", "altered_body"
]
UNKIND_KINDS: tuple[str, ...] = get_args(UnkindKind)


@dataclass(slots=True)
class Delivery:
    """One attempt to deliver one event to one subscription.

    ``attempt`` 1 is the first, 2 to 4 are the retries, 0 was lost on purpose. ``at`` and
    ``due_next``, when the next attempt is made, are moments of the sandbox's clock, ``took`` are
    seconds of the machine's. ``status`` is None when no answer came; ``error`` says why.
    """

    seq: int
    account_id: str
    subscription_id: str
    url: str
    event: str
    event_ts: int
    attempt: int
    at: float
    tracking_id: str = ""
    fault: str = ""
    status: int | None = None
    error: str = ""
    took: float | None = None
    delivered: bool = False
    due_next: float | None = None


@dataclass
class DeliveryFault:
    """Unkindness to come: which deliveries it spoils, and how.

    It spoils the first attempt of the next ``times`` deliveries (None: of all) of this ``event``
    (``*``: of any), where ``account_id`` is set only of that account's. ``seconds``: by how much a
    ``delay`` is late, or a ``stale_timestamp`` old. ``later``: how many deliveries to the same
    subscription go before one in ``disorder``.
    """

    event: str
    kind: UnkindKind
    times: int | None = 1
    account_id: str = ""
    seconds: float = 600.0
    later: int = 1

    def spoils(self, event: str, account_id: str) -> bool:
        return (
            self.times != 0
            and self.event in (event, "*")
            and self.account_id in (account_id, "")
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """An event on its way to one subscription, with the very bytes that are signed and sent."""

    account_id: str
    subscription_id: str
    event: str
    event_ts: int
    body: bytes = field(repr=False)


@dataclass
class Held:
    """A letter that waits until so many ``later`` ones have gone."""

    letter: Letter
    later: int


@dataclass
class Lane:
    """The way to one subscription: how many may be sent at once, and what is held back."""

    places: asyncio.Semaphore
    held: list[Held] = field(default_factory=list)


def make_events() -> deque[dict[str, Any]]:
    """The bodies of all events, whether or not anybody was told."""
    return deque(maxlen=EVENTS_LENGTH)


def make_deliveries() -> deque[Delivery]:
    return deque(maxlen=DELIVERIES_LENGTH)
