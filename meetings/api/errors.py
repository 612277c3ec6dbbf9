"""How the API answers what goes wrong."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from meetings.failures import FAILURES, make_failure


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """A failure at Zoom reads as on the pages; everything else is the framework's."""
    if isinstance(error, FAILURES):
        failure = make_failure(error)
        return Response(failure.as_json(), status=failure.status)
    return exception_handler(error, context)
