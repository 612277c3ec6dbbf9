"""The fields of an answer, taken only if they are what they should be."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

PRINTABLE: Final = re.compile(r"[!-~]+")

_UNSAFE_IN_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class WrongShapeError(Exception):
    """An answer lacks something, or has it in another type. Never leaves the client."""


def read_json(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise WrongShapeError from None
    if not isinstance(answer, dict):
        raise WrongShapeError
    return answer


def clean(text: str, longest: int = 1000) -> str:
    """Without control characters and the halves that remain when an emoji is cut in two."""
    return _UNSAFE_IN_TEXT.sub("", text)[:longest]


def get_text(answer: Mapping[str, Any], key: str, default: str = "") -> str:
    value = answer.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise WrongShapeError
    return clean(value)


def get_printable(answer: Mapping[str, Any], key: str, *, required: bool = True) -> str:
    """A token, an id or a URL: taken as it is, or not at all."""
    value = answer.get(key)
    if value in (None, "") and not required:
        return ""
    if not isinstance(value, str) or not PRINTABLE.fullmatch(value):
        raise WrongShapeError
    return value


def get_url(answer: Mapping[str, Any], key: str, *, required: bool = True) -> str:
    value = get_printable(answer, key, required=required)
    if value and not value.startswith(("https://", "http://")):
        raise WrongShapeError
    return value


def get_whole(
    answer: Mapping[str, Any], key: str, *, low: int, high: int, default: int | None = None
) -> int:
    value = answer.get(key)
    if value is None:
        value = default
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise WrongShapeError
    return value


def get_moment(answer: Mapping[str, Any], key: str) -> datetime | None:
    value = answer.get(key)
    if value in (None, ""):
        return None
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is None:
        raise WrongShapeError
    return moment


def parse_moment(
    value: str, parse: Callable[[str], datetime] = datetime.fromisoformat
) -> datetime | None:
    """In UTC, which Zoom echoes: a value without an offset is one whose Z was left out."""
    try:
        moment = parse(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
