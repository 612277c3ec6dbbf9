"""What Zoom's webhooks brought, as a list without its contents."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.admin.base import TenantModelAdmin
from portal.models import Organization
from zoomauth.models import WebhookEvent


@admin.register(WebhookEvent)
class WebhookEventAdmin(TenantModelAdmin):
    """That an event came, and about what. Its contents are sealed and are shown to nobody."""

    open_to_operator = True
    can_add = can_change = False
    owner_path = "account__organization"
    fields = ["account", "name", "object_id", "happened_at", "received_at"]
    list_display = ["name", "object_id", "account", "happened_at", "received_at"]
    ordering = ["-received_at"]
    list_select_related = ["account"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Nobody needs them here, and they are large.
        return super().get_queryset(request).defer("payload")

    def organization_of(self, obj: WebhookEvent) -> Organization | None:
        return obj.account.organization

    def owner_id_of(self, obj: WebhookEvent) -> UUID | None:
        return obj.account.organization_id
