"""The hand that sets the scene, for tests and the demo: every control under ``/_control/``."""

from typing import Any

from aiohttp import web

from zoomsandbox.control import accounts, clock, faults, ledger, meetings, snapshots, webhooks
from zoomsandbox.control.framework import PREFIX, Ask, Control
from zoomsandbox.control.openapi import make_document


async def show_document(ask: Ask) -> Any:
    """Describe the controls: this document."""
    return DOCUMENT


async def show_certificate(ask: Ask) -> web.Response:
    """Give the authority behind the TLS port, for clients that verify; empty without that port."""
    return web.Response(body=ask.world.certificate, content_type="application/x-pem-file")


async def unknown(request: web.Request) -> web.Response:
    return web.json_response({"error": "no such control"}, status=404)


CONTROLS: tuple[Control, ...] = (
    *snapshots.CONTROLS,
    *accounts.CONTROLS,
    *meetings.CONTROLS,
    *ledger.CONTROLS,
    *faults.CONTROLS,
    *clock.CONTROLS,
    *webhooks.CONTROLS,
    Control("GET", "openapi.json", "Sandbox", show_document, answer=dict[str, Any]),
    Control(
        "GET",
        "certificate",
        "Sandbox",
        show_certificate,
        answer=str,
        media="application/x-pem-file",
    ),
)
DOCUMENT = make_document(CONTROLS)
ROUTES = (
    *(control.as_route() for control in CONTROLS),
    web.route("*", f"{PREFIX}/{{rest:(?s:.*)}}", unknown),
)
