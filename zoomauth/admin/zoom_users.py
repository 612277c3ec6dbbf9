"""The Zoom users of shared accounts, for operators: to be found, and given to organizations."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.admin.base import TenantModelAdmin
from portal.models import Organization
from zoomauth.assigning import (
    Assigned,
    assign_users,
    assignments_of_row,
    users_of_shared_accounts,
)
from zoomauth.models import ZoomAccount, ZoomUser, ZoomUserAssignment


def _organizations() -> QuerySet[Organization]:
    """Those that use a shared account; only to them a Zoom user of one can be given."""
    rows: QuerySet[Organization] = Organization.objects.filter(
        zoom_connection__account__organization=None
    )
    return rows.order_by("name")


class OrganizationForm(ActionForm):
    """To whom the chosen ones are given."""

    # Filled when there is a scope; a class body has none.
    organization: Any = forms.ModelChoiceField(
        queryset=None,
        required=False,
        label=gettext_lazy("Organization:"),
        empty_label=gettext_lazy("Choose"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.queryset = _organizations()


class AssignedFilter(admin.SimpleListFilter):
    """Whose they are: nobody's, somebody's, or one organization's."""

    title = gettext_lazy("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        named = [(str(one.pk), one.name) for one in _organizations()]
        return [("nobody", _("Nobody")), ("anybody", _("Anybody")), *named]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if value in ("nobody", "anybody"):
            is_somebodys = assignments_of_row()
            return queryset.filter(~is_somebodys if value == "nobody" else is_somebodys)
        known = {key for key, _name in self.lookup_choices}
        return (
            queryset.filter(assignments_of_row(UUID(value))) if value in known else queryset.none()
        )


class SharedAccountFilter(admin.SimpleListFilter):
    """Which shared account, where there are several."""

    title = gettext_lazy("Zoom account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        rows = ZoomAccount.objects.filter(organization=None).order_by("name")
        return [(str(one.pk), one.name) for one in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        known = {key for key, _name in self.lookup_choices}
        if value is None:
            return queryset
        return queryset.filter(account=value) if value in known else queryset.none()


class _WithOwners(ChangeList):
    """The rows of a page with the organizations each one was given to: one query for all."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        keys = [row.key for row in self.result_list]
        owners: dict[tuple[Any, str], list[str]] = {}
        given = ZoomUserAssignment.objects.filter(zoom_user_id__in=keys).order_by(
            "organization__name"
        )
        for account, key, name in given.values_list(
            "account", "zoom_user_id", "organization__name"
        ):
            owners.setdefault((account, key), []).append(name)
        for row in self.result_list:
            row.owners = owners.get((row.account_id, row.key), [])


@admin.register(ZoomUser)
class ZoomUserAdmin(TenantModelAdmin):
    """For operators alone. An organization's admins see theirs at its hosts, and no others.

    Users of an organization's own account are not shown here: they are its content.
    """

    open_to_operator = True
    can_add = can_change = False
    owner_path = "account__organization"
    fields = ["account", "name", "email", "zoom_user_id", "status", "licence", "seen_at", "gone_at"]
    list_display = ["__str__", "email", "zoom_user_id", "standing", "assigned_to", "account"]
    list_filter = [AssignedFilter, SharedAccountFilter, "status", "licence"]
    list_select_related = ["account"]
    search_fields = ["name", "email", "zoom_user_id"]
    search_help_text = gettext_lazy("Name, e-mail address or Zoom user ID")
    ordering = ["name", "email"]
    actions = ["assign"]
    action_form = OrganizationForm
    show_full_result_count = False

    class Media:
        css = {"all": ["css/admin-zoom-users.css"]}

    def organization_of(self, obj: ZoomUser) -> Organization | None:
        return obj.account.organization

    def owner_id_of(self, obj: ZoomUser) -> UUID | None:
        return obj.account.organization_id

    def _may_open(self, request: HttpRequest, obj: Any = None) -> bool:
        if not (request.user.is_active and request.user.is_superuser):
            return False
        return obj is None or self.owner_id_of(obj) is None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.filter(pk__in=users_of_shared_accounts().values("pk"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return _WithOwners

    @admin.display(description=gettext_lazy("at Zoom"), ordering="status")
    def standing(self, obj: ZoomUser) -> Any:
        return _("No longer at Zoom") if obj.is_gone else obj.get_status_display()

    @admin.display(description=gettext_lazy("assigned to"))
    def assigned_to(self, obj: Any) -> str:
        return ", ".join(obj.owners) or _("Nobody")

    @admin.action(permissions=["view"], description=gettext_lazy("Assign to the organization"))
    def assign(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        actor: Any = request.user
        try:
            organization = _chosen_organization(request)
            came = assign_users(users=queryset, organization=organization, actor=actor)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return
        sentences = " ".join(_sentences(came, organization))
        self.message_user(request, sentences, messages.SUCCESS if came.made else messages.WARNING)


def _chosen_organization(request: HttpRequest) -> Organization:
    """Raises `ValidationError`. The form's other fields are the changelist's own affair."""
    field = OrganizationForm().fields["organization"]
    organization: Organization | None = field.clean(request.POST.get("organization"))
    if organization is None:
        raise ValidationError(_("Choose the organization to which they are to be assigned."))
    return organization


def _sentences(came: Assigned, organization: Organization) -> Iterator[str]:
    yield ngettext(
        "%(count)s Zoom user was assigned to %(organization)s.",
        "%(count)s Zoom users were assigned to %(organization)s.",
        came.made,
    ) % {"count": came.made, "organization": organization}
    if came.had:
        yield _("%(count)s had been before.") % {"count": came.had}
    if came.unfit:
        yield _("%(count)s cannot be: gone from Zoom, or invited and without an ID.") % {
            "count": came.unfit
        }
    if came.left:
        yield _("%(count)s are left: do it once more.") % {"count": came.left}
