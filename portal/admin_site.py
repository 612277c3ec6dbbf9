"""The admin site, for operators and organization admins, behind the one sign-in page.

Not in `portal.admin`: importing that registers classes, for which the site must already be there.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _


class TenantAdminSite(AdminSite):
    """Who is in the admin is decided by memberships, not by a staff flag."""

    site_header = _("Greenroom administration")
    site_title = _("Greenroom")
    index_title = _("Your organization")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_staff

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Its first page: an operator's is about all organizations, not about one of theirs."""
        user = request.user
        if user.is_authenticated and user.is_superuser and not user.admin_of():
            extra_context = {"title": _("This installation"), **(extra_context or {})}
        return super().index(request, extra_context)

    # Without this the admin's own login page would go around rate limits and second factors.
    @method_decorator(login_not_required)
    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().login(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The one page with rate limits, not the admin's own."""
        return redirect("account_change_password")

    def get_urls(self) -> list[Any]:
        """Without "view on site": it reads any row of any organization, so it tells which exist."""
        return [
            entry for entry in super().get_urls() if getattr(entry, "name", None) != "view_on_site"
        ]
