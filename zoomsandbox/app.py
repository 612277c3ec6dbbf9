"""Every address of the sandbox, and the name by which the ledger knows it."""

import warnings
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler
from jwt.warnings import InsecureKeyLengthWarning

from zoomsandbox.console import files, pages
from zoomsandbox.control import routes as control
from zoomsandbox.life.rooms import end_all_rooms
from zoomsandbox.middleware import make_recorder
from zoomsandbox.rest import meetings, oauth, users
from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.sdk import stand_in
from zoomsandbox.sdk import web as sdk
from zoomsandbox.state.world import WORLD, World


async def unknown_endpoint(request: web.Request) -> web.Response:
    """Zoom's gateway says this for paths and methods it has none of, such as POST for a ZAK."""
    raise ZoomRefusal(404, 2300, "This API endpoint is not recognized.")


# Method, path, the call's name in the ledger, handler. The first match wins.
CALLS: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", "/oauth/token", "oauth.token", oauth.issue_token),
    ("GET", "/v2/users", "users.list", users.list_users),
    ("GET", "/v2/users/{user}", "users.get", users.get_user),
    ("GET", "/v2/users/{user}/token", "users.token", users.get_token),
    ("POST", "/v2/users/{user}/meetings", "meetings.create", meetings.create_meeting),
    ("GET", "/v2/meetings/{meeting}", "meetings.get", meetings.get_meeting),
    ("PATCH", "/v2/meetings/{meeting}", "meetings.update", meetings.update_meeting),
    ("DELETE", "/v2/meetings/{meeting}", "meetings.delete", meetings.delete_meeting),
    ("PUT", "/v2/meetings/{meeting}/status", "meetings.end", meetings.end_meeting),
    ("*", "/{api:v2|oauth}/{rest:.*}", "rest.other", unknown_endpoint),
    ("POST", "/api/v1/wc/info", "web.info", sdk.join_info),
    ("GET", "/api/v1/wc/info", "web.info", sdk.join_info_by_url),
    ("GET", "/wc/ping/{number}", "web.ping", sdk.ping),
    ("POST", "/wc/profile/get", "web.profile", sdk.profile),
    ("GET", "/wc/api/{number}", "web.socket", sdk.open_socket),
    ("GET", "/s/{number:[0-9]+}", "pages.start", pages.start),
    ("GET", "/j/{number:[0-9]+}", "pages.join", pages.join),
)
OTHER_CALLS: tuple[tuple[str, str, str, Handler], ...] = (
    ("*", "/{rest:.*}", "web.other", sdk.anything_else),
)


def make_app(world: World) -> web.Application:
    # Invented secrets in tests may be short; their strength is no concern here.
    warnings.simplefilter("ignore", InsecureKeyLengthWarning)
    names = {handler: call for _, _, call, handler in (*CALLS, *OTHER_CALLS)}
    app = web.Application(middlewares=[make_recorder(names)])
    app[WORLD] = world
    _add(app, CALLS)
    for routes in (control.ROUTES, stand_in.ROUTES, files.ROUTES, pages.ROUTES):
        app.router.add_routes(routes)
    _add(app, OTHER_CALLS)
    app.on_shutdown.append(_close_rooms)
    return app


def _add(app: web.Application, calls: Iterable[tuple[str, str, str, Handler]]) -> None:
    for method, path, _, handler in calls:
        app.router.add_route(method, path, handler)


async def _close_rooms(app: web.Application) -> None:
    await end_all_rooms(app[WORLD])
