"""The stand-in SDK and the pages' own script and styles."""

from pathlib import Path

from aiohttp import web

HERE = Path(__file__).parent
# Parts of one script; together in one function they leave a single global, ZoomMtg.
STAND_IN = ("wire.js", "screen.js", "sdk.js")
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


def _answer(text: str, content_type: str) -> web.Response:
    return web.Response(text=text, content_type=content_type, charset="utf-8", headers=HEADERS)


async def stand_in_script(request: web.Request) -> web.Response:
    parts = [(HERE / "standin" / name).read_text("utf-8") for name in STAND_IN]
    text = '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"
    return _answer(text, "text/javascript")


async def stand_in_style(request: web.Request) -> web.Response:
    return _answer((HERE / "standin" / "stand-in.css").read_text("utf-8"), "text/css")


async def pages_script(request: web.Request) -> web.Response:
    return _answer((HERE / "assets" / "pages.js").read_text("utf-8"), "text/javascript")


async def pages_style(request: web.Request) -> web.Response:
    return _answer((HERE / "assets" / "pages.css").read_text("utf-8"), "text/css")


ROUTES = (
    web.get("/sdk/zoom-stand-in.js", stand_in_script),
    web.get("/sdk/zoom-stand-in.css", stand_in_style),
    web.get("/_pages/pages.js", pages_script),
    web.get("/_pages/pages.css", pages_style),
)
