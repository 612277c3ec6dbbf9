"""Meetings, and what stays of their runs."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Meeting:
    """``fields`` are those of Zoom's meeting object that a body may set."""

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

    @property
    def topic(self) -> str:
        return str(self.fields["topic"])

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


@dataclass
class Run:
    """One run of a meeting, as it is or was; its UUID is its own."""

    uuid: str
    number: int
    account_id: str
    host_id: str
    topic: str
    type: int
    started_at: float
    ended_at: float | None = None
    attendance: list[Attendance] = field(default_factory=list)


@dataclass
class Recording:
    """A cloud recording of one run."""

    id: str
    uuid: str
    number: int
    account_id: str
    host_id: str
    topic: str
    started_at: float
    ended_at: float
    files: list[dict[str, Any]] = field(default_factory=list)
