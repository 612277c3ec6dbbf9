"""Organizations and memberships in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest

from portal.admin.base import TenantForm, TenantModelAdmin
from portal.models import Membership, Organization
from portal.tenancy import across_all_organizations


class OrganizationForm(TenantForm):
    """Names are unique over all organizations, so they are compared with all of them."""

    def _post_clean(self) -> None:
        with across_all_organizations():
            super()._post_clean()  # type: ignore[misc]


@admin.register(Organization)
class OrganizationAdmin(TenantModelAdmin):
    """Admins rename their own; operators make and deactivate them."""

    open_to_operator = True
    form = OrganizationForm
    owner_path = "id"
    list_display = ["name", "is_active", "created_at"]
    search_fields = ["name"]
    fields = ["name", "is_active"]

    def organization_of(self, obj: Organization) -> Organization:
        return obj

    def owner_id_of(self, obj: Organization) -> UUID:
        return obj.pk

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if request.user.is_superuser else ["is_active"]


@admin.register(Membership)
class MembershipAdmin(TenantModelAdmin):
    """Who belongs to which organization. Admins look; operators change."""

    open_to_operator = True
    list_display = ["user", "organization", "role", "is_active"]
    list_filter = ["role", "is_active"]
    search_fields = ["user__email", "user__name"]
    autocomplete_fields = ["user"]
    ordering = ["user__email"]
    operator_writes = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Hosts and grants hang on it; for another person or organization make another one.
        return ["user", "organization"] if obj else []

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "organization")
