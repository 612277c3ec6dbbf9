"""The stand-in for Zoom's SDK, as a browser loads it."""

from pathlib import Path

from aiohttp import web

from zoomsandbox.files import answer_file

FOLDER = Path(__file__).parent / "standin"
# Parts of one script; together in one function they leave a single global, ZoomMtg.
PARTS = ("wire.js", "screen.js", "sdk.js")


async def script(request: web.Request) -> web.Response:
    parts = [(FOLDER / name).read_text("utf-8") for name in PARTS]
    return answer_file(
        '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n", "text/javascript"
    )


async def style(request: web.Request) -> web.Response:
    return answer_file((FOLDER / "stand-in.css").read_text("utf-8"), "text/css")


ROUTES = (
    web.get("/sdk/zoom-stand-in.js", script),
    web.get("/sdk/zoom-stand-in.css", style),
)
