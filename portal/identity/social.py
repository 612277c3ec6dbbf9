"""What allauth is told about identity providers. Rules are in `portal.identity.links`."""

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.audit import record
from portal.identity.links import Assertion, Refusal, SignInRefused, admit, link
from portal.identity.provider import OrganizationProvider
from portal.identity.sessions import get_active_provider, provider_of
from portal.identity.visits import ComeBackLater
from portal.identity.wire import Unreachable, make_session
from portal.models import AuditEvent, IdentityProvider, User
from portal.reauthentication import did_recently_authenticate

log = logging.getLogger(__name__)


class ProviderGone(SocialApp.DoesNotExist, ValueError):  # type: ignore[misc]
    """No such provider, or it lets nobody in. A sign-in under way then starts anew (ValueError)."""


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Providers are rows of `IdentityProvider`, found by id; nobody is told which there are."""

    def list_apps(self, *args: Any, **kwargs: Any) -> list[SocialApp]:
        return []

    def list_providers(self, request: HttpRequest) -> list[OrganizationProvider]:
        return []

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        row = get_active_provider(provider)
        if row is None:
            raise ProviderGone
        return _make_app(row)

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> OrganizationProvider:
        return OrganizationProvider(request, app=self.get_app(request, provider))

    def get_requests_session(self) -> Any:
        return make_session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never allauth's way: `links.admit` adds people where a provider may."""
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        return False

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        user: User = sociallogin.user
        user.email, user.name = data.get("email", ""), data.get("name", "")
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider has spoken. Let the person in, link them, or refuse."""
        # The session would keep them until a second factor is given.
        sociallogin.token, sociallogin.email_addresses = None, []
        row = get_active_provider(sociallogin.account.provider)
        if row is None:
            raise ProviderGone
        assertion = Assertion(
            provider=row,
            subject=sociallogin.account.uid,
            email=(sociallogin.user.email or "").strip().lower(),
            name=sociallogin.user.name,
            authenticated_at=sociallogin.authenticated_at,
        )
        try:
            if sociallogin.state.get("process") == AuthProcess.CONNECT:
                raise ImmediateHttpResponse(_link(request, assertion))
            asked_again = bool(sociallogin.state.get("asks_again"))
            sociallogin.account = admit(assertion, asked_again=asked_again)
            # The state outlasts a second factor that is asked for now.
            sociallogin.state["authenticated_at"] = assertion.authenticated_at
            sociallogin.user = sociallogin.account.user
        except SignInRefused as refused:
            context = {"provider": row, "refusal": refused.refusal.label}
            page = render(request, "socialaccount/refused.html", context, status=403)
            raise ImmediateHttpResponse(page) from None

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, **kwargs: Any
    ) -> None:
        """The flow broke off; the reason is for the log and the trail, not for the page."""
        row = get_active_provider(provider.app.provider_id)
        exception, extra = kwargs.get("exception"), kwargs.get("extra_context") or {}
        reason = str(exception or error or "unknown")[:200]
        log.warning("A sign-in by provider %s broke off: %s", provider.app.provider_id, reason)
        was_ours = exception is not None or "state" in extra
        if was_ours and not isinstance(exception, ComeBackLater):
            record(
                "login.failed",
                organization=row.organization if row else None,
                actor=None,
                target=row,
                result=AuditEvent.Result.FAILED,
                reason=reason,
            )
        # Else anybody can cause it as often as they like, and rows can never be deleted.
        page = _unreachable(request, row, exception) or render(
            request, "socialaccount/authentication_error.html", {"provider": row}, status=401
        )
        raise ImmediateHttpResponse(page)


def _unreachable(
    request: HttpRequest, row: IdentityProvider | None, error: Any
) -> HttpResponse | None:
    """The page for a provider that does not answer, and when to come back."""
    if not isinstance(error, Unreachable):
        return None
    is_busy = isinstance(error, ComeBackLater) and error.is_busy
    context = {"provider": row, "is_busy": is_busy}
    page = render(request, "socialaccount/unreachable.html", context, status=503)
    page["Retry-After"] = "5" if is_busy else "30"
    return page


def _make_app(row: IdentityProvider) -> SocialApp:
    """The row in allauth's words; never saved."""
    return SocialApp(
        provider=OrganizationProvider.id,
        provider_id=str(row.pk),
        name=row.name,
        client_id=row.client_id,
        secret=row.client_secret,
        settings={
            "issuer": row.issuer,
            "server_url": row.issuer,
            "oauth_pkce_enabled": True,
            "scope": ["openid", "profile", "email"],
        },
    )


def _link(request: HttpRequest, assertion: Assertion) -> HttpResponseBase:
    user = request.user
    if not user.is_authenticated or provider_of(request) is not None:
        raise SignInRefused(Refusal.SIGNED_OUT)
    if not did_recently_authenticate(request):
        raise SignInRefused(Refusal.STALE)
    link(assertion, user)
    messages.success(request, _("Linked. You can sign in through it from now on."))
    return redirect("identity:account")
