"""Meetings in the admin, for looking; and why somebody can or cannot start one."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from meetings.admin.explain import show_explanation
from meetings.models import Meeting
from portal.admin.base import TenantModelAdmin


@admin.register(Meeting)
class MeetingAdmin(TenantModelAdmin):
    """Looking only: meetings are made where Zoom is asked too."""

    can_add = can_change = can_delete = False
    list_display = ["topic", "host", "starts_at", "meeting_number"]
    list_filter = ["starts_at"]
    list_select_related = ["host"]
    search_fields = ["topic", "host__name"]
    ordering = ["-starts_at"]
    fields = ["organization", "topic", "host", "starts_at", "ends_at", "time_zone"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # Not even read: nothing here shows them.
        return super().get_queryset(request).defer("passcode", "join_url")

    def get_urls(self) -> list[URLPattern]:
        explain = path(
            "explain/",
            self.admin_site.admin_view(self.explain_view),
            name="meetings_meeting_explain",
        )
        return [explain, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def explain_view(self, request: HttpRequest) -> HttpResponseBase:
        """Explain this start. Operators see no tenant's content, so it is not theirs."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        return show_explanation(request, self)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        meeting = self.get_object(request, object_id)
        user: Any = request.user
        context = {
            **(extra_context or {}),
            "explain_url": reverse("admin:meetings_meeting_explain"),
            "may_start_on_behalf": meeting is not None and meeting.refusal_on_behalf(user) is None,
        }
        return super().change_view(request, object_id, form_url, context)
