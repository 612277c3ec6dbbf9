"""Hosts and meetings in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from meetings.models import Host, HostScheduler, Meeting
from portal.admin.base import TenantModelAdmin
from portal.models import Membership


class SchedulerForm(forms.ModelForm):  # type: ignore[type-arg]
    """Django's inline forms skip every rule that names the parent: one grant per member, here."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                self.instance.validate_constraints()
            except ValidationError as error:
                self._update_errors(error)  # type: ignore[attr-defined]


class SchedulerFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """A grant belongs to its host's organization, which must be known when it is checked."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.instance.organization_id = self.instance.organization_id
        return form


class SchedulerInline(admin.TabularInline):  # type: ignore[type-arg]
    """The members who may schedule for a host."""

    model = HostScheduler
    form = SchedulerForm
    formset = SchedulerFormSet
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
        if not user.is_authenticated:
            return False
        # Django asks without a host whether any of the rows may be shown.
        return host.organization_id in user.admin_of() if host else bool(user.admin_of())

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        field: Any = formset.form.base_fields.get("membership")
        if field:
            # The host's own organization, also for somebody who is admin of several.
            field.queryset = Membership.objects.filter(
                role=Membership.Role.SCHEDULER, organization__hosts=obj
            ).select_related("user")
        return formset


@admin.register(Host)
class HostAdmin(TenantModelAdmin):
    """Which member is which Zoom user."""

    list_display = ["name", "email", "membership", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["membership__user"]
    search_fields = ["name", "email"]
    fields = ["organization", "name", "email", "zoom_user_id", "membership", "is_active"]
    inlines = [SchedulerInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        # A host that is being added has no organization yet from which to choose.
        return self.inlines if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["organization"] if obj else []

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for scheduler in formset.deleted_objects:
            self._record(request, scheduler, "deleted", [])
            scheduler.delete()
        for scheduler in formset.new_objects:
            scheduler.save(force_insert=True)
            self._record(request, scheduler, "added", ["membership"])
        for scheduler, fields in formset.changed_objects:
            scheduler.save(update_fields=fields)
            self._record(request, scheduler, "changed", fields)


@admin.register(Meeting)
class MeetingAdmin(TenantModelAdmin):
    """Looking only: meetings are made where Zoom is asked too."""

    can_add = can_change = can_delete = False
    list_display = ["topic", "host", "starts_at", "meeting_number"]
    list_filter = ["starts_at"]
    list_select_related = ["host"]
    search_fields = ["topic", "host__name"]
    ordering = ["-starts_at"]
    fields = ["organization", "topic", "host", "starts_at", "ends_at", "time_zone"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # Not even read: nothing here shows them.
        return super().get_queryset(request).defer("passcode", "join_url")
