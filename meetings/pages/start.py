"""The green room, the start, and the way into the Zoom app."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meetings.access import get_startable_meeting
from meetings.failures import FAILURES, make_failure
from meetings.models import Host, Meeting
from meetings.pages.policy import may_leave_to_zoom, start_page_policy
from meetings.pages.requests import SignedInRequest
from meetings.sdk_errors import sdk_error_texts
from meetings.services.start import get_app_link, start_meeting

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
    meeting, as_host = get_startable_meeting(request.user, meeting_id)
    if request.method == "POST":
        return _start(request, meeting, as_host)
    context = {
        "meeting": meeting,
        "sdk_scripts": _sdk_scripts(),
        "config": _page_config(meeting),
    }
    return render(request, "meetings/start.html", context)


@require_POST
@never_cache
@may_leave_to_zoom
def open_in_app(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """Send the browser to a link that Zoom made just now."""
    meeting, as_host = get_startable_meeting(request.user, meeting_id)
    try:
        link = get_app_link(meeting=meeting, as_host=as_host, user=request.user)
    except FAILURES as error:
        failure = make_failure(error)
        context = {"meeting": meeting, "message": failure.message}
        return render(request, "meetings/start_error.html", context, status=failure.status)
    response = SeeOther(link)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _start(request: SignedInRequest, meeting: Meeting, as_host: Host) -> JsonResponse:
    try:
        package = start_meeting(meeting=meeting, as_host=as_host, user=request.user)
    except FAILURES as error:
        failure = make_failure(error)
        return JsonResponse(failure.as_json(), status=failure.status)
    return JsonResponse(package.as_join_arguments())


def _sdk_scripts() -> list[str]:
    if settings.ZOOM_SDK_STAND_IN:
        return [f"{settings.ZOOM_SDK_STAND_IN}/sdk/zoom-stand-in.js"]
    prefix, version = settings.ZOOM_SDK_PREFIX, settings.ZOOM_SDK_VERSION
    vendor = [static(f"{prefix}/lib/vendor/{name}.min.js") for name in _VENDOR_SCRIPTS]
    return [*vendor, static(f"{prefix}/zoom-meeting-{version}.min.js")]


def _page_config(meeting: Meeting) -> dict[str, Any]:
    """What `start.js` needs to know; it is readable in the page, so nothing in it is secret."""
    return {
        "meetingId": str(meeting.pk),
        "startUrl": reverse("meetings:start", args=[meeting.pk]),
        "leaveUrl": meeting.get_absolute_url(),
        "sdkLib": "" if settings.ZOOM_SDK_STAND_IN else static(f"{settings.ZOOM_SDK_PREFIX}/lib"),
        "language": "en-US",
        "errors": sdk_error_texts(),
    }
