"""App configuration of zoomauth."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ZoomAuthConfig(AppConfig):
    """What the admin calls this part of it: people need not know our modules."""

    name = "zoomauth"
    verbose_name = _("Zoom")
