"""The admin site, for operators and organization admins, behind the one sign-in page.

Not in `portal.admin`: importing that registers classes, for which the site must already be there.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class TenantAdminSite(AdminSite):
    """Who is in the admin is decided by memberships, not by a staff flag."""

    site_header = _("Greenroom administration")
    site_title = _("Greenroom")
    index_title = _("Your organization")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_staff

    # Without this the admin's own login page would go around rate limits and second factors.
    login: Any = secure_admin_login(AdminSite.login)
