"""Hosts in the admin: which member is which Zoom user, and who schedules for them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Subquery
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from meetings.admin.host_create_pages import HostCreatePages
from meetings.admin.host_link_pages import HostLinkPages
from meetings.admin.host_matching import HostMatchingPages
from meetings.models import Host, HostScheduler
from meetings.services.day_writes import describe_writes
from portal.admin.base import TenantModelAdmin
from portal.models import Membership
from zoomauth.services import judge_fitness, licence_label, zoom_user_of_row


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
class HostAdmin(HostMatchingPages, HostCreatePages, HostLinkPages, TenantModelAdmin):
    """Who starts as which Zoom user.

    Nothing in the form sets the member or the Zoom user: that is done by
    `meetings.services.host_links`, from the pages above.
    """

    can_add = False
    list_display = ["name", "email", "membership", "zoom_status", "zoom_licence", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["membership__user"]
    search_fields = ["name", "email"]
    fields = [
        "organization", "name", "email", "zoom_user_id", "zoom_status", "zoom_licence",
        "membership", "held_since", "writes", "is_active",
    ]  # fmt: skip
    readonly_fields = [
        "organization", "email", "zoom_user_id", "zoom_status", "zoom_licence", "membership",
        "held_since", "writes",
    ]  # fmt: skip
    inlines = [SchedulerInline]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With what the last import says of each Zoom user."""
        known = zoom_user_of_row()
        rows: models.QuerySet[Any] = super().get_queryset(request)
        told: models.QuerySet[Any] = rows.annotate(
            at_zoom_status=Subquery(known.values("status")[:1]),
            at_zoom_licence=Subquery(known.values("licence")[:1]),
            gone_from_zoom_at=Subquery(known.values("gone_at")[:1]),
        )
        return told

    @admin.display(description=gettext_lazy("status at Zoom"))
    def zoom_status(self, obj: Any) -> Any:
        fitness = judge_fitness(
            status=obj.at_zoom_status,
            licence=obj.at_zoom_licence,
            is_gone=obj.gone_from_zoom_at is not None,
        )
        return fitness.label

    @admin.display(description=gettext_lazy("meetings created and changed"))
    def writes(self, obj: Host) -> str:
        return describe_writes(obj)

    @admin.display(description=gettext_lazy("licence"), empty_value="-")
    def zoom_licence(self, obj: Any) -> Any:
        return licence_label(obj.at_zoom_licence)

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
