"""Ending the sessions of a person whom somebody else has changed."""

from allauth.usersessions.models import UserSession

from portal.models import User


def sign_out_everywhere(user: User, *, but: str | None = None) -> int:
    """End this person's sessions, but for the one with this key; how many."""
    sessions = list(UserSession.objects.filter(user=user).exclude(session_key=but or ""))
    for session in sessions:
        session.end()
    return len(sessions)
