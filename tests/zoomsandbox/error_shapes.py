"""How Zoom says no, in our own words, each with where it is from."""

from tests.zoomsandbox.shapes import NAME, Schema, Shape, many, record

_ERROR = record({"code": {"type": "integer"}, "message": NAME})


def error(code: int, *words: str) -> Schema:
    """With this code, and a sentence that has these words."""
    sentence = {"allOf": [NAME, *({"pattern": word} for word in words)]}
    return record({"code": {"type": "integer", "const": code}, "message": sentence})


ERRORS: dict[str, Shape] = {
    "oauth error": Shape(
        "Seen in public reports of refused credentials (high)",
        record({"reason": NAME, "error": {"type": "string", "pattern": "^[a-z_]+$"}}),
    ),
    "numbered oauth error": Shape(
        "Zoom, OAuth error messages, codes 4700 to 4741 (high)",
        record({"code": {"type": "integer", "minimum": 4700, "maximum": 4741}, "message": NAME}),
    ),
    "error": Shape("Zoom API, Error definitions (high)", _ERROR),
    "validation error": Shape(
        "Zoom API, Error definitions: code 300 with the fields (high)",
        record(
            {
                **error(300)["properties"],
                "errors": many(record({"field": NAME, "message": NAME})),
            }
        ),
    ),
    "no such user": Shape("Zoom API, Error definitions (high)", error(1001, "does not exist")),
    "no such meeting": Shape("Zoom API, Error definitions (high)", error(3001, "does not exist")),
    "missing scope": Shape(
        "Seen in public logs and reports (high)",
        error(4711, r"does not contain scopes:\[user:read:user:admin\]"),
    ),
    "bad token": Shape("Seen in practice (medium)", error(124, "[Tt]oken")),
    "calls of a second": Shape("Zoom API, Rate limits (high)", error(429, "per-second")),
    "calls of a day": Shape("Zoom API, Rate limits (high)", error(429, "daily")),
    "writes of a day": Shape(
        "Zoom's forum, of the hundred creates and updates (high)",
        error(429, "daily", "Meeting Create/Update", "00:00:00"),
    ),
}
