"""The base of every admin class over tenant data."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from portal.audit import record
from portal.models import Organization


class TenantModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows an organization's admins their own rows.

    Rows, foreign-key choices and autocompletion are narrowed by the request's scope (see
    `portal.tenancy`). Here is decided who may do what with them. Every change is audited.
    """

    # Which class a role may open. Operators run the installation and see no tenant's content.
    open_to_operator = False
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
        return self.can_add and self._may_open(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self._may_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and self._may_open(request, obj)

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

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # Naming the columns keeps what somebody else saved meanwhile.
            columns = [name for name in form.changed_data if self._is_column(obj, name)]
            obj.save(update_fields=columns)
        else:
            obj.save(force_insert=True)
        self._record(request, obj, "changed" if change else "added", form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
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
