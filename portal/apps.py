"""App configuration of the portal and of its admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """The portal."""

    name = "portal"
    verbose_name = _("People and organizations")

    def ready(self) -> None:
        # Registered for their effect; nothing else imports them.
        from portal import checks, receivers  # noqa: F401, PLC0415


class GreenroomAdminConfig(AdminConfig):
    """Django's admin, with the site that knows organizations."""

    default_site = "portal.admin_site.TenantAdminSite"
