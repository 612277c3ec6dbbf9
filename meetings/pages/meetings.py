"""The pages around meetings: what is next, one meeting, scheduling."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meetings.access import get_visible_meeting
from meetings.failures import FAILURES, make_failure
from meetings.invitation import make_invitation
from meetings.models import Meeting
from meetings.pages.forms import ScheduleForm
from meetings.pages.policy import may_leave_to_zoom
from meetings.pages.requests import SignedInRequest
from meetings.services.day_writes import warn_of_writes
from meetings.services.schedule import discard_meeting, schedule_meeting
from meetings.start_rules import Stage, first_refusal
from meetings.start_texts import sentence_to_host

_PAGE = 20
_PAST = 10


@require_GET
@never_cache
def meeting_list(request: SignedInRequest) -> HttpResponse:
    """What is next, what comes after it, and what was."""
    now = timezone.now()
    mine = Meeting.objects.visible_to(request.user).select_related("host", "organization")
    page = Paginator(mine.upcoming(now), _PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    context: dict[str, Any] = {"page": page}
    if request.htmx:  # type: ignore[attr-defined]
        context["upcoming"] = _with_can_start(rows, request)
        return render(request, "meetings/_rows.html", context)
    rows = _with_can_start(rows, request)
    context["next_meeting"] = rows[0] if rows and page.number == 1 else None
    context["upcoming"] = rows[1:] if page.number == 1 else rows
    context["past"] = mine.past(now)[:_PAST]
    return render(request, "meetings/list.html", context)


@require_GET
@never_cache
@may_leave_to_zoom
def meeting_detail(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """One meeting, with its invitation."""
    meeting = get_visible_meeting(request.user, meeting_id)
    invitation = None
    if meeting.is_scheduled:
        try:
            invitation = make_invitation(meeting)
        except FAILURES as error:
            messages.error(request, make_failure(error).message)
    facts, _host = meeting.get_start_facts(request.user)
    refusal = first_refusal(facts, Stage.DOOR)
    context = {
        "meeting": meeting,
        "can_start": meeting.is_scheduled and refusal is None,
        "why_not": sentence_to_host(refusal.name, refusal.reason) if refusal else "",
        "can_see_invitation": invitation is not None,
        "invitation": invitation,
    }
    return render(request, "meetings/detail.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def schedule(request: SignedInRequest) -> HttpResponse:
    """Schedule a meeting for oneself, or as a scheduler for somebody."""
    form = ScheduleForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            meeting = schedule_meeting(
                plan=form.make_plan(), user=request.user, key=form.cleaned_data["key"]
            )
        except FAILURES as error:
            failure = make_failure(error)
            form.add_error(None, failure.message)
            return _schedule_page(request, form, failure.status)
        if meeting.is_scheduled:
            messages.success(request, _("The meeting is scheduled."))
        return redirect(meeting)
    return _schedule_page(request, form, 422 if request.method == "POST" else 200)


def _schedule_page(request: SignedInRequest, form: ScheduleForm, status: int) -> HttpResponse:
    context = {"form": form, "warnings": warn_of_writes(form.hosts)}
    return render(request, "meetings/schedule.html", context, status=status)


@require_POST
@never_cache
def discard(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """Take a meeting that Zoom never confirmed off the list."""
    meeting = get_visible_meeting(request.user, meeting_id)
    try:
        if discard_meeting(meeting=meeting, user=request.user):
            messages.success(request, _("The meeting was taken off the list."))
            return redirect("meetings:list")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.error(request, _("Zoom has confirmed this meeting meanwhile, so it stays."))
    return redirect(meeting)


def _with_can_start(rows: list[Meeting], request: SignedInRequest) -> list[Meeting]:
    """Mark the rows that this person may start, with one query for all of them."""
    startable = Meeting.objects.startable_by(request.user).filter(pk__in=[row.pk for row in rows])
    keys = set(startable.values_list("pk", flat=True))
    for row in rows:
        row.can_start = row.is_scheduled and row.pk in keys  # type: ignore[attr-defined]
    return rows
