"""What load balancers and container runtimes ask: does it live, can it serve?"""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import resolve, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.readiness import Probe, Readiness

_readiness = Readiness(Probe())


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No database: one that is down is no reason to kill web processes."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if requests may come, else 503; with names of what is wrong, and of what is less well."""
    verdict = _readiness.get()
    return JsonResponse(
        {"ready": verdict.is_ready, "reasons": verdict.reasons, "warnings": verdict.warnings},
        status=HTTPStatus.OK if verdict.is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


class ProbeMiddleware:
    """Lets probes past what is for people: host check, way to HTTPS, session, organization.

    They come to a container's address, over plain HTTP, and must cost no query but their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.paths = {reverse("healthz"), reverse("readyz")}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in self.paths:
            return self.get_response(request)
        response: HttpResponseBase = resolve(request.path_info).func(request)
        return response
