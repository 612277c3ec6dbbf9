"""The words in which Zoom's answers and events are described, as JSON Schema.

Members that Zoom is not known to send are not forbidden: it adds some now and then. Those named as
required are the ones a client may rely on.
"""

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
LINK: Schema = {"type": "string", "pattern": r"^https?://"}
EMAIL: Schema = {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+$"}
MILLISECONDS: Schema = {"type": "integer", "minimum": 10**12}
# Ten digits for personal rooms, eleven for others; nine for old ones.
NUMBER: Schema = {"type": "integer", "minimum": 10**8, "maximum": 10**11 - 1}
NUMBER_AS_TEXT: Schema = {"type": "string", "pattern": "^[0-9]{9,11}$"}
UUID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9+/]{22}==$"}
PASSCODE: Schema = {"type": "string", "pattern": r"^[A-Za-z0-9@\-_*]{0,10}$"}
MEETING_TYPE: Schema = {"enum": [1, 2, 3, 8, 10]}
USER_TYPE: Schema = {"enum": [1, 2, 4, 99]}


@dataclass(frozen=True)
class Shape:
    """``source`` is where Zoom says so, and how sure that is: high, medium or low."""

    source: str
    schema: Schema


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties}


def many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def page(name: str, item: Schema, *, numbered: bool = False) -> Schema:
    """Zoom, API pagination: an empty ``next_page_token`` is the end; 300 is the most."""
    counts = {"page_count": COUNT, "page_number": COUNT} if numbered else {}
    members = {
        "page_size": {"type": "integer", "minimum": 1, "maximum": 300},
        "total_records": COUNT,
        "next_page_token": TEXT,
    }
    return record({**members, **counts, name: many(item)})
