"""Meetings, and what stays of their runs."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Zoom's meeting types: instant, scheduled, recurring without and with a fixed time, and one for
# sharing a screen only.
INSTANT = 1
SCHEDULED = 2
NO_FIXED_TIME = 3
RECURRING = 8
SCREEN_SHARE = 10
REGISTRATION_OFF = 2


@dataclass
class Meeting:
    """``fields`` are those of Zoom's meeting object that a body may set.

    ``occurrences`` are the dates of a recurring meeting as Zoom tells them; what only one of them
    has otherwise, such as an agenda, is in ``own_fields`` under its id. ``registrants`` are as Zoom
    tells them, with a ``tk`` each. Seconds since the epoch are ``used_at``, when its last run
    ended, and ``deleted_at``, when it came into the trash.
    """

    number: int
    uuid: str
    account_id: str
    host_id: str
    created_at: datetime
    password: str = field(repr=False)
    encrypted_password: str = field(repr=False)
    fields: dict[str, Any]
    alternative_hosts: tuple[str, ...] = ()
    occurrences: list[dict[str, Any]] = field(default_factory=list)
    registrants: list[dict[str, Any]] = field(default_factory=list)
    own_fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    h323_password: str = field(default="", repr=False)
    dynamic_host_key: str = field(default="", repr=False)
    used_at: float | None = None
    deleted_at: float | None = None

    @property
    def topic(self) -> str:
        return str(self.fields["topic"])

    @property
    def type(self) -> int:
        return int(self.fields["type"])

    @property
    def settings(self) -> dict[str, Any]:
        found = self.fields["settings"]
        return found if isinstance(found, dict) else {}

    @property
    def needs_registration(self) -> bool:
        """Only meetings with a time can have registrants."""
        kind = self.settings.get("approval_type", REGISTRATION_OFF)
        return kind != REGISTRATION_OFF and self.type in (SCHEDULED, RECURRING)

    def find_occurrence(self, occurrence_id: str) -> dict[str, Any] | None:
        return next((o for o in self.occurrences if o["occurrence_id"] == occurrence_id), None)

    def make_own_path(self, registrant: dict[str, Any]) -> str:
        """Where this registrant, and nobody else, comes in."""
        passcode = f"&pwd={self.encrypted_password}" if self.password else ""
        return f"/w/{self.number}?tk={registrant['tk']}{passcode}"

    def may_be_started_by(self, user_id: str) -> bool:
        return user_id == self.host_id or user_id in self.alternative_hosts


@dataclass
class Attendance:
    """One stay of one person; times are seconds since the epoch."""

    id: str
    name: str
    user_id: str
    email: str
    joined_at: float
    left_at: float | None = None
    customer_key: str = ""
    registrant_id: str = ""


@dataclass
class Run:
    """One run of a meeting, as it is or was; its UUID is its own.

    ``started_by`` is the host or alternative host who came first, empty until one has.
    ``auto_recording`` is the meeting's setting at its start.
    """

    uuid: str
    number: int
    account_id: str
    host_id: str
    topic: str
    type: int
    started_at: float
    ended_at: float | None = None
    attendance: list[Attendance] = field(default_factory=list)
    started_by: str = ""
    auto_recording: str = "none"


@dataclass
class Recording:
    """A cloud recording of one run; nobody is shown it before ``ready_at``."""

    id: str
    uuid: str
    number: int
    account_id: str
    host_id: str
    topic: str
    started_at: float
    ended_at: float
    files: list[dict[str, Any]] = field(default_factory=list)
    type: int = 2
    ready_at: float = 0.0
