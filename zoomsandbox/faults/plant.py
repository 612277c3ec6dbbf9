"""A planted failure from the words of whoever plants it, checked before it is believed."""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Any

from zoomsandbox.faults.answers import JOIN_ERRORS
from zoomsandbox.faults.kinds import AIM, KINDS, Kind
from zoomsandbox.state.ledger import Fault

LONGEST = 3600.0
LONGEST_PATTERN = 200
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
_HEADER_VALUE = re.compile(r"[\t -~]{0,1000}")
# The framing is the server's own; the kinds that break it do so by themselves.
_FRAMING = ("content-length", "transfer-encoding", "connection", "upgrade")


def make_fault(fields: Mapping[str, Any], calls: Collection[str]) -> Fault:
    """The failure these fields describe. ``calls`` are the names that a call can have.

    Raises ValueError with one sentence: a planted failure that never comes would let a test pass.
    """
    kind = KINDS.get(str(fields.get("kind")))
    if kind is None:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    _check_fields(kind, fields)
    fault = Fault(**{"call": kind.call or "*", **fields})
    fault.after = fault.after or kind.after
    fault.seconds = kind.seconds if fault.seconds is None else fault.seconds
    _check_aim(kind, fault, calls)
    if kind.name == "wire_error" and fault.error not in JOIN_ERRORS:
        raise ValueError(f"error must be one of {', '.join(JOIN_ERRORS)}")
    return fault


def _check_fields(kind: Kind, fields: Mapping[str, Any]) -> None:
    allowed = {"kind", *(AIM if kind.has_aim else ("name",)), *kind.heeds}
    unknown = sorted(set(fields) - allowed)
    if unknown:
        raise ValueError(f"{kind.name} does not heed {', '.join(unknown)}")
    for name, value in fields.items():
        check, words = _RULES[name]
        if not check(value):
            raise ValueError(f"{name} must be {words}")


def _check_aim(kind: Kind, fault: Fault, calls: Collection[str]) -> None:
    if kind.call and fault.call != kind.call:
        raise ValueError(f"{kind.name} is for the call {kind.call} alone")
    if not any(fnmatchcase(call, fault.call) for call in calls):
        raise ValueError(f"call must be, or fit, one of {', '.join(sorted(calls))}")
    try:
        re.compile(fault.pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"pattern is no regular expression: {error}") from error


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_PATTERN


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_time(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= LONGEST


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str)
        and _HEADER_NAME.fullmatch(name)
        and _HEADER_VALUE.fullmatch(text)
        and name.lower() not in _FRAMING
        for name, text in value.items()
    )


_TEXT = (_is_text, f"text of at most {LONGEST_PATTERN} characters")
_COUNT = (lambda value: _is_whole(value, 0, 10**9), "a whole number from 0")
_MAYBE_COUNT = (lambda value: value is None or _is_whole(value, 0, 10**9), _COUNT[1])
_TIME = (_is_time, f"seconds from 0 to {LONGEST:g}")
_RULES = {
    **dict.fromkeys(("kind", "name", "call", "path", "pattern", "account", "error"), _TEXT),
    "skip": _COUNT,
    "times": _MAYBE_COUNT,
    "status": (lambda value: value is None or _is_whole(value, 200, 599), "from 200 to 599"),
    "body": (lambda value: True, "JSON"),
    "headers": (_are_headers, "an object of header names and their text"),
    "seconds": (lambda value: value is None or _is_time(value), _TIME[1]),
    "jitter": _TIME,
    "after": (lambda value: isinstance(value, bool), "true or false"),
}
