"""Hosts and meetings in the admin."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from meetings.models import Host, HostScheduler, Meeting
from portal.admin.base import TenantModelAdmin
from portal.models import Membership


class SchedulerInline(admin.TabularInline):  # type: ignore[type-arg]
    """The members who may schedule for a host."""

    model = HostScheduler
    fields = ["membership"]
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._of_own_host(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._of_own_host(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._of_own_host(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._of_own_host(request, obj)

    def _of_own_host(self, request: HttpRequest, host: Host | None) -> bool:
        user = request.user
        if not user.is_authenticated or host is None:
            return False
        return host.organization_id in user.admin_of()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "membership":
            # The host's own organization, also for somebody who is admin of several.
            match = request.resolver_match
            host_id: Any = match.kwargs.get("object_id") if match else None
            kwargs["queryset"] = Membership.objects.filter(
                role=Membership.Role.SCHEDULER, organization__hosts=host_id
            ).select_related("user")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Host)
class HostAdmin(TenantModelAdmin):
    """Which member is which Zoom user."""

    list_display = ["name", "email", "membership", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["membership__user"]
    search_fields = ["name", "email"]
    fields = ["organization", "name", "email", "zoom_user_id", "membership", "is_active"]
    inlines = [SchedulerInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["organization"] if obj else []

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for scheduler in formset.save(commit=False):
            scheduler.organization_id = form.instance.organization_id
            scheduler.save()
            self._record(request, scheduler, "added", ["membership"])
        for scheduler in formset.deleted_objects:
            self._record(request, scheduler, "deleted", [])
            scheduler.delete()
        formset.save_m2m()


@admin.register(Meeting)
class MeetingAdmin(TenantModelAdmin):
    """Looking only: meetings are made where Zoom is asked too."""

    can_add = can_change = can_delete = False
    list_display = ["topic", "host", "starts_at", "meeting_number"]
    list_filter = ["starts_at"]
    list_select_related = ["host"]
    search_fields = ["topic", "host__name"]
    fields = ["organization", "topic", "host", "starts_at", "ends_at", "time_zone"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # Not even read: nothing here shows them.
        return super().get_queryset(request).defer("passcode", "join_url")
