"""Who the session's person is, and what they are in which organization: one query."""

from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from portal.models import User


class SessionBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's, which checks passwords. It alone is in use: two would check each one twice."""

    def get_user(self, user_id: UUID) -> User | None:
        """At each request, so that whoever has been deactivated is nobody at the next one."""
        user = User.objects.get_with_memberships(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
