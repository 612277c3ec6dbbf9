"""The page about one's own sign-in, and the way to an organization's identity provider."""

from contextlib import nullcontext
from uuid import UUID

from allauth.account.views import password_change
from allauth.decorators import rate_limit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal.statekit import get_states
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.identity.links import links_of, unlink
from portal.identity.provider import OrganizationProvider, ProviderEndpoints
from portal.identity.second_factors import has_second_factor
from portal.identity.sessions import get_active_provider, provider_of
from portal.identity.visits import ComeBackLater, visit
from portal.identity.wire import Unreachable
from portal.models import IdentityProvider, User
from portal.reauthentication import ask_if_needed


@require_GET
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Everything about how one signs in, and where it is changed."""
    user = _user(request)
    provider_id = provider_of(request)
    if provider_id is not None:
        provider = get_active_provider(provider_id)
        return render(request, "identity/account_by_provider.html", {"provider": provider})
    links = {link.provider: link for link in links_of(user)}
    providers = list(IdentityProvider.objects.filter(is_active=True).select_related("organization"))
    offered = [{"provider": row, "link": links.pop(str(row.pk), None)} for row in providers]
    context = {
        "has_second_factor": has_second_factor(user),
        "must_have_second_factor": user.must_have_second_factor(),
        "session_count": UserSession.objects.filter(user=user).count(),
        "offered": offered,
        # Of organizations they left, and of providers that are off.
        "other_links": list(links.values()),
    }
    return render(request, "identity/account.html", context)


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponseBase:
    """allauth's page. Who has no password gets the first one by mail, which proves the address."""
    if _user(request).has_usable_password():
        response: HttpResponseBase = password_change(request)
        return response
    messages.info(
        request, _("You have no password yet. Have a link mailed to you, and choose one there.")
    )
    return redirect("account_reset_password")


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
@rate_limit(action="identity_provider")  # type: ignore[untyped-decorator]
def sign_in_by_provider(request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
    """An organization's own sign-in page: says whose it is, and leads to the provider.

    Its address is handed out by the organization. There is no list of organizations.
    """
    provider = _provider(request, provider_id)
    if request.method == "GET":
        come_back_to = request.GET.get("next", "")
        return render(
            request, "socialaccount/login.html", {"provider": provider, "next": come_back_to}
        )
    provider.asks_again = provider_of(request) == str(provider_id)
    next_url = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(next_url, allowed_hosts=None):
        next_url = ""
    return _lead_to(request, provider, AuthProcess.LOGIN, next_url)


@require_POST
@never_cache
def link_provider(request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
    """Pressing the button is the confirmation, of somebody who showed lately who they are."""
    if not IdentityProvider.objects.filter(pk=provider_id).exists():
        raise Http404
    provider = _provider(request, provider_id)
    asked = ask_if_needed(request, come_back_to=reverse("identity:account"))
    return asked or _lead_to(request, provider, AuthProcess.CONNECT, "")


@require_POST
@never_cache
def unlink_provider(request: HttpRequest, link_id: int) -> HttpResponse:
    link: SocialAccount = get_object_or_404(links_of(_user(request)), pk=link_id)
    asked = ask_if_needed(request, come_back_to=reverse("identity:account"))
    if asked is not None:
        return asked
    unlink(link, IdentityProvider.objects.filter(pk=link.provider).first())
    messages.success(request, _("Unlinked. You can no longer sign in through it."))
    return redirect("identity:account")


@never_cache
@login_not_required
@require_GET
@rate_limit(action="identity_provider")  # type: ignore[untyped-decorator]
def provider_callback(request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
    """Where the provider sends people back to."""
    provider = _provider(request, provider_id)
    # Not allauth's view of the same name: it would use its own, laxer reading of the answers.
    view = OAuth2CallbackView.adapter_view(ProviderEndpoints(request, str(provider_id)))
    # The provider is asked nothing for those who did not begin here, and they take no place.
    began_here = request.GET.get("state") in get_states(request)
    try:
        with visit(provider_id) if began_here else nullcontext():
            response: HttpResponseBase = view(request)
    except ComeBackLater as error:
        response = render_authentication_error(request, provider, exception=error)
    return response


def _provider(request: HttpRequest, provider_id: UUID) -> OrganizationProvider:
    try:
        found: OrganizationProvider = get_adapter(request).get_provider(request, str(provider_id))
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return found


def _lead_to(
    request: HttpRequest, provider: OrganizationProvider, process: str, next_url: str
) -> HttpResponseBase:
    params = provider.get_auth_params_from_request(request, process)
    try:
        with visit(UUID(provider.app.provider_id)):
            response: HttpResponseBase = provider.redirect(
                request,
                process,
                next_url=next_url or None,
                auth_params=params,
                # Kept with the state: the visitor can take `prompt` out of the address.
                asks_again=provider.asks_again,
            )
    except (OAuth2Error, Unreachable) as error:
        response = render_authentication_error(request, provider, exception=error)
    return response


def _user(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # noqa: S101 - for the type checker
    return request.user
