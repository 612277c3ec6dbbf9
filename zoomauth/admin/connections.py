"""Which account an organization uses, and as which users of a shared one it may act."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.admin.base import TenantForm, TenantModelAdmin
from zoomauth.models import INSTALLATION, ZoomAccount, ZoomConnection, ZoomUserAssignment


class ZoomConnectionForm(TenantForm):
    """Which account an organization uses. The admin adds the fields, once there is a scope."""

    def clean(self) -> None:
        super().clean()
        account = self.cleaned_data.get("account")
        organization = self.cleaned_data.get("organization")
        if account and organization and account.organization_id not in (None, organization.pk):
            self.add_error("account", _("This account belongs to another organization."))
        if account and account.organization_id and self.cleaned_data.get("may_create_users"):
            text = _("Only on a shared account: the users of its own it creates at Zoom.")
            self.add_error("may_create_users", text)

    def _post_clean(self) -> None:
        account = self.cleaned_data.get("account")
        if account is not None:
            self.instance.owner_key = account.organization_id or INSTALLATION
        super()._post_clean()  # type: ignore[misc]


@admin.register(ZoomConnection)
class ZoomConnectionAdmin(TenantModelAdmin):
    """Operators connect organizations to shared accounts; admins see what theirs uses."""

    open_to_operator = True
    form = ZoomConnectionForm
    fields = ["organization", "account", "may_create_users"]
    list_display = ["organization", "account", "may_create_users"]
    audited_values = ("may_create_users",)
    ordering = ["organization__name"]
    list_select_related = ["organization", "account"]
    operator_writes = can_delete = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["organization", "account", "owner_key", "may_create_users"])
            values = self._values_told(obj, form, change)
            self._record(request, obj, "changed", form.changed_data, **values)
        else:
            super().save_model(request, obj, form, change)


class ZoomUserAssignmentForm(TenantForm):
    """Names a Zoom user for good."""

    def clean_zoom_user_id(self) -> str:
        named: str = self.cleaned_data["zoom_user_id"]
        if "@" in named:
            raise ValidationError(
                _("Not the address: it may be somebody else's tomorrow. Enter the user's ID.")
            )
        return named


@admin.register(ZoomUserAssignment)
class ZoomUserAssignmentAdmin(TenantModelAdmin):
    """Which users of a shared account an organization may act as: the operator's word alone."""

    open_to_operator = operator_writes = can_delete = True
    form = ZoomUserAssignmentForm
    fields = ["organization", "account", "zoom_user_id"]
    list_display = ["organization", "account", "zoom_user_id"]
    ordering = ["organization__name", "zoom_user_id"]
    list_select_related = ["organization", "account"]
    search_fields = ["zoom_user_id"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            kwargs["queryset"] = ZoomAccount.objects.filter(organization=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
