"""A meeting as it is sent to Zoom."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MeetingDraft:
    """A scheduled meeting as Zoom shall have it. Raises ValueError on a naive `starts_at`."""

    topic: str
    starts_at: datetime
    duration_minutes: int
    timezone: str
    passcode: str = field(default="", repr=False)
    alternative_hosts: tuple[str, ...] = ()
    # None: not said, so that the account's own setting holds.
    join_before_host: bool | None = None
    waiting_room: bool | None = None
    mute_upon_entry: bool | None = None

    def __post_init__(self) -> None:
        _check_schedule(self.starts_at, self.alternative_hosts)


@dataclass(frozen=True, kw_only=True)
class MeetingChanges:
    """What shall become different in a meeting; None leaves a thing as it is."""

    topic: str | None = None
    starts_at: datetime | None = None
    duration_minutes: int | None = None
    timezone: str | None = None
    passcode: str | None = field(default=None, repr=False)
    alternative_hosts: tuple[str, ...] | None = None
    join_before_host: bool | None = None
    waiting_room: bool | None = None
    mute_upon_entry: bool | None = None

    def __post_init__(self) -> None:
        _check_schedule(self.starts_at, self.alternative_hosts or ())


def make_changes(before: MeetingDraft, after: MeetingDraft) -> MeetingChanges | None:
    """What has to be told to Zoom to come from `before` to `after`; None: nothing.

    What `after` says nothing about stays as it is, an empty passcode too.
    """
    told = {
        name: value
        for name, value in vars(after).items()
        if value not in (None, "") and value != getattr(before, name)
    }
    return MeetingChanges(**told) if told else None


def make_meeting_body(meeting: MeetingDraft | MeetingChanges) -> dict[str, Any]:
    """Zoom API reference: Meetings, Create a meeting. A `start_time` with Z is in UTC."""
    body = {
        "topic": meeting.topic,
        "duration": meeting.duration_minutes,
        "timezone": meeting.timezone,
        "password": meeting.passcode,
    }
    named: dict[str, Any] = {key: value for key, value in body.items() if value is not None}
    if meeting.starts_at is not None:
        named["start_time"] = f"{meeting.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if settings := _make_settings(meeting):
        named["settings"] = settings
    return named


def _make_settings(meeting: MeetingDraft | MeetingChanges) -> dict[str, Any]:
    """Zoom ignores `join_before_host` while the waiting room is on."""
    settings: dict[str, Any] = {
        "join_before_host": meeting.join_before_host,
        "waiting_room": meeting.waiting_room,
        "mute_upon_entry": meeting.mute_upon_entry,
    }
    if meeting.alternative_hosts is not None:
        settings["alternative_hosts"] = ";".join(meeting.alternative_hosts)
    return {name: value for name, value in settings.items() if value is not None}


def _check_schedule(starts_at: datetime | None, alternative_hosts: tuple[str, ...]) -> None:
    if starts_at is not None and starts_at.utcoffset() is None:
        raise ValueError("starts_at needs a time zone")
    # Zoom takes them joined by semicolons, so one inside a name would add a host.
    if any(not email.strip() or ";" in email for email in alternative_hosts):
        raise ValueError("an alternative host is one e-mail address")
