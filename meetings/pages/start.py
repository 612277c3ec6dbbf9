"""The green room, the start, and the way into the Zoom app."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meetings.access import get_startable_meeting, get_startable_on_behalf
from meetings.failures import FAILURES, Failure, make_failure
from meetings.models import Host, Meeting
from meetings.pages.forms import OnBehalfForm
from meetings.pages.policy import may_leave_to_zoom, start_page_policy
from meetings.pages.requests import SignedInRequest
from meetings.sdk_errors import sdk_error_texts
from meetings.services.attempts import Recorder, enter, enter_on_behalf
from meetings.services.start import StartPackage, get_app_link, start_as_host, start_meeting
from meetings.start_rules import Stage, first_refusal
from meetings.start_steps import Way
from meetings.start_texts import sentence_to_host
from portal.reauthentication import ask_who_they_are, did_recently_authenticate
from zoomauth.services import fitness_sentence, get_fitness

# The order matters: each builds on those before it.
_VENDOR_SCRIPTS = ("react", "react-dom", "redux", "redux-thunk", "react-redux", "lodash")


class SeeOther(HttpResponseRedirect):
    """303: fetch the target with GET, whatever brought you here."""

    status_code = 303


@require_http_methods(["GET", "POST"])
@never_cache
@start_page_policy
def start(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """GET: the page, with no secret in it. POST: the start package, as JSON."""
    if request.method == "POST":
        return _start(request, meeting_id)
    meeting, as_host = _let_in(request, meeting_id, partial(get_startable_meeting, request.user))
    own = meeting.get_absolute_url()
    return _green_room(
        request,
        meeting,
        start_url=request.path,
        back_url=own,
        host_note=_note_about(meeting, as_host),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@start_page_policy
def start_on_behalf(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """The same for an admin who showed lately who they are: as its host, saying why."""
    if request.method == "POST":
        return _start_on_behalf(request, meeting_id)
    meeting = get_startable_on_behalf(request.user, meeting_id)
    if not did_recently_authenticate(request):
        return ask_who_they_are(request)
    return _green_room(
        request,
        meeting,
        start_url=request.path,
        # The meeting's own page is for its hosts.
        back_url=reverse("admin:meetings_meeting_change", args=[meeting.pk]),
        host_note=_note_about(meeting, meeting.host),
        form=OnBehalfForm(),
    )


@require_POST
@never_cache
@may_leave_to_zoom
def open_in_app(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """Send the browser to a link that Zoom made just now."""
    attempt = Recorder(user=request.user, way=Way.APP)
    meeting, as_host = _let_in(request, meeting_id, partial(enter, attempt))
    try:
        link = get_app_link(meeting=meeting, as_host=as_host, user=request.user, attempt=attempt)
    except FAILURES as error:
        failure = make_failure(error)
        context = {
            "meeting": meeting, "message": failure.message, "attempt": attempt.shown_code,
        }  # fmt: skip
        return render(request, "meetings/start_error.html", context, status=failure.status)
    response = SeeOther(link)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _let_in(
    request: SignedInRequest, meeting_id: UUID, door: Callable[[UUID], tuple[Meeting, Host]]
) -> tuple[Meeting, Host]:
    """As the door does, but a host who is kept out of their own meeting is told why."""
    try:
        return door(meeting_id)
    except PermissionDenied:
        raise PermissionDenied(_why_not(request, meeting_id)) from None


def _why_not(request: SignedInRequest, meeting_id: UUID) -> str:
    """What a host is told who may not start their own meeting; empty for everybody else."""
    facts, _host = Meeting.objects.get(pk=meeting_id).get_start_facts(request.user)
    refusal = first_refusal(facts, Stage.DOOR)
    return sentence_to_host(refusal.name, refusal.reason) if refusal else ""


def _start(request: SignedInRequest, meeting_id: UUID) -> JsonResponse:
    attempt = _begin_attempt(request, Way.BROWSER)
    meeting, as_host = _let_in(request, meeting_id, partial(enter, attempt))
    return _answer(
        lambda: start_meeting(meeting=meeting, as_host=as_host, user=request.user, attempt=attempt)
    )


def _begin_attempt(request: SignedInRequest, way: Way) -> Recorder:
    return Recorder(user=request.user, way=way, code=request.POST.get("attempt", ""))


def _start_on_behalf(request: SignedInRequest, meeting_id: UUID) -> JsonResponse:
    attempt = _begin_attempt(request, Way.ON_BEHALF)
    meeting = enter_on_behalf(attempt, meeting_id)
    # As for a form: the page was asked for, and may lie open as long again.
    if not did_recently_authenticate(request, seconds=2 * settings.REAUTHENTICATION_SECONDS):
        attempt.turn_away(meeting, "stale_sign_in")
        return _refuse_stale(request)
    form = OnBehalfForm(request.POST)
    if not form.is_valid():
        attempt.turn_away(meeting, "reason_missing")
        told = " ".join(str(error) for error in form.errors["reason"])
        failure = Failure(HTTPStatus.UNPROCESSABLE_ENTITY, "reason_missing", told, "", False)
        return JsonResponse(failure.as_json(), status=failure.status)
    reason = form.cleaned_data["reason"]
    return _answer(
        lambda: start_as_host(meeting=meeting, user=request.user, reason=reason, attempt=attempt)
    )


def _refuse_stale(request: SignedInRequest) -> JsonResponse:
    told = _(
        "It is a while ago that you showed who you are. Press Try again: you are asked once more, "
        "and then come back here."
    )
    failure = Failure(HTTPStatus.FORBIDDEN, "stale_sign_in", told, "", False)
    address = ask_who_they_are(request)["Location"]
    return JsonResponse({**failure.as_json(), "address": address}, status=failure.status)


def _answer(make_package: Callable[[], StartPackage]) -> JsonResponse:
    try:
        package = make_package()
    except FAILURES as error:
        failure = make_failure(error)
        return JsonResponse(failure.as_json(), status=failure.status)
    return JsonResponse(package.as_join_arguments())


def _note_about(meeting: Meeting, host: Host) -> str:
    return fitness_sentence(get_fitness(meeting.organization, host.zoom_user_id))


def _green_room(
    request: SignedInRequest,
    meeting: Meeting,
    *,
    start_url: str,
    back_url: str,
    form: OnBehalfForm | None = None,
    host_note: str = "",
) -> HttpResponse:
    """`form`: what an admin is asked who starts it as its host.

    `host_note`: what the last import says against it. Only Zoom's answer at the start decides.
    """
    context = {
        "meeting": meeting,
        "sdk_scripts": _sdk_scripts(),
        "config": _page_config(request, meeting, start_url, back_url),
        "start_url": start_url,
        "back_url": back_url,
        "form": form,
        "host_note": host_note,
    }
    return render(request, "meetings/start.html", context)


def _sdk_scripts() -> list[str]:
    if settings.ZOOM_SDK_STAND_IN:
        return [f"{settings.ZOOM_SDK_STAND_IN}/sdk/zoom-stand-in.js"]
    prefix, version = settings.ZOOM_SDK_PREFIX, settings.ZOOM_SDK_VERSION
    vendor = [static(f"{prefix}/lib/vendor/{name}.min.js") for name in _VENDOR_SCRIPTS]
    return [*vendor, static(f"{prefix}/zoom-meeting-{version}.min.js")]


def _page_config(
    request: SignedInRequest, meeting: Meeting, start_url: str, leave_url: str
) -> dict[str, Any]:
    """What `start.js` needs to know; it is readable in the page, so nothing in it is secret."""
    return {
        "meetingId": str(meeting.pk),
        # Whose traces these are; the tab may be somebody else's next.
        "person": str(request.user.pk),
        "startUrl": start_url,
        "traceUrl": reverse("meetings:start_trace", args=[meeting.pk]),
        "leaveUrl": leave_url,
        "sdkLib": "" if settings.ZOOM_SDK_STAND_IN else static(f"{settings.ZOOM_SDK_PREFIX}/lib"),
        "language": "en-US",
        "errors": sdk_error_texts(),
    }
