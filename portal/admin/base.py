"""The base of every admin class over tenant data."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db import models, transaction
from django.http import HttpRequest

from portal.admin.choices import OwnChoices, OwnRelatedFilter
from portal.audit import record
from portal.models import Organization


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks constraints that name the owner also where the owner can no longer be chosen.

    Django skips a constraint over a field that the form lacks, and the database then answers with
    an error page.
    """

    def _get_validation_exclusions(self) -> set[str]:
        skipped: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return skipped if self.instance._state.adding else skipped - {"organization"}


class TenantModelAdmin(OwnChoices, admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows an organization's admins their own rows.

    Rows, foreign-key choices and autocompletion are narrowed by the request's scope (see
    `portal.tenancy`), and here a second time. Here is also decided who may do what with them. Every
    change is audited.

    `open_to_operator` opens a class to operators too. They run the installation and see no tenant's
    content, so most classes are closed to them.
    """

    form = TenantForm
    # The link would go through a view that looks the row up outside any scope.
    view_on_site = False
    # Admins of the organization look; only operators add, change and delete.
    operator_writes = False
    can_add = True
    can_change = True
    can_delete = False
    # Fields of which the audit trail keeps the old and the new value. Never a secret.
    audited_values: tuple[str, ...] = ()
    # What `str()` of a row reads, so that a list of choices is one query.
    names_need: tuple[str, ...] = ()

    def organization_of(self, obj: Any) -> Organization | None:
        """The organization that owns `obj`; None for the installation's own."""
        return obj.organization  # type: ignore[no-any-return]

    def owner_id_of(self, obj: Any) -> UUID | None:
        return obj.organization_id  # type: ignore[no-any-return]

    def _may_open(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        if user.is_superuser and self.open_to_operator:
            return True
        if obj is None:
            return bool(user.admin_of())
        return self.owner_id_of(obj) in user.admin_of()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may_open(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_open(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and self._may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self._may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and self._may_write(request, obj)

    def _may_write(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        writes = bool(request.user.is_superuser) or not self.operator_writes
        return writes and self._may_open(request, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The acting admin's rows. A second filter, should the scope ever be wider than that."""
        rows = super().get_queryset(request)
        user = request.user
        if not user.is_authenticated:
            return rows.none()
        if user.is_superuser and self.open_to_operator:
            return rows
        return rows.filter(**{f"{self.owner_path}__in": user.admin_of()})

    owner_path = "organization"

    def name_rows(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """The rows with what naming them needs."""
        return rows.select_related(*self.names_need) if self.names_need else rows

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The organization is chosen already for those who administer one only."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        user = request.user
        own = user.admin_of() if user.is_authenticated else []
        return {"organization": own[0], **initial} if len(own) == 1 else initial

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the organization for those who see several."""
        columns = list(super().get_list_display(request))
        return [*columns, "organization"] if self._tells_owner(request, columns) else columns

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """All that is shown. Django's own choice leaves out references that may be empty."""
        joined = super().get_list_select_related(request)
        named = list(joined) if isinstance(joined, (list, tuple)) else []
        shown = [name for name in self.get_list_display(request) if self._refers(name)]
        return list(dict.fromkeys([*named, *shown]))

    def _refers(self, name: Any) -> bool:
        return any(field.name == name and field.is_relation for field in self.opts.concrete_fields)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Filters over other rows offer one's own; over the organization, if one has several."""
        filters = list(super().get_list_filter(request))
        if self._tells_owner(request, filters):
            filters.append("organization")
        return [self._own_filter(entry) for entry in filters]

    def _own_filter(self, entry: Any) -> Any:
        if isinstance(entry, str):
            last = get_fields_from_path(self.model, entry)[-1]
            if getattr(last, "remote_field", None):
                return (entry, OwnRelatedFilter)
        return entry

    def _tells_owner(self, request: HttpRequest, shown: list[Any]) -> bool:
        user = request.user
        several = user.is_authenticated and (user.is_superuser or len(user.admin_of()) > 1)
        return several and self._owner_is_a_field() and "organization" not in shown

    def _owner_is_a_field(self) -> bool:
        return any(field.name == "organization" for field in self.opts.concrete_fields)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # Naming the columns keeps what somebody else saved meanwhile.
            columns = [name for name in form.changed_data if self._is_column(obj, name)]
            obj.save(update_fields=columns)
        else:
            obj.save(force_insert=True)
        values = self._values_told(obj, form, change)
        self._record(request, obj, "changed" if change else "added", form.changed_data, **values)

    def _values_told(self, obj: Any, form: Any, change: bool) -> dict[str, Any]:
        """What was and what is, of the fields that may be told."""
        told = [name for name in self.audited_values if not change or name in form.changed_data]
        if not told:
            return {}
        after = {name: getattr(obj, name) for name in told}
        if not change:
            return {"after": after}
        return {"before": {name: form.initial.get(name) for name in told}, "after": after}

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._record(request, obj, "deleted", [])
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def _is_column(self, obj: models.Model, name: str) -> bool:
        return any(field.name == name for field in obj._meta.concrete_fields)

    def _record(
        self, request: HttpRequest, obj: Any, verb: str, fields: list[str], **detail: Any
    ) -> None:
        record(
            f"{obj._meta.model_name}.{verb}",
            organization=self.organization_of(obj),
            actor=request.user,  # type: ignore[arg-type]
            target=obj,
            fields=sorted(fields),
            **detail,
        )
