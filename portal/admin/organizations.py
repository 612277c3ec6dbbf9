"""Organizations and memberships in the admin."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portal.admin.base import TenantForm, TenantModelAdmin
from portal.memberships import lock_organization, refuse_to_remove_last_admin
from portal.models import Membership, Organization
from portal.notices import tell_admins_of_policies
from portal.reauthentication import AsksWhoYouAre
from portal.tenancy import across_all_organizations

OWN_MEMBERSHIP = _("This is your own membership. Another admin can change it for you.")
# What makes it easier to act as somebody else: all admins are told.
_TOLD = ("mfa_required", "admins_may_start_on_behalf")
POLICIES: Any = ["mfa_required", "who_may_schedule", "admins_may_start_on_behalf"]


class OrganizationForm(TenantForm):
    """Names are unique over all organizations, so they are compared with all of them."""

    def _post_clean(self) -> None:
        with across_all_organizations():
            super()._post_clean()  # type: ignore[misc]


@admin.register(Organization)
class OrganizationAdmin(AsksWhoYouAre, TenantModelAdmin):
    """Admins rename their own and set its policies; operators make and deactivate them."""

    open_to_operator = True
    form = OrganizationForm
    owner_path = "id"
    list_display = ["name", "is_active", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    ordering = ["name"]
    fieldsets = (
        (None, {"fields": ["name", "is_active"]}),
        (_("Policies"), {"fields": POLICIES}),
    )
    audited_values = ("name", "is_active", *POLICIES)

    def organization_of(self, obj: Organization) -> Organization:
        return obj

    def owner_id_of(self, obj: Organization) -> UUID:
        return obj.pk

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def response_add(
        self, request: HttpRequest, obj: Organization, post_url_continue: str | None = None
    ) -> HttpResponse:
        """On to its first admin, who does the rest: nobody is in it yet."""
        if {"_addanother", "_continue", IS_POPUP_VAR} & request.POST.keys():
            return super().response_add(request, obj, post_url_continue)
        text = _("%(organization)s is there. Now invite its first admin, who sets up the rest.")
        messages.success(request, text % {"organization": obj.name})
        query = urlencode({"organization": obj.pk, "role": Membership.Role.ADMIN})
        return redirect(f"{reverse('admin:portal_invitation_add')}?{query}")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whether it is active is the operator's say; its policies are its own admins' say."""
        user = request.user
        fixed = [] if user.is_superuser else ["is_active"]
        its_admin = user.is_authenticated and obj is not None and obj.pk in user.admin_of()
        return fixed if its_admin else [*fixed, *POLICIES]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        told = [name for name in _TOLD if change and name in form.changed_data]
        if told:
            policies = {_name_of(obj, name): _both(obj, name, form) for name in told}
            tell_admins_of_policies(obj, policies, request.user)  # type: ignore[arg-type]


def _name_of(obj: Organization, name: str) -> str:
    return capfirst(str(obj._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _both(obj: Organization, name: str, form: Any) -> tuple[str, str]:
    """What was and what is, in words."""
    field: Any = obj._meta.get_field(name)
    words = dict(field.flatchoices) or {True: _("on"), False: _("off")}
    return str(words.get(form.initial.get(name))), str(words.get(getattr(obj, name)))


class MembershipForm(TenantForm):
    """Keeps people from raising themselves, and organizations from losing their last admin.

    The admin checks and saves in one transaction, so the lock that is taken here holds until then.
    """

    # Who sends the form; the admin says.
    sender: Any = None

    def clean(self) -> None:
        super().clean()
        user = self.cleaned_data.get("user") or getattr(self.instance, "user", None)
        if user is not None and user == self.sender:
            raise ValidationError(OWN_MEMBERSHIP)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors or self.instance._state.adding:
            return
        lock_organization(self.instance.organization_id)
        before = Membership.objects.get(pk=self.instance.pk)
        # For the audit trail: what was before this change, not before the page was opened.
        self.initial.update(role=before.role, is_active=before.is_active)
        try:
            refuse_to_remove_last_admin(self.instance)
        except ValidationError as error:
            self.add_error(None, error)


@admin.register(Membership)
class MembershipAdmin(AsksWhoYouAre, TenantModelAdmin):
    """Who belongs to which organization, as what.

    Admins change role and activity. They add people by invitation, never by choosing a person: the
    choice would tell them who is in other organizations. Only operators choose.
    """

    open_to_operator = True
    form = MembershipForm
    list_display = ["user", "user__email", "role", "is_active"]
    list_filter = ["role", "is_active"]
    list_select_related = ["user", "organization"]
    search_fields = ["user__email", "user__name"]
    autocomplete_fields = ["user"]
    ordering = ["user__email"]
    audited_values = ("role", "is_active")
    names_need = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everybody's but one's own: nobody raises themselves."""
        own = obj is not None and obj.user_id == request.user.pk
        return not own and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown: dict[str, Any] = {"fields": ["user", "organization", "role", "is_active"]}
        if obj is not None and obj.user_id == request.user.pk:
            shown["description"] = OWN_MEMBERSHIP
        return [(None, shown)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Hosts and grants hang on it; for another person or organization make another one.
        return ["user", "organization"] if obj else []

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.sender = request.user
        return form

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "organization")
