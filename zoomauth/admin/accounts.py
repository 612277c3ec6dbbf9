"""Zoom accounts in the admin: write-only credentials, and the connection check."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.admin.base import TenantModelAdmin
from portal.reauthentication import (
    AsksWhoYouAre,
    ask_who_they_are,
    did_recently_authenticate,
)
from zoomauth.accounts import page_deadline
from zoomauth.admin.account_users import AccountUsersPages
from zoomauth.admin.forms import LABELS, ZoomAccountForm, describe_secret
from zoomauth.admin.guide import render_guide
from zoomauth.admin.limit_words import describe_limits
from zoomauth.breaker import describe_calls
from zoomauth.connection_check import Result, is_fit, is_whole, last_check, run_check
from zoomauth.credentials import SECRETS, add_account, change_account
from zoomauth.models import AccessToken, ZoomAccount, ZoomConnection
from zoomauth.token_health import describe_health, explain_health

_OF_THE_OAUTH_APP = _(
    "From the first app in the Zoom Marketplace. Its page App Credentials has the account ID too."
)
_OF_THE_EVENTS = _(
    "From the same app, page Features: the secret token goes here, the address goes there. Save "
    "here first, then press Validate there."
)
_EVENTS_CAN_WAIT = _("Can wait: the address for the app is shown here once the account is saved.")
_OF_THE_SDK_APP = _(
    "From the second app, a General app with the Meeting SDK switched on. The first app's pair "
    "does not work here."
)


def _fieldset(fields: list[str], description: Any) -> dict[str, Any]:
    return {"fields": fields, "description": description}


def _hint(request: HttpRequest) -> str:
    """Where somebody goes who wants to change a secret, and comes back from."""
    text = _("To change a secret, show again who you are.")
    return format_html('<a href="{}">{}</a>', ask_who_they_are(request)["Location"], text)


def _token_of(account: ZoomAccount) -> AccessToken | None:
    return getattr(account, "access_token", None)


@admin.register(ZoomAccount)
class ZoomAccountAdmin(AccountUsersPages, AsksWhoYouAre, TenantModelAdmin):
    """An organization's own account; the installation's shared ones for operators.

    Everything can be looked at, and secrets be changed, by who lately showed who they are.
    """

    open_to_operator = True
    form = ZoomAccountForm
    list_display = ["name", "organization", "account_id", "region", "access"]
    list_select_related = ["organization", "access_token"]
    search_fields = ["name", "account_id"]
    autocomplete_fields = ["organization"]
    ordering = ["name"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # The address has the account's id in it, so there is none before it is saved.
        check = ["access_in_full", "calls", "limits", "last_checked"] if obj else []
        webhook = ["webhook_address", "webhook_validated"] if obj else []
        asked = obj is not None and not self._secrets_are_open(request)
        box = "stored" if asked else "new"
        hint = _hint(request) if asked else ""
        first = _fieldset(["organization", "name", "region", "account_id", *check], hint)
        oauth = _fieldset(["client_id", f"{box}_client_secret"], _OF_THE_OAUTH_APP)
        of_events = _OF_THE_EVENTS if obj else _EVENTS_CAN_WAIT
        events = _fieldset([*webhook, f"{box}_webhook_secret"], of_events)
        sdk = _fieldset(["sdk_client_id", f"{box}_sdk_client_secret"], _OF_THE_SDK_APP)
        return [
            (None, first),
            (_("Server-to-Server OAuth app"), oauth),
            (_("Event subscription"), events),
            (_("Meeting SDK app"), sdk),
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        # The admin builds the form from its fieldsets, and the secrets are no model fields.
        kwargs["fields"] = ["organization", *ZoomAccountForm.Meta.fields]
        if not request.user.is_superuser:
            # It speaks of the choice that only an operator has.
            kwargs["help_texts"] = {"organization": ""}
        form = super().get_form(request, obj, change, **kwargs)
        if (field := form.base_fields.get("organization")) and not request.user.is_superuser:
            field.required = True
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Secrets are sealed for their owner: an account cannot change hands.
        fixed = ["organization", "access_in_full", "calls", "limits", "last_checked"]
        fixed += ["webhook_address", "webhook_validated"]
        return [*fixed, *(f"stored_{name}" for name in SECRETS)] if obj else []

    def asks_before(self, request: HttpRequest, object_id: str | None) -> bool:
        """A new account is all secrets; of one that is there, whoever sends a secret is asked."""
        if object_id is not None and not any(request.POST.get(f"new_{name}") for name in SECRETS):
            return False
        return super().asks_before(request, object_id)

    def _secrets_are_open(self, request: HttpRequest) -> bool:
        return request.method == "POST" or did_recently_authenticate(request)

    @admin.display(description=LABELS["client_secret"])
    def stored_client_secret(self, obj: ZoomAccount) -> Any:
        return describe_secret(obj, "client_secret")

    @admin.display(description=LABELS["sdk_client_secret"])
    def stored_sdk_client_secret(self, obj: ZoomAccount) -> Any:
        return describe_secret(obj, "sdk_client_secret")

    @admin.display(description=LABELS["webhook_secret"])
    def stored_webhook_secret(self, obj: ZoomAccount) -> Any:
        return describe_secret(obj, "webhook_secret")

    @admin.display(description=_("access to Zoom"))
    def access(self, obj: ZoomAccount) -> Any:
        """Whether Zoom gives access tokens, in a word."""
        return describe_health(_token_of(obj))

    @admin.display(description=_("access to Zoom"))
    def access_in_full(self, obj: ZoomAccount) -> Any:
        """The same, since when it is so, what to do, and what Zoom's support would ask for."""
        row = _token_of(obj)
        words, advice = describe_health(row), explain_health(row)
        if row is None or not advice:
            return words
        since = date_format(localtime(row.failing_since), "DATETIME_FORMAT")
        return format_html(
            str(_("{words}, since {since}. {advice}{tracking}")),
            words=words,
            since=since,
            advice=advice,
            tracking=format_html(" ({})", row.tracking_id) if row.tracking_id else "",
        )

    @admin.display(description=_("connection check"))
    def last_checked(self, obj: ZoomAccount) -> Any:
        """What the last check said of the credentials that are stored now."""
        last = last_check(obj)
        if last is None:
            return _("Not checked since the credentials were entered.")
        url = reverse("admin:zoomauth_zoomaccount_check", args=[obj.pk])
        said = _("passed") if last.is_fit else _("something is missing")
        when = date_format(localtime(last.checked_at), "DATETIME_FORMAT")
        return format_html('<a href="{}">{}: {}</a>', url, when, said)

    @admin.display(description=_("calls to Zoom"))
    def calls(self, obj: ZoomAccount) -> str:
        """Whether they are stopped, because Zoom keeps failing."""
        return describe_calls(obj)

    @admin.display(description=_("limits at Zoom"))
    def limits(self, obj: ZoomAccount) -> str:
        return describe_limits(obj, now())

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
        actor: Any = request.user
        with transaction.atomic():
            if change:
                change_account(obj, columns, actor=actor)
            else:
                add_account(obj, actor=actor)
                self._connect(obj)
            self._record(request, obj, "changed" if change else "added", columns)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """On to the check: whether the credentials work is what everybody wants to know next."""
        if {"_addanother", "_continue", IS_POPUP_VAR} & request.POST.keys():
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, _("The credentials are stored. Now check whether they work."))
        return redirect("admin:zoomauth_zoomaccount_check", pk=obj.pk)

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
        guide = path(
            "guide/",
            self.admin_site.admin_view(self.guide_view),
            name="zoomauth_zoomaccount_guide",
        )
        return [check, guide, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def guide_view(self, request: HttpRequest) -> HttpResponseBase:
        """What has to be done at Zoom, in the order of the checklist."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Setting up Zoom"),
            "opts": self.opts,
            "guide": render_guide(),
        }
        return TemplateResponse(request, "admin/zoomauth/zoomaccount/guide.html", context)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def check_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """A POST runs the connection check; both show its rows, a GET those of the last one."""
        account = self.get_object(request, str(pk))
        if account is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined, no-any-return]
                request, self.opts, str(pk)
            )
        if not self.has_change_permission(request, account):
            return HttpResponse(status=403)
        actor: Any = request.user
        deadline = page_deadline()
        rows = None
        if request.method == "POST":
            rows = run_check(account, actor=actor, deadline=deadline)
        last = last_check(account)
        if rows is None:
            rows = last.rows if last else []
        context = {
            **self.admin_site.each_context(request),
            "title": _("Connection check"),
            "opts": self.opts,
            "original": account,
            "rows": rows,
            "last": last,
            "whole": is_whole(rows),
            "obstacle": any(row.is_obstacle for row in rows),
            "passed": is_fit(rows),
            "failed": any(row.result is Result.FAIL for row in rows),
            "change_url": reverse("admin:zoomauth_zoomaccount_change", args=[account.pk]),
        }
        return TemplateResponse(request, "admin/zoomauth/zoomaccount/check.html", context)
