"""The bodies of calls."""

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal

FORM = "application/x-www-form-urlencoded"


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a URL-encoded form, none of a body of another type.

    Raises UnicodeDecodeError.
    """
    if request.content_type != FORM:
        return {}
    body = await request.read()
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as an object, an empty one for no body; raises ZoomRefusal (code 300).

    Source of the sentence: Zoom API, Error definitions.
    """
    try:
        body = json.loads(await request.text() or "{}")
    except (ValueError, LookupError, RecursionError):
        # Not JSON, not in its charset, in a charset nobody knows, or nested without end.
        body = None
    if not isinstance(body, dict):
        raise ZoomRefusal(400, 300, "Request Body should be a valid JSON object.")
    return body
