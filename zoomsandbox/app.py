"""Every address of the sandbox, and the name by which the ledger knows it."""

import warnings
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler
from jwt.warnings import InsecureKeyLengthWarning

from zoomsandbox.console import files, pages
from zoomsandbox.console import routes as console
from zoomsandbox.control import routes as control
from zoomsandbox.faults.doors import CALL_NAMES, DOORS, Doors
from zoomsandbox.faults.stage import STAGE, Stage
from zoomsandbox.life.rooms import end_all_rooms
from zoomsandbox.life.snapshots import SNAPSHOTS
from zoomsandbox.middleware import make_recorder
from zoomsandbox.rest import (
    meetings,
    meetings_list,
    oauth,
    past_meetings,
    recordings,
    registrants,
    users,
    users_settings,
    users_tokens,
    users_writes,
)
from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.sdk import stand_in
from zoomsandbox.sdk import web as sdk
from zoomsandbox.state.world import WORLD, World
from zoomsandbox.webhooks.wire import run_deliveries


async def unknown_endpoint(request: web.Request) -> web.Response:
    """Zoom's gateway says this for paths and methods it has none of, such as POST for a ZAK."""
    raise ZoomRefusal(404, 2300, "This API endpoint is not recognized.")


# Method, path, the call's name in the ledger, handler. The first match wins.
CALLS: tuple[tuple[str, str, str, Handler], ...] = (
    ("*", "/oauth/token", "oauth.token", oauth.issue_token),
    ("GET", "/v2/users", "users.list", users.list_users),
    ("POST", "/v2/users", "users.create", users_writes.create_user),
    ("GET", "/v2/users/email", "users.email", users.check_email),
    ("GET", "/v2/users/me/zak", "users.zak", users_tokens.get_own_zak),
    ("GET", "/v2/users/{user}", "users.get", users.get_user),
    ("PATCH", "/v2/users/{user}", "users.update", users_writes.update_user),
    ("DELETE", "/v2/users/{user}", "users.delete", users_writes.delete_user),
    ("PUT", "/v2/users/{user}/status", "users.status", users_writes.update_status),
    ("GET", "/v2/users/{user}/settings", "users.settings", users_settings.get_settings),
    (
        "PATCH",
        "/v2/users/{user}/settings",
        "users.update_settings",
        users_settings.update_settings,
    ),
    ("GET", "/v2/users/{user}/token", "users.token", users_tokens.get_token),
    ("DELETE", "/v2/users/{user}/token", "users.revoke_token", users_tokens.revoke_token),
    ("POST", "/v2/users/{user}/meetings", "meetings.create", meetings.create_meeting),
    ("GET", "/v2/users/{user}/meetings", "meetings.list", meetings_list.list_meetings),
    (
        "GET",
        "/v2/users/{user}/upcoming_meetings",
        "meetings.upcoming",
        meetings_list.list_upcoming_meetings,
    ),
    ("GET", "/v2/users/{user}/recordings", "recordings.list", recordings.list_recordings),
    ("GET", "/v2/meetings/{meeting}", "meetings.get", meetings.get_meeting),
    ("PATCH", "/v2/meetings/{meeting}", "meetings.update", meetings.update_meeting),
    ("DELETE", "/v2/meetings/{meeting}", "meetings.delete", meetings.delete_meeting),
    ("PUT", "/v2/meetings/{meeting}/status", "meetings.end", meetings.end_meeting),
    ("GET", "/v2/meetings/{meeting}/recordings", "recordings.get", recordings.get_recordings),
    ("POST", "/v2/meetings/{meeting}/registrants", "registrants.add", registrants.add),
    ("GET", "/v2/meetings/{meeting}/registrants", "registrants.list", registrants.list_registrants),
    (
        "PUT",
        "/v2/meetings/{meeting}/registrants/status",
        "registrants.status",
        registrants.update_status,
    ),
    ("GET", "/v2/past_meetings/{meeting}", "past.get", past_meetings.get_past_meeting),
    (
        "GET",
        "/v2/past_meetings/{meeting}/instances",
        "past.instances",
        past_meetings.list_instances,
    ),
    (
        "GET",
        "/v2/past_meetings/{meeting}/participants",
        "past.participants",
        past_meetings.list_participants,
    ),
    ("*", "/{api:v2|oauth}/{rest:(?s:.*)}", "rest.other", unknown_endpoint),
    ("POST", "/api/v1/wc/info", "web.info", sdk.join_info),
    ("GET", "/api/v1/wc/info", "web.info", sdk.join_info_by_url),
    ("GET", "/wc/ping/{number}", "web.ping", sdk.ping),
    ("POST", "/wc/profile/get", "web.profile", sdk.profile),
    ("GET", "/wc/api/{number}", "web.socket", sdk.open_socket),
    ("GET", "/s/{number:[0-9]{1,15}}", "pages.start", pages.start),
    ("GET", "/j/{number:[0-9]{1,15}}", "pages.join", pages.join),
    ("GET", "/w/{number:[0-9]{1,15}}", "pages.join", pages.join),
)
OTHER_CALLS: tuple[tuple[str, str, str, Handler], ...] = (
    ("*", "/{rest:(?s:.*)}", "web.other", sdk.anything_else),
)


def make_app(world: World) -> web.Application:
    # Invented secrets in tests may be short; their strength is no concern here.
    warnings.simplefilter("ignore", InsecureKeyLengthWarning)
    names = {handler: call for _, _, call, handler in (*CALLS, *OTHER_CALLS)}
    app = web.Application(middlewares=[make_recorder(names)])
    app[WORLD] = world
    app[SNAPSHOTS] = {}
    app[DOORS] = Doors()
    app[STAGE] = Stage()
    app[CALL_NAMES] = frozenset(names.values())
    _add(app, CALLS)
    for routes in (control, console, stand_in, files, pages):
        app.router.add_routes(routes.ROUTES)
    _add(app, OTHER_CALLS)
    app.cleanup_ctx.append(run_deliveries)
    app.on_shutdown.append(_close_rooms)
    app.on_shutdown.append(app[DOORS].shut)
    return app


def _add(app: web.Application, calls: Iterable[tuple[str, str, str, Handler]]) -> None:
    for method, path, _, handler in calls:
        app.router.add_route(method, path, handler)


async def _close_rooms(app: web.Application) -> None:
    await end_all_rooms(app[WORLD])
