"""What every answer of Zoom's carries besides its content."""

import random

from aiohttp import web

# The SDK calls from the portal's origin, from an isolated page too.
OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def add_headers(response: web.StreamResponse, call: str) -> None:
    """The tracking id that Zoom's support asks for, and what browsers need of ``web.`` calls."""
    # No secret, so not worth a question to the operating system with every answer.
    number = random.getrandbits(128)
    response.headers["x-zm-trackingid"] = f"v=2.0;clid=us01;rid=WEB_{number:032x}"
    response.headers.setdefault("Cache-Control", "no-store")
    if call.startswith("web."):
        response.headers.update(OPEN_TO_ALL)
