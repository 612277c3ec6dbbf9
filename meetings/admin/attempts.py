"""Starts in the admin: found by the code that a host reads out, and told step by step."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from meetings.attempt_codes import read_code
from meetings.attempt_story import tell_story
from meetings.attempt_texts import OUTCOMES, PLACES, Text
from meetings.models import StartAttempt
from meetings.start_steps import Outcome, Step
from portal.admin.base import TenantModelAdmin

# The same code twice in one organization is a matter of luck, and then both are shown.
_MOST_FOUND = 20


class CodeForm(forms.Form):
    """The code as it was read out: any case, with or without dash, O for 0 and I for 1."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "size": 12}),
    )

    def clean_code(self) -> str:
        code = read_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(
                _("A code has eight letters and digits, like 7K3M-90PQ. Ask for it once more.")
            )
        return code


class OutcomeFilter(admin.SimpleListFilter):
    title = _("what became of it")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(outcome.value, label) for outcome, label in OUTCOMES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(StartAttempt)
class StartAttemptAdmin(TenantModelAdmin):
    """Looking only. It names people and meetings, so operators see numbers alone, elsewhere."""

    can_add = can_change = can_delete = False
    list_display = ["pressed_at", "shown_code", "user", "meeting", "way", "outcome", "place"]
    list_filter = [OutcomeFilter, "way", "pressed_at"]
    list_select_related = ["user", "meeting"]
    search_fields = ["user__name", "user__email", "meeting__topic"]
    search_help_text = _("A code, a person or a meeting's topic")
    ordering = ["-pressed_at"]
    show_full_result_count = False
    # The rest is told as a story; see the template.
    fields = ["organization"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        told: QuerySet[Any] = rows.with_outcome(timezone.now())
        return told.defer("meeting__passcode", "meeting__join_url")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if code := read_code(search_term):
            found = queryset.filter(code=code)
            if found.exists():
                return found, False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("code"), ordering="code")
    def shown_code(self, attempt: StartAttempt) -> str:
        return attempt.shown_code

    @admin.display(description=_("what became of it"))
    def outcome(self, attempt: Any) -> Text:
        return OUTCOMES[Outcome(attempt.outcome)]

    @admin.display(description=_("where"), empty_value="")
    def place(self, attempt: Any) -> Text:
        missed = attempt.outcome in (Outcome.FAILED, Outcome.STOPPED)
        return PLACES[Step(attempt.step)] if missed else ""

    def get_urls(self) -> list[URLPattern]:
        find = path(
            "find/", self.admin_site.admin_view(self.find_view), name="meetings_startattempt_find"
        )
        return [find, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def find_view(self, request: HttpRequest) -> HttpResponseBase:
        """The start with this code, in the organizations of which the asker is an admin."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = CodeForm(request.GET if "code" in request.GET else None)
        found: list[StartAttempt] = []
        if form.is_valid():
            rows = self.get_queryset(request).filter(code=form.cleaned_data["code"])
            found = list(
                rows.select_related("user", "meeting").order_by("-pressed_at")[:_MOST_FOUND]
            )
        if len(found) == 1:
            return redirect("admin:meetings_startattempt_change", found[0].pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("A host gives you a code"),
            "opts": self.opts,
            "form": form,
            "found": found,
            "is_unknown": form.is_valid() and not found,
        }
        return TemplateResponse(request, "admin/meetings/startattempt/find.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        attempt = self.get_object(request, object_id)
        context: dict[str, Any] = {**(extra_context or {}), "title": _("How this start went")}
        if attempt is not None:
            context["story"] = tell_story(attempt, timezone.now())
        return super().change_view(request, object_id, form_url, context)
