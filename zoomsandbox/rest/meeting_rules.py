"""What Zoom accepts in the body of a meeting. Pure: no request, no clock."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from zoomsandbox.rest.errors import invalid
from zoomsandbox.state.accounts import Account, User

TYPES = (1, 2, 3, 8, 10)
PASSCODE = re.compile(r"[A-Za-z0-9@\-_*]{0,10}")
START = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z?)")
TIMEZONES = available_timezones()
TEXT_LIMITS = {"topic": 200, "agenda": 2000}

DEFAULT_SETTINGS: dict[str, Any] = {
    "host_video": False,
    "participant_video": False,
    "join_before_host": False,
    "jbh_time": 0,
    "mute_upon_entry": False,
    "waiting_room": False,
    "approval_type": 2,
    "auto_recording": "none",
    "meeting_authentication": False,
    "use_pmi": False,
    "alternative_hosts": "",
    "alternative_hosts_email_notification": True,
}


def clean_fields(body: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """The stored fields after this body, or Zoom's refusal with code 300.

    Source: Zoom API reference, Meetings, Create a meeting. Fields Zoom does not know are ignored.
    """
    fields = dict(old)
    for name, limit in TEXT_LIMITS.items():
        if name in body:
            if not isinstance(body[name], str) or len(body[name]) > limit:
                raise invalid(name)
            fields[name] = body[name]
    if "type" in body:
        fields["type"] = _one_of("type", body["type"], TYPES)
    if "duration" in body:
        fields["duration"] = _one_of("duration", body["duration"], range(1, 1441))
    if "timezone" in body:
        fields["timezone"] = _one_of("timezone", body["timezone"], TIMEZONES)
    if body.get("start_time") is not None:
        fields["start_time"] = read_start_time(body["start_time"], fields["timezone"])
    if isinstance(body.get("recurrence"), dict):
        fields["recurrence"] = body["recurrence"]
    if fields["type"] == 8 and not fields.get("recurrence"):
        raise invalid("recurrence")
    return fields


def _one_of(name: str, value: Any, allowed: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str) or value not in allowed:
        raise invalid(name)
    return value


def read_start_time(text: Any, timezone: str) -> str:
    """Zoom's two forms, ``…Z`` for UTC and without it local to the timezone, told back in UTC."""
    match = START.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise invalid("start_time")
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError as error:
        raise invalid("start_time") from error
    zone = UTC if match.group(1) else ZoneInfo(timezone)
    return write_time(moment.replace(tzinfo=zone))


def write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_passcode(value: Any) -> str:
    """At most ten letters, digits and ``@ - _ *``."""
    if not isinstance(value, str) or not PASSCODE.fullmatch(value):
        raise invalid("password")
    return value


def find_alternative_hosts(account: Account, host: User, text: Any) -> tuple[str, ...]:
    """The ids behind a semicolon-separated list: licensed, active users of the host's account.

    Zoom documents the condition but no code for breaking it; the sandbox uses 300. Zoom's own
    samples also separate with commas.
    """
    if not isinstance(text, str):
        raise invalid("settings.alternative_hosts")
    found = []
    for key in filter(None, (part.strip() for part in re.split("[;,]", text))):
        user = account.find_user(key)
        if user is None or user.type != 2 or user.status != "active" or user.id == host.id:
            message = f"Not a licensed user of the host's account: {key}."
            raise invalid("settings.alternative_hosts", message)
        found.append(user.id)
    return tuple(dict.fromkeys(found))
