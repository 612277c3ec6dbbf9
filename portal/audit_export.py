"""The audit trail as CSV, a part at a time."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

from portal.models import AuditEvent

MOST_ROWS = 100_000

_PART = 1000
_COLUMNS = (
    "at", "organization_name", "actor_name", "action", "result", "target_kind", "target_name",
    "target_id", "detail", "ip", "request_id",
)  # fmt: skip
_ABOUT = ("target_name", "detail")
# With one of these in front, a spreadsheet takes a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(rows: QuerySet[AuditEvent], *, hides: Callable[[AuditEvent], bool]) -> Iterator[str]:
    """Newest first. `hides`: of which events the reader is not told what they were about.

    The answer is written after the request's scope has closed. So `rows` is made inside it, which
    binds it to its organizations, and nothing in here asks a manager.
    """
    yield _line(_COLUMNS)
    rows, last = rows.order_by("-at", "-pk"), None
    told = 0
    while told < MOST_ROWS:
        part = list((rows.filter(_after(last)) if last else rows)[:_PART])
        if not part:
            return
        for event in part[: MOST_ROWS - told]:
            shown = [name for name in _COLUMNS if not (name in _ABOUT and hides(event))]
            yield _line([_text(event, name) if name in shown else "" for name in _COLUMNS])
        told, last = told + len(part), part[-1]


def _after(last: AuditEvent) -> Q:
    return Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk)


def _text(event: AuditEvent, name: str) -> str:
    value: Any = getattr(event, name)
    if name == "at":
        return str(value.isoformat())
    if name == "detail":
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else str(value)


def _line(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(value) for value in values])
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
