"""The audit trail in the admin: read, filtered, and taken along as CSV. Nobody changes it."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.admin.base import TenantModelAdmin
from portal.audit import record
from portal.audit_export import MOST_ROWS, csv_lines
from portal.models import AuditEvent, Organization

# Among how many of the newest events the filter looks for actions to offer.
_LATELY = 2000


# Events about rows of these apps are about an organization's meetings and hosts.
_CONTENT = ("meetings.", "integrations.")


def _hidden_from(user: Any) -> Callable[[AuditEvent], bool]:
    """Of which events this person is not told what they were about."""
    own = set(user.admin_of())

    def hides(event: AuditEvent) -> bool:
        is_content = event.target_kind.startswith(_CONTENT)
        return is_content and bool(user.is_superuser) and event.organization_id not in own

    return hides


def _name_without(event: AuditEvent) -> str:
    return f"{event.target_kind} {event.target_id}"


class ActionFilter(admin.SimpleListFilter):
    """Offers what has been done lately: looking through all events would take too long."""

    title = gettext_lazy("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        newest = model_admin.get_queryset(request).order_by("-at", "-pk")
        found = set(newest.values_list("action", flat=True)[:_LATELY])
        if chosen := request.GET.get(self.parameter_name):
            found.add(chosen)
        return [(action, action) for action in sorted(found)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


class InputFilter(admin.ListFilter):
    """Fields to fill in instead of values to choose from."""

    template = "admin/input_filter.html"
    parameter = ""
    kind = "text"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        given = params.pop(self.parameter, [""])
        self.given = str(given[-1] if isinstance(given, list) else given).strip()
        if self.given:
            self.used_parameters[self.parameter] = self.given

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter]

    def choices(self, changelist: Any) -> Any:
        """One: what the template needs. The other filters go along as they are."""
        others = changelist.get_filters_params().items()
        rest = [
            (name, value if isinstance(value, str) else value[-1])
            for name, value in others
            if name != self.parameter
        ]
        if changelist.query:
            rest.append(("q", changelist.query))
        yield {
            "parameter": self.parameter,
            "kind": self.kind,
            "given": self.given,
            "rest": rest,
            "without": changelist.get_query_string(remove=[self.parameter]),
        }


class ActorFilter(InputFilter):
    title = gettext_lazy("e-mail address of who did it")
    parameter = "actor"
    kind = "email"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(actor_name__iexact=self.given) if self.given else queryset


class _DayFilter(InputFilter):
    """A day in the person's time zone. What is no day finds nothing, and does not break."""

    kind = "date"

    def begin(self, days_later: int = 0) -> datetime | None:
        try:
            day = date.fromisoformat(self.given) + timedelta(days=days_later)
            return timezone.make_aware(datetime.combine(day, time.min))
        except (ValueError, OverflowError):
            return None


class FromFilter(_DayFilter):
    title = gettext_lazy("first day")
    parameter = "from"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.given:
            return queryset
        begin = self.begin()
        return queryset.filter(at__gte=begin) if begin else queryset.none()


class UntilFilter(_DayFilter):
    title = gettext_lazy("last day")
    parameter = "until"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.given:
            return queryset
        end = self.begin(days_later=1)
        return queryset.filter(at__lt=end) if end else queryset.none()


@admin.register(AuditEvent)
class AuditEventAdmin(TenantModelAdmin):
    """Each organization's admins see their own events; operators see all.

    Of what happened to meetings operators see that it did, and not of which: neither a topic nor a
    reason, and no search or filter tells either.
    """

    open_to_operator = True
    owner_path = "organization_id"
    can_add = can_change = can_delete = False
    list_display = ["at", "actor_name", "action", "result", "target_name", "ip"]
    list_filter = [ActionFilter, "result", ActorFilter, FromFilter, UntilFilter]
    search_fields = ["actor_name", "target_name", "request_id"]
    ordering = ["-at", "-id"]
    # Counting the whole trail is the slowest thing that this page could do.
    show_full_result_count = False
    change_list_template = "admin/portal/auditevent/change_list.html"
    fields = [
        "at", "organization_name", "actor_name", "action", "result",
        "target_kind", "target_id", "target_name", "detail", "ip", "request_id",
    ]  # fmt: skip

    def organization_of(self, obj: Any) -> Organization | None:
        return None

    def owner_id_of(self, obj: AuditEvent) -> UUID | None:
        return obj.organization_id

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the organization, as it was called then, for those who see several."""
        user: Any = request.user
        columns: list[Any] = list(self.list_display)
        if user.is_superuser:
            hides = _hidden_from(user)

            @admin.display(description=AuditEvent._meta.get_field("target_name").verbose_name)
            def target(event: AuditEvent) -> str:
                return _name_without(event) if hides(event) else event.target_name

            columns[columns.index("target_name")] = target
        several = user.is_superuser or len(user.admin_of()) > 1
        return [*columns, "organization_name"] if several else columns

    def get_search_fields(self, request: HttpRequest) -> Any:
        if request.user.is_superuser:
            return ["actor_name", "=target_id", "request_id"]
        return self.search_fields

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        asks_for_content = lookup.startswith(("target_name", "detail"))
        if asks_for_content and request.user.is_superuser:
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEvent | None:
        event: AuditEvent | None = super().get_object(request, object_id, from_field)
        if event is not None and _hidden_from(request.user)(event):
            # For this page alone: the row itself takes no changes.
            event.target_name, event.detail = "", {}
        return event

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/", self.admin_site.admin_view(self.export), name="portal_auditevent_export"
        )
        return [export, *super().get_urls()]

    # POST: it is audited, so it is no mere look.
    @method_decorator([require_POST, never_cache])
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the filters in the address leave, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows: models.QuerySet[AuditEvent] = self.get_changelist_instance(request).get_queryset(
            request
        )
        # Without the event that tells of this very export.
        rows = rows.filter(at__lte=timezone.now())
        count = rows[: MOST_ROWS + 1].count()
        if count > MOST_ROWS:
            return self._refuse(request)
        self._record_export(request, count)
        answer = StreamingHttpResponse(
            csv_lines(rows, hides=_hidden_from(request.user)),
            content_type="text/csv; charset=utf-8",
        )
        day = timezone.localdate().isoformat()
        answer["Content-Disposition"] = f'attachment; filename="audit-{day}.csv"'
        return answer

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        text = _("These are more than %(most)s events. Choose fewer days, then export again.")
        messages.error(request, text % {"most": f"{MOST_ROWS:,}"})
        address = redirect("admin:portal_auditevent_changelist")
        address["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
        return address

    def _record_export(self, request: HttpRequest, count: int) -> None:
        """In the trail of each organization whose events may be in it."""
        user: Any = request.user
        own = Organization.objects.filter(pk__in=user.admin_of())
        owners: list[Organization | None] = [None] if user.is_superuser else [*own]
        filters = {name: values[-1][:200] for name, values in request.GET.lists()}
        with transaction.atomic():
            for organization in owners:
                record(
                    "audit.exported",
                    organization=organization,
                    actor=user,
                    count=count,
                    filters=filters,
                )
