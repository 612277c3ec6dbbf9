"""How new meetings are, in the admin: each organization's own say."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from meetings.models import MeetingDefaults
from portal.admin.base import TenantModelAdmin


@admin.register(MeetingDefaults)
class MeetingDefaultsAdmin(TenantModelAdmin):
    """One row an organization. Forms and API begin with it, and Zoom is told it."""

    can_delete = False
    audited_values = ("duration_minutes", "join_before_host", "waiting_room", "mute_on_entry")
    list_display = ["organization", *audited_values]
    list_select_related = ["organization"]
    fields = ["organization", *audited_values]
    ordering = ["organization__name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["organization"] if obj else []
