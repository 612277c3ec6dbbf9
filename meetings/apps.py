"""App configuration of meetings."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    """What the admin calls this part of it."""

    name = "meetings"
    verbose_name = _("Hosts and meetings")
