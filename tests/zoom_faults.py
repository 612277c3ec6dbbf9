"""What a host sees for every kind of failure the sandbox can plant: the tables the tests walk."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

# Longer than any test waits; who is not cut off at the deadline is found out by the clock.
LONG = 30.0


@dataclass(frozen=True)
class Seen:
    """The answer to a host who presses Start while Zoom fails so.

    ``code`` and ``sentence`` are empty where the start works all the same. ``is_slow``: only the
    deadline ends it. ``fields`` are what is planted besides the kind, ``times`` on how many calls:
    a read that meets the limit of a second is made once more.
    """

    status: int
    code: str = ""
    sentence: str = ""
    is_slow: bool = False
    times: int = 1
    fields: dict[str, Any] = field(default_factory=dict)


_WORKS = 200
_UNREADABLE = Seen(
    502, "zoom_answer_invalid", "Zoom's answer could not be read. Try again in a minute."
)
_FAULT_OF_ZOOMS = Seen(
    502,
    "zoom_unavailable",
    "Zoom has a fault of its own at the moment. Try again in a few minutes.",
)


def _too_slow(**fields: Any) -> Seen:
    sentence = "Zoom is taking too long to answer. Try again in a minute."
    return Seen(504, "zoom_timeout", sentence, is_slow=True, fields=fields)


# On the call that fetches the ZAK, or an access token before it.
ON_START: dict[str, Seen] = {
    "latency": Seen(_WORKS, fields={"seconds": 0.1, "jitter": 0.05}),
    "wrong_type": Seen(_WORKS),
    "stall": _too_slow(seconds=LONG),
    "drip": _too_slow(seconds=LONG),
    "body_drip": _too_slow(seconds=LONG),
    "refuse": Seen(
        502,
        "zoom_unreachable",
        "Zoom cannot be reached at the moment. Try again in a minute.",
        fields={"seconds": LONG},
    ),
    "drop": _FAULT_OF_ZOOMS,
    "reset": _FAULT_OF_ZOOMS,
    "lost_reply": _FAULT_OF_ZOOMS,
    "tls_error": _FAULT_OF_ZOOMS,
    "status": _FAULT_OF_ZOOMS,
    "html_error": _FAULT_OF_ZOOMS,
    "rate_limit": Seen(
        503,
        "zoom_rate_limited",
        "Zoom is getting too many requests. Wait a few seconds and try again.",
        times=2,
    ),
    "daily_limit": Seen(
        503,
        "zoom_daily_limit_reached",
        "Zoom takes no more of these requests today. Try again tomorrow.",
    ),
    "bad_json": _UNREADABLE,
    "empty": _UNREADABLE,
    "html": _UNREADABLE,
    "oversize": _UNREADABLE,
    "redirect": _UNREADABLE,
}

# What only a browser meets, where Zoom's SDK speaks to Zoom by itself.
IN_BROWSER = ("tls_error", "wire_error", "late_welcome", "no_welcome", "socket_close")


def find_gaps(kinds: Iterable[str]) -> set[str]:
    """Kinds without a test of the product, and tests of what is no kind."""
    return set(kinds) ^ {*ON_START, *IN_BROWSER}
