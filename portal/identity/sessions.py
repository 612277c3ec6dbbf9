"""Sessions that an organization's identity provider began: that organization's, and no more.

The provider is its admins' own. Whatever it says, it opens nothing outside its organization: not
another organization of the same person, not the operator's admin, not the person's own sign-in.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from portal.models import IdentityProvider
from portal.tenancy import across_all_organizations

SESSION_KEY: Final = "identity_provider"
# The row of the link by which the person came in. Another one, made later, revives no session.
_LINK_KEY: Final = "identity_link"
_MOMENT_KEY: Final = "identity_authenticated_at"
# What changes or shows how somebody signs in. `mfa_` and its like are beginnings.
_PERSONAL: Final = ("account_change_password", "account_reauthenticate", "mfa_", "usersessions_",
                    "identity:link", "identity:unlink")  # fmt: skip

# An invitation makes somebody a member of another organization, and may confirm their address.
_JOINING: Final = "invitation:accept"


def get_active_provider(provider_id: str | UUID) -> IdentityProvider | None:
    """The provider, if it may let people in now: it and its organization are active."""
    try:
        key = UUID(str(provider_id))
    except ValueError:
        return None
    with across_all_organizations():
        found: IdentityProvider | None = (
            IdentityProvider.objects.select_related("organization")
            .filter(pk=key, is_active=True, organization__is_active=True)
            .first()
        )
    return found


def provider_of(request: HttpRequest) -> str | None:
    """The id of the provider that began this session; None for all other sessions."""
    return request.session.get(SESSION_KEY)


def authenticated_at(request: HttpRequest) -> float | None:
    """When the person of a provider's session last showed it who they are, as far as it tells."""
    return request.session.get(_MOMENT_KEY)


def bind_to_link(
    request: HttpRequest, link: SocialAccount | None, *, authenticated_at: float | None = None
) -> None:
    """Say by which link to a provider this session was begun; None: by none."""
    for key in (SESSION_KEY, _LINK_KEY, _MOMENT_KEY):
        request.session.pop(key, None)
    if link is not None:
        request.session[SESSION_KEY] = link.provider
        request.session[_LINK_KEY] = link.pk
        request.session[_MOMENT_KEY] = authenticated_at


class ProviderSessionMiddleware:
    """Keeps these sessions in their organization, and ends those whose provider or link is gone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        provider_id = provider_of(request)
        if provider_id is not None:
            self._narrow(request, provider_id)
        return self.get_response(request)

    def _narrow(self, request: HttpRequest, provider_id: str) -> None:
        user, provider = request.user, get_active_provider(provider_id)
        if provider is None or not user.is_authenticated or user.is_superuser:
            logout(request)
            return
        link = SocialAccount.objects.filter(pk=request.session.get(_LINK_KEY))
        if not link.filter(user=user, provider=provider_id).exists():
            logout(request)
            return
        user.acts_only_in = provider.organization_id

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if provider_of(request) is None or match is None:
            return None
        if match.view_name == _JOINING:
            return render(request, "identity/no_joining_from_here.html", status=403)
        if match.view_name.startswith(_PERSONAL):
            return render(request, "identity/not_from_here.html", status=403)
        return None
