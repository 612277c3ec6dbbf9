"""The audit trail in the admin: read only."""

from typing import Any
from uuid import UUID

from django.contrib import admin

from portal.admin.base import TenantModelAdmin
from portal.models import AuditEvent, Organization


@admin.register(AuditEvent)
class AuditEventAdmin(TenantModelAdmin):
    """Each organization's admins see their own events; operators see all."""

    open_to_operator = True
    owner_path = "organization_id"
    can_add = can_change = can_delete = False
    list_display = ["at", "actor_name", "action", "result", "target_name", "ip"]
    list_filter = ["action", "result", "at"]
    search_fields = ["actor_name", "target_name", "request_id"]
    fields = [
        "at", "organization_name", "actor_name", "action", "result",
        "target_kind", "target_name", "detail", "ip", "request_id",
    ]  # fmt: skip

    def organization_of(self, obj: Any) -> Organization | None:
        return None

    def owner_id_of(self, obj: AuditEvent) -> UUID | None:
        return obj.organization_id
