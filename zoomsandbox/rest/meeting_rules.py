"""What Zoom accepts in the body of a meeting. Pure: no request, no clock."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from zoomsandbox.rest.errors import invalid
from zoomsandbox.rest.recurrence import clean_recurrence, make_occurrences
from zoomsandbox.state.meetings import (
    INSTANT,
    NO_FIXED_TIME,
    RECURRING,
    SCHEDULED,
    SCREEN_SHARE,
)
from zoomsandbox.state.times import write_time

TYPES = (INSTANT, SCHEDULED, NO_FIXED_TIME, RECURRING, SCREEN_SHARE)
START = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z?)")
# Nobody plans for other years, and dates can be reckoned with in all of these.
YEARS = range(1970, 3000)
TIMEZONES = available_timezones()
TEXT_LIMITS = {"topic": 200, "agenda": 2000}
MOST_TRACKING_FIELDS = 20
# What the dates of a recurring meeting depend on.
MAKING_DATES = ("type", "recurrence", "start_time", "timezone", "duration")


def clean_fields(body: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """The stored fields after this body, or Zoom's refusal with code 300.

    Source: Zoom API reference, Meetings, Create a meeting. Fields Zoom does not know are ignored,
    and so is ``template_id``: the sandbox has no templates.
    """
    fields = {**old, **_clean_texts(body)}
    if "type" in body:
        fields["type"] = _one_of("type", body["type"], TYPES)
    if "duration" in body:
        fields["duration"] = _one_of("duration", body["duration"], range(1, 1441))
    if "timezone" in body:
        fields["timezone"] = _one_of("timezone", body["timezone"], TIMEZONES)
    if body.get("start_time") is not None:
        fields["start_time"] = read_start_time(body["start_time"], fields["timezone"])
    if "pre_schedule" in body:
        fields["pre_schedule"] = read_flag("pre_schedule", body["pre_schedule"])
    if "tracking_fields" in body:
        fields["tracking_fields"] = _clean_tracking_fields(body["tracking_fields"])
    return _with_recurrence(fields, body.get("recurrence"))


def _with_recurrence(fields: dict[str, Any], given: Any) -> dict[str, Any]:
    """Only meetings of type 8 have one, and they must."""
    old = fields.pop("recurrence", None)
    if fields["type"] != RECURRING:
        return fields
    if given is None and old is None:
        raise invalid("recurrence")
    if given is not None:
        old = clean_recurrence(given, fields["start_time"], fields["timezone"])
    return {**fields, "recurrence": old}


def dates_of(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The occurrences of a meeting with these fields; none unless it recurs at fixed times."""
    if fields["type"] != RECURRING:
        return []
    return make_occurrences(
        fields["recurrence"], fields["start_time"], fields["timezone"], fields["duration"]
    )


def clean_occurrence(body: dict[str, Any], occurrence: dict[str, Any], timezone: str) -> Any:
    """The one date after this body: only its time and length can be changed."""
    changed = dict(occurrence)
    if body.get("start_time") is not None:
        changed["start_time"] = read_start_time(body["start_time"], timezone)
    if "duration" in body:
        changed["duration"] = _one_of("duration", body["duration"], range(1, 1441))
    return changed


def _clean_texts(body: dict[str, Any]) -> dict[str, str]:
    cleaned = {}
    for name, limit in TEXT_LIMITS.items():
        if name in body:
            cleaned[name] = read_text(name, body[name], limit)
    return cleaned


def read_text(name: str, value: Any, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise invalid(name)
    return value


def read_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid(name)
    return value


def _one_of(name: str, value: Any, allowed: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str) or value not in allowed:
        raise invalid(name)
    return value


def _clean_tracking_fields(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_TRACKING_FIELDS:
        raise invalid("tracking_fields")
    cleaned = []
    for pair in value:
        if not isinstance(pair, dict):
            raise invalid("tracking_fields")
        name = read_text("tracking_fields.field", pair.get("field"), 200)
        text = read_text("tracking_fields.value", pair.get("value", ""), 2000)
        cleaned.append({"field": name, "value": text, "visible": True})
    return cleaned


def read_start_time(text: Any, timezone: str) -> str:
    """Zoom's two forms, ``…Z`` for UTC and without it local to the timezone, told back in UTC."""
    match = START.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise invalid("start_time")
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError as error:
        raise invalid("start_time") from error
    if moment.year not in YEARS:
        raise invalid("start_time")
    zone = UTC if match.group(1) else ZoneInfo(timezone)
    return write_time(moment.replace(tzinfo=zone))
