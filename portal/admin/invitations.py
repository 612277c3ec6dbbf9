"""Invitations in the admin: one at a time, or a list; sent again, or taken back."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.admin.base import TenantForm, TenantModelAdmin
from portal.admin.buttons import ask_before_button
from portal.admin.choices import own_rows
from portal.admin.invitation_lists import ListForm, PreviewedListForm
from portal.admin.invitation_states import StateFilter
from portal.invitations.bulk import invite_rows
from portal.invitations.issuing import Issued, invite, invite_again, refuse_known, revoke
from portal.invitations.mailing import (
    enqueue_due_invitations,
    get_mail_state,
    mail_invitation,
)
from portal.mail import mail_is_set_up
from portal.models import Invitation, Organization
from portal.reauthentication import AsksWhoYouAre, ask_if_needed

# A page may wait for a mail server, but proxies give up after a minute; a worker mails the rest.
_PAGE_SECONDS = 55
_MAILED_AT_ONCE = _PAGE_SECONDS // settings.EMAIL_TIMEOUT


class InvitationForm(TenantForm):
    """Whom to invite. It says who is a member here, and never who is one elsewhere."""

    def _post_clean(self) -> None:
        self.instance.email = self.cleaned_data.get("email", "").strip().lower()
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            self.instance.email = self.instance.email.lower()
            try:
                refuse_known(self.instance)
            except ValidationError as error:
                self.add_error("email", error)


@admin.register(Invitation)
class InvitationAdmin(AsksWhoYouAre, TenantModelAdmin):
    """How people come in. Operators use it too, for an organization's first admin.

    Whoever is shown a link showed lately who they are. Taking back only takes away and asks nobody.
    """

    open_to_operator = True
    can_change = False
    form = InvitationForm
    list_display = [
        "email",
        "name",
        "role",
        "state",
        "mail",
        "invited_by",
        "issued_at",
        "expires_at",
    ]
    list_filter = [StateFilter, "role"]
    list_select_related = ["invited_by"]
    search_fields = ["email", "name"]
    ordering = ["-issued_at"]
    actions = ["send_again", "take_back"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ["organization", "email", "name", "role"]
        told = [
            "state", "invited_by", "issued_at", "mail", "mailed_at", "expires_at", "accepted_at",
        ]  # fmt: skip
        return [*asked, *told] if obj else asked

    @admin.display(description=gettext_lazy("state"))
    def state(self, obj: Invitation) -> Any:
        return obj.get_state(timezone.now()).label

    @admin.display(description=gettext_lazy("mail"))
    def mail(self, obj: Invitation) -> Any:
        return get_mail_state(obj, timezone.now()).label

    # --- Inviting one ----------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        # Whichever button is pressed, the links come next, and they are shown once.
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        try:
            return super().add_view(request, form_url, {**one_button, **(extra_context or {})})
        except ValidationError as error:
            # Over the limit, or no longer possible since the form was checked.
            return self._back(request, error)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        issued = invite(invitation=obj, actor=request.user)  # type: ignore[arg-type]
        # On this instance alone, which lives as long as the request: it is shown and forgotten.
        obj.issued = issued
        self._mail_after_commit(issued)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show_links(request, [obj.issued])

    # --- Again, and not at all -------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def route(pattern: str, view: Any, name: str) -> URLPattern:
            guarded: Any = self.admin_site.admin_view(view)
            made: URLPattern = path(pattern, guarded, name=f"portal_invitation_{name}")
            return made

        return [
            route("list/", self.list_view, "list"),
            route("<uuid:pk>/send-again/", self.send_again_view, "send_again"),
            route("<uuid:pk>/take-back/", self.take_back_view, "take_back"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    @method_decorator(never_cache)
    def send_again_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        invitation = self._get_own(request, pk)
        if invitation is None:
            return self._not_there(request, pk)
        page = reverse("admin:portal_invitation_change", args=[pk])
        return ask_before_button(request, come_back_to=page) or self._send_again(
            request, [invitation]
        )

    @method_decorator(require_POST)
    def take_back_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        invitation = self._get_own(request, pk)
        if invitation is None:
            return self._not_there(request, pk)
        self.take_back(request, [invitation])
        return redirect(self._list_url())

    def has_write_permission(self, request: HttpRequest) -> bool:
        """Who may invite may send again and take back; the actions ask for it by this name."""
        return self.has_add_permission(request)

    @admin.action(
        description=gettext_lazy("Send again: the earlier links end"), permissions=["write"]
    )
    def send_again(self, request: HttpRequest, invitations: Any) -> HttpResponse:
        asked = ask_before_button(request, come_back_to=request.get_full_path())
        return asked or self._send_again(request, invitations)

    def _send_again(self, request: HttpRequest, invitations: Any) -> HttpResponse:
        issued = []
        for invitation in invitations:
            try:
                issued.append(
                    invite_again(invitation=invitation, actor=request.user)  # type: ignore[arg-type]
                )
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
        if not issued:
            return redirect(self._list_url())
        for one in issued[:_MAILED_AT_ONCE]:
            self._mail_after_commit(one)
        if len(issued) > _MAILED_AT_ONCE:
            transaction.on_commit(enqueue_due_invitations, robust=True)
        return self._show_links(request, issued)

    @admin.action(description=gettext_lazy("Take back: the links end"), permissions=["write"])
    def take_back(self, request: HttpRequest, invitations: Any) -> None:
        done = sum(
            revoke(invitation=invitation, actor=request.user)  # type: ignore[arg-type]
            for invitation in invitations
        )
        text = ngettext(
            "%(count)s invitation was taken back.", "%(count)s invitations were taken back.", done
        )
        self.message_user(request, text % {"count": done})

    # --- A list of people ------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def list_view(self, request: HttpRequest) -> HttpResponse:
        """Take a CSV file, show each row's fate, and invite once that has been seen."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if (asked := ask_if_needed(request)) is not None:
            return asked
        choices = {"organizations": self._organizations(request)}
        if request.method == "POST" and "text" in request.POST:
            sent = PreviewedListForm(request.POST, **choices)
            if sent.is_valid():
                return self._invite_list(request, sent)
            # The file is gone with the preview: ask for it anew, and say why.
            reasons = [text for errors in sent.errors.values() for text in errors]
            context: dict[str, Any] = {"form": ListForm(**choices), "reasons": reasons}
            return self._render(request, "list", _("Invite a list of people"), context)
        form = ListForm(request.POST or None, request.FILES or None, **choices)
        context = {"form": form}
        if request.method == "POST" and form.is_valid():
            context["rows"] = form.rows
            context["new"] = sum(row.is_acted_on for row in form.rows)
            context["confirmation"] = PreviewedListForm(
                initial={"organization": form.cleaned_data["organization"].pk, "text": form.text},
                **choices,
            )
        return self._render(request, "list", _("Invite a list of people"), context)

    def _invite_list(self, request: HttpRequest, form: PreviewedListForm) -> HttpResponse:
        done = invite_rows(
            organization=form.cleaned_data["organization"],
            rows=form.rows,
            actor=request.user,  # type: ignore[arg-type]
        )
        for reason in done.refused:
            self.message_user(request, reason, messages.ERROR)
        # A worker mails them: a slow mail server must not keep the page waiting.
        transaction.on_commit(enqueue_due_invitations, robust=True)
        return self._show_links(request, done.issued)

    def _organizations(self, request: HttpRequest) -> QuerySet[Organization]:
        rows: QuerySet[Organization] = Organization.objects.filter(is_active=True)
        return rows if self.chooses_from_all(request) else own_rows(request, rows)

    # --- What they share -------------------------------------------------------------------

    def _mail_after_commit(self, issued: Issued) -> None:
        key = issued.invitation.pk
        transaction.on_commit(lambda: mail_invitation(key), robust=True)

    def _show_links(self, request: HttpRequest, issued: list[Issued]) -> HttpResponse:
        """The one time that the links are seen."""
        keys = [one.invitation.pk for one in issued]

        # Both are asked while the page is made, when the mails have been tried.
        def mailed() -> set[UUID]:
            sent = Invitation.objects.filter(pk__in=keys).exclude(mailed_at=None)
            return set(sent.values_list("pk", flat=True))

        def late() -> set[UUID]:
            tried = Invitation.objects.filter(pk__in=keys, mailed_at=None, mail_attempts__gt=0)
            return set(tried.values_list("pk", flat=True))

        context = {
            "issued": issued,
            "mailed": mailed,
            "late": late,
            "mail_is_set_up": mail_is_set_up(),
        }
        return self._render(request, "links", _("Invitation links"), context)

    def _render(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        response = TemplateResponse(
            request, f"admin/portal/invitation/{name}.html", {**shared, **context}
        )
        add_never_cache_headers(response)
        return response

    def _get_own(self, request: HttpRequest, pk: UUID) -> Invitation | None:
        invitation: Invitation | None = self.get_object(request, str(pk))
        if invitation is not None and not self.has_add_permission(request):
            raise PermissionDenied
        return invitation

    def _not_there(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined, no-any-return]
            request, self.opts, str(pk)
        )

    def _back(self, request: HttpRequest, error: ValidationError) -> HttpResponse:
        self.message_user(request, " ".join(error.messages), messages.ERROR)
        return redirect(self._list_url())

    def _list_url(self) -> str:
        return reverse("admin:portal_invitation_changelist")
