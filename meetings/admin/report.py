"""Tomorrow's report in the admin: which meetings will not start, why, and where to change it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from meetings.models import TomorrowReport, TomorrowReportRow
from meetings.services.report_mail import headline
from meetings.start_texts import fix_of, label_of, meaning_of, place_of
from meetings.tasks import make_report_now
from portal.admin.base import TenantModelAdmin
from portal.audit import record
from portal.models import Organization

_MOST_SHOWN = 500


@admin.register(TomorrowReport)
class TomorrowReportAdmin(TenantModelAdmin):
    """Looking, and having it made anew. Nobody writes in it."""

    can_add = can_change = can_delete = False
    list_display = ["day", "result", "made_at", "mailed_at"]
    list_filter = ["day"]
    ordering = ["-day"]
    fields = ["organization", "day", "time_zone", "made_at", "mailed_at"]

    @admin.display(description=gettext_lazy("result"))
    def result(self, report: TomorrowReport) -> str:
        return headline(report, rows=report.row_count)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(row_count=Count("rows"))
        return rows

    def get_urls(self) -> list[URLPattern]:
        run = path(
            "run/", self.admin_site.admin_view(self.run_view), name="meetings_tomorrowreport_run"
        )
        return [run, *super().get_urls()]

    @method_decorator(require_POST)
    def run_view(self, request: HttpRequest) -> HttpResponseBase:
        """Have it made now, for each organization of which the sender is an admin."""
        user: Any = request.user
        keys = user.admin_of()
        if not keys:
            # Operators see no tenant's content.
            raise PermissionDenied
        try:
            for organization in Organization.objects.filter(pk__in=keys):
                make_report_now.delay(str(organization.pk))
                record("report.requested", organization=organization, actor=user)
        except OperationalError:
            messages.error(request, _("The report cannot be made now. Try again in some minutes."))
        else:
            messages.success(
                request, _("Tomorrow's report is being made. Load this page again in a moment.")
            )
        return redirect("admin:meetings_tomorrowreport_changelist")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        report = self.get_object(request, object_id)
        context: dict[str, Any] = {**(extra_context or {}), "title": self.opts.verbose_name}
        if report is not None:
            rows = report.rows.select_related("meeting__host")
            context["lines"] = [_line(row) for row in rows[:_MOST_SHOWN]]
            context["headline"] = headline(report, rows=report.row_count)
        return super().change_view(request, object_id, form_url, context)


def _line(row: TomorrowReportRow) -> dict[str, Any]:
    host = row.meeting.host if row.meeting else None
    return {
        "row": row,
        "label": label_of(row.rule),
        "meaning": meaning_of(row.rule, row.reason),
        "fix": fix_of(row.rule, row.reason),
        "url": place_of(row.rule, meeting=row.meeting, host=host),
    }
