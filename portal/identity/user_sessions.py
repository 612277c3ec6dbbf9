"""Ending sessions from the list of one's own sessions."""

from typing import Any

from allauth.core import context
from allauth.usersessions.adapter import DefaultUserSessionsAdapter

from portal.audit import organizations_of, record


class UserSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Writes it down."""

    def end_sessions(self, sessions: list[Any]) -> None:
        user = context.request.user
        for organization in organizations_of(user):
            record("sessions.ended", organization=organization, actor=user, count=len(sessions))
        super().end_sessions(sessions)
