"""Where the start page tells how far it has come."""

import logging
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Any
from uuid import UUID

from django import forms
from django.core.cache import caches
from django.db import DatabaseError
from django.http import HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from rest_framework.throttling import SimpleRateThrottle

from meetings.attempt_codes import read_code
from meetings.pages.requests import SignedInRequest
from meetings.services.traces import LONGEST, Told, Trace, check_trace, note_trace
from meetings.start_steps import Step

log = logging.getLogger(__name__)

_LONGEST_MS = LONGEST // timedelta(milliseconds=1)
_LONGEST_BODY = 2000
# The page's own words, and the SDK's numbers.
_ERROR = r"\A[A-Za-z0-9_.-]{1,40}\Z"


class TraceForm(forms.Form):
    """One thing that a page tells. Nothing in it is free text."""

    attempt = forms.CharField(max_length=16)
    told = forms.ChoiceField(choices=[(told.value, told.value) for told in Told])
    after = forms.IntegerField(min_value=0, max_value=_LONGEST_MS)
    age = forms.IntegerField(min_value=0, max_value=_LONGEST_MS)
    error = forms.RegexField(regex=_ERROR, required=False)
    during = forms.ChoiceField(
        choices=[(step.value, step.value) for step in (Step.INIT, Step.JOIN)], required=False
    )

    def clean_attempt(self) -> str:
        code = read_code(self.cleaned_data["attempt"])
        if not code:
            raise forms.ValidationError("no code")
        return code

    def make_trace(self) -> Trace:
        data: dict[str, Any] = self.cleaned_data
        return Trace(
            code=data["attempt"],
            told=Told(data["told"]),
            after=timedelta(milliseconds=data["after"]),
            age=timedelta(milliseconds=data["age"]),
            error=data["error"],
            during=data["during"],
        )


class TraceLimit(SimpleRateThrottle):
    """By person, in each process: a start tells some five things, and a tab what has waited."""

    cache = caches["process"]
    rate = "120/min"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"traces:{request.user.pk}"


@require_POST
@never_cache
def note(request: SignedInRequest, meeting_id: UUID) -> HttpResponse:
    """Take one thing that the start page tells of this person's own attempt."""
    # The stubs speak of DRF's own requests and views.
    limit: Any = TraceLimit()
    if not limit.allow_request(request, note):
        again = {"Retry-After": str(ceil(limit.wait() or 60))}
        return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS, headers=again)
    if int(request.META.get("CONTENT_LENGTH") or 0) > _LONGEST_BODY:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    form = TraceForm(request.POST)
    if not form.is_valid():
        check_trace(request.user, meeting_id)
        return HttpResponseBadRequest()
    try:
        note_trace(
            user=request.user, meeting_id=meeting_id, trace=form.make_trace(), now=timezone.now()
        )
    except DatabaseError as error:
        # The page keeps it and tells it again. Without its words: they may quote the row.
        log.error("What a page tells was not noted: %s", type(error).__name__)
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
