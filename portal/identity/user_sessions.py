"""Ending sessions from the list of one's own sessions."""

from typing import Any

from allauth.core import context
from allauth.usersessions.adapter import DefaultUserSessionsAdapter

from portal.audit import record


class UserSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Writes it down."""

    def end_sessions(self, sessions: list[Any]) -> None:
        record("sessions.ended", organization=None, actor=context.request.user, count=len(sessions))
        super().end_sessions(sessions)
