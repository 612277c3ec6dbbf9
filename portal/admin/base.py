"""The base of every admin class over tenant data."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest

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


class TenantModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows an organization's admins their own rows.

    Rows, foreign-key choices and autocompletion are narrowed by the request's scope (see
    `portal.tenancy`). Here is decided who may do what with them. Every change is audited.
    """

    form = TenantForm
    # The link would go through a view that looks the row up outside any scope.
    view_on_site = False
    # Which class a role may open. Operators run the installation and see no tenant's content.
    open_to_operator = False
    # Admins of the organization look; only operators add, change and delete.
    operator_writes = False
    can_add = True
    can_change = True
    can_delete = False

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

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        user = request.user
        unlimited = user.is_superuser and self.open_to_operator
        if field and db_field.name == "organization" and user.is_authenticated and not unlimited:
            # An operator may be somebody's admin too; their scope is then wider than their say.
            field.queryset = Organization.objects.filter(pk__in=user.admin_of())
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # Naming the columns keeps what somebody else saved meanwhile.
            columns = [name for name in form.changed_data if self._is_column(obj, name)]
            obj.save(update_fields=columns)
        else:
            obj.save(force_insert=True)
        self._record(request, obj, "changed" if change else "added", form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._record(request, obj, "deleted", [])
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def _is_column(self, obj: models.Model, name: str) -> bool:
        return any(field.name == name for field in obj._meta.concrete_fields)

    def _record(self, request: HttpRequest, obj: Any, verb: str, fields: list[str]) -> None:
        record(
            f"{obj._meta.model_name}.{verb}",
            organization=self.organization_of(obj),
            actor=request.user,  # type: ignore[arg-type]
            target=obj,
            fields=sorted(fields),
        )
