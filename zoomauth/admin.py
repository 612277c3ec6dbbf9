"""Zoom accounts in the admin: secrets go in and never come out; a button checks the connection.

And what Zoom's webhooks brought, as a list without its contents.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal.admin.base import TenantForm, TenantModelAdmin
from portal.audit import record
from portal.models import AuditEvent, Organization
from zoomauth.connection_check import check_account
from zoomauth.models import (
    INSTALLATION,
    AccessToken,
    WebhookEvent,
    ZoomAccount,
    ZoomConnection,
    ZoomUserAssignment,
)

SECRETS = {
    "client_secret": _("Client secret"),
    "sdk_client_secret": _("SDK client secret"),
    "webhook_secret": _("Webhook secret token"),
}


# What an access token was given for. With others it is somebody else's.
_TOKEN_GROUNDS = {"region", "account_id", "client_id", "client_secret"}


class ZoomAccountForm(TenantForm):
    """Secrets are write-only: never rendered, and an empty box keeps what is stored."""

    class Meta:
        model = ZoomAccount
        fields = ["name", "region", "account_id", "client_id", "sdk_client_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adding = self.instance._state.adding
        for name, label in SECRETS.items():
            self.fields[f"new_{name}"] = forms.CharField(
                label=label,
                required=adding and name != "webhook_secret",
                max_length=255,
                widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
                help_text="" if adding else self._stored_text(name),
            )

    def _stored_text(self, name: str) -> Any:
        # The raw column: whether something is stored can be told without unsealing it.
        if self.instance.__dict__.get(name):
            return _("Stored. Leave empty to keep it.")
        return _("Not set.")

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name in SECRETS:
            if text := self.cleaned_data.get(f"new_{name}", ""):
                setattr(self.instance, name, text.strip())


@admin.register(ZoomAccount)
class ZoomAccountAdmin(TenantModelAdmin):
    """An organization's own account; the installation's shared ones for operators."""

    open_to_operator = True
    form = ZoomAccountForm
    list_display = ["name", "organization", "account_id", "region"]
    search_fields = ["name", "account_id"]
    autocomplete_fields = ["organization"]
    ordering = ["name"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # The address has the account's id in it, so there is none before it is saved.
        webhook = ["webhook_address", "webhook_validated"] if obj else []
        return [
            (None, {"fields": ["organization", "name", "region", "account_id"]}),
            (_("Server-to-Server OAuth app"), {"fields": ["client_id", "new_client_secret"]}),
            (_("Event subscription"), {"fields": [*webhook, "new_webhook_secret"]}),
            (_("Meeting SDK app"), {"fields": ["sdk_client_id", "new_sdk_client_secret"]}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        # The admin builds the form from its fieldsets, and the secrets are no model fields.
        kwargs["fields"] = ["organization", *ZoomAccountForm.Meta.fields]
        form = super().get_form(request, obj, change, **kwargs)
        if (field := form.base_fields.get("organization")) and not request.user.is_superuser:
            field.required = True
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Secrets are sealed for their owner: an account cannot change hands.
        return ["organization", "webhook_address", "webhook_validated"] if obj else []

    @admin.display(description=_("event notification endpoint URL"))
    def webhook_address(self, obj: ZoomAccount) -> str:
        """Where Zoom is to send this account's events, to be copied into the app at Zoom."""
        return format_html("<code>{}{}</code>", settings.BASE_URL, obj.get_webhook_path())

    @admin.display(description=_("last validated by Zoom"))
    def webhook_validated(self, obj: ZoomAccount) -> Any:
        """Zoom validates the address when it is entered there, and then every 72 hours."""
        if obj.webhook_validated_at is None:
            return _("Not with the secret token that is stored here.")
        return date_format(localtime(obj.webhook_validated_at), "DATETIME_FORMAT")

    def save_model(self, request: HttpRequest, obj: ZoomAccount, form: Any, change: bool) -> None:
        columns = [name.removeprefix("new_") for name in form.changed_data]
        with transaction.atomic():
            if change:
                obj.save(update_fields=[*columns, *self._forget_validation(obj, columns)])
                if _TOKEN_GROUNDS.intersection(columns):
                    self._forget_token(obj)
            else:
                obj.save(force_insert=True)
                self._connect(obj)
            self._record(request, obj, "changed" if change else "added", columns)

    def _forget_validation(self, account: ZoomAccount, columns: list[str]) -> list[str]:
        """Zoom validated the address with the secret that has just been replaced."""
        if "webhook_secret" not in columns:
            return []
        account.webhook_validated_at = None
        return ["webhook_validated_at"]

    def _forget_token(self, account: ZoomAccount) -> None:
        """It was given for what has just been replaced. A late answer finds its lease gone."""
        AccessToken.objects.filter(account=account).update(
            token="",
            expires_at=None,
            generation=F("generation") + 1,
            lease_holder=None,
            lease_until=None,
        )

    def _connect(self, account: ZoomAccount) -> None:
        """The usual case, one to one: an organization's first account is the one it uses."""
        if account.organization is not None:
            ZoomConnection.objects.get_or_create(
                organization=account.organization,
                defaults={"account": account, "owner_key": account.organization.pk},
            )

    def get_urls(self) -> list[URLPattern]:
        check = path(
            "<uuid:pk>/check/",
            self.admin_site.admin_view(self.check_view),
            name="zoomauth_zoomaccount_check",
        )
        return [check, *super().get_urls()]

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Run the connection check and show its rows."""
        account = self.get_object(request, str(pk))
        if account is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined, no-any-return]
                request, self.opts, str(pk)
            )
        if not self.has_change_permission(request, account):
            return HttpResponse(status=403)
        rows = check_account(account)
        passed = all(row.ok for row in rows)
        record(
            "zoomaccount.checked",
            organization=account.organization,
            actor=request.user,  # type: ignore[arg-type]
            target=account,
            result=AuditEvent.Result.DONE if passed else AuditEvent.Result.FAILED,
            rows={row.name: row.ok for row in rows},
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Connection check"),
            "opts": self.opts,
            "original": account,
            "rows": rows,
            "passed": passed,
            "change_url": reverse("admin:zoomauth_zoomaccount_change", args=[account.pk]),
        }
        return TemplateResponse(request, "admin/zoomauth/zoomaccount/check.html", context)


class ZoomConnectionForm(TenantForm):
    """Which account an organization uses. The admin adds the fields, once there is a scope."""

    def clean(self) -> None:
        super().clean()
        account = self.cleaned_data.get("account")
        organization = self.cleaned_data.get("organization")
        if account and organization and account.organization_id not in (None, organization.pk):
            self.add_error("account", _("This account belongs to another organization."))

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
    fields = ["organization", "account"]
    list_display = ["organization", "account"]
    ordering = ["organization__name"]
    list_select_related = ["organization", "account"]
    operator_writes = can_delete = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["organization", "account", "owner_key"])
            self._record(request, obj, "changed", form.changed_data)
        else:
            super().save_model(request, obj, form, change)


@admin.register(ZoomUserAssignment)
class ZoomUserAssignmentAdmin(TenantModelAdmin):
    """Which users of a shared account an organization may act as: the operator's word alone."""

    open_to_operator = operator_writes = can_delete = True
    fields = ["organization", "account", "zoom_user_id"]
    list_display = ["organization", "account", "zoom_user_id"]
    ordering = ["organization__name", "zoom_user_id"]
    list_select_related = ["organization", "account"]
    search_fields = ["zoom_user_id"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            kwargs["queryset"] = ZoomAccount.objects.filter(organization=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(WebhookEvent)
class WebhookEventAdmin(TenantModelAdmin):
    """That an event came, and about what. Its contents are sealed and are shown to nobody."""

    open_to_operator = True
    can_add = can_change = False
    owner_path = "account__organization"
    fields = ["account", "name", "object_id", "happened_at", "received_at"]
    list_display = ["name", "object_id", "account", "happened_at", "received_at"]
    ordering = ["-received_at"]
    list_select_related = ["account"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Nobody needs them here, and they are large.
        return super().get_queryset(request).defer("payload")

    def organization_of(self, obj: WebhookEvent) -> Organization | None:
        return obj.account.organization

    def owner_id_of(self, obj: WebhookEvent) -> UUID | None:
        return obj.account.organization_id
