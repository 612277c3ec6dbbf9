"""How people get accounts, which is not by signing up, and what is done when they sign in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest, HttpResponse

from portal.audit import record
from portal.identity.sessions import bind_to_provider, get_active_provider
from portal.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from an administrator, so the sign-up page is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        signal_kwargs: dict[str, Any] | None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Every way in ends here: say whose session it is, and write it down."""
        social = (signal_kwargs or {}).get("sociallogin")
        provider_id = social.account.provider if social else None
        bind_to_provider(request, provider_id)
        provider = get_active_provider(provider_id) if provider_id else None
        record(
            "login.completed",
            organization=provider.organization if provider else None,
            actor=user,
            target=provider,
            methods=_methods(request, user),
        )
        response: HttpResponse = super().post_login(
            request, user, signal_kwargs=signal_kwargs, **kwargs
        )
        return response


def _methods(request: HttpRequest, user: User) -> list[str]:
    """How they showed who they are, in order: ["password", "totp"]."""
    records = get_authentication_records(request, user)
    return [str(entry.get("type") or entry.get("method")) for entry in records]
