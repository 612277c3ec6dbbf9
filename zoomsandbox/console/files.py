"""The pages' own script and styles."""

from pathlib import Path

from aiohttp import web

from zoomsandbox.files import answer_file

FOLDER = Path(__file__).parent / "assets"


async def script(request: web.Request) -> web.Response:
    return answer_file((FOLDER / "pages.js").read_text("utf-8"), "text/javascript")


async def style(request: web.Request) -> web.Response:
    return answer_file((FOLDER / "pages.css").read_text("utf-8"), "text/css")


ROUTES = (
    web.get("/_pages/pages.js", script),
    web.get("/_pages/pages.css", style),
)
