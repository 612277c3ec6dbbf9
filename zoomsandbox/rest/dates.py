"""Spans of days in the query of a list: ``from`` and ``to``.

Source: Zoom API reference; ``yyyy-MM-dd`` or ``yyyy-MM-dd'T'HH:mm:ss'Z'``, both in UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from zoomsandbox.rest.errors import invalid

FORM = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")


@dataclass(frozen=True)
class Span:
    """Both ends belong to it; None is open. A day as the last one is in it as a whole."""

    start: datetime | None
    end: datetime | None

    def holds(self, moment: float) -> bool:
        after = self.start is None or moment >= self.start.timestamp()
        return after and (self.end is None or moment <= self.end.timestamp())


def read_span(request: web.Request) -> Span:
    """Raises ZoomRefusal (code 300) for other forms, and for an end before the start (a guess)."""
    start, end = _read(request, "from", last=False), _read(request, "to", last=True)
    if start and end and end < start:
        raise invalid("to")
    return Span(start, end)


def _read(request: web.Request, name: str, *, last: bool) -> datetime | None:
    text = request.query.get(name)
    if not text:
        return None
    match = FORM.fullmatch(text)
    try:
        moment = datetime.fromisoformat(text) if match else None
    except ValueError:
        moment = None
    if match is None or moment is None or not 1970 <= moment.year < 3000:
        raise invalid(name)
    is_day = match.group(1) is None
    moment = moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1, microseconds=-1) if is_day and last else moment
