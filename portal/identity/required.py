"""Who must have a second factor, and has none or has not shown it, first does that.

Asked at every request, so a policy counts from the next one on, also for those who signed in
before. A session that an identity provider began is that organization's own affair, and so is the
second factor there.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, reverse
from django.utils.translation import gettext as _

from portal.identity.second_factors import has_second_factor, used_second_factor
from portal.identity.sessions import provider_of

# Showing the factor one has. Not removing it: that would be the way around.
_SHOWING: Final = {
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}
_SETTING_UP: Final = _SHOWING | {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
}


class SecondFactorMiddleware:
    """Leads people to set up or to show their second factor before anything else opens."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        user, match = request.user, request.resolver_match
        if not settings.MFA_ENFORCED or not user.is_authenticated or match is None:
            return None
        if provider_of(request) is not None or not user.must_have_second_factor():
            return None
        if used_second_factor(request, user) and has_second_factor(user):
            return None
        if has_second_factor(user):
            return None if match.view_name in _SHOWING else _lead_to_show(request, match)
        return None if match.view_name in _SETTING_UP else _lead_to_set_up(request, match)


def _lead_to_set_up(request: HttpRequest, match: ResolverMatch) -> HttpResponseBase:
    text = _(
        "Your organization asks for a second step at sign-in. Set it up, and everything else opens."
    )
    if _is_for_a_program(request, match):
        return _refuse("second_factor_missing", text)
    messages.warning(request, text)
    return HttpResponseRedirect(reverse("mfa_index"))


def _lead_to_show(request: HttpRequest, match: ResolverMatch) -> HttpResponseBase:
    text = _("Your organization asks for a second step at sign-in. Please show it now.")
    if _is_for_a_program(request, match):
        return _refuse("second_factor_not_shown", text)
    messages.warning(request, text)
    come_back_to = request.get_full_path() if request.method == "GET" else reverse("home")
    query = urlencode({"next": come_back_to})
    return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{query}")


def _is_for_a_program(request: HttpRequest, match: ResolverMatch) -> bool:
    if match.route.startswith("api/"):
        return True
    accepts = request.headers.get("Accept", "")
    return "application/json" in accepts and "text/html" not in accepts


def _refuse(code: str, text: str) -> JsonResponse:
    """As the API and the start page tell every other refusal."""
    error = {"code": code, "message": text, "tracking_id": "", "outcome_unknown": False}
    return JsonResponse({"detail": text, "error": error}, status=403)
