"""The hand that sets the scene, for tests and the demo: ``/_control/``, JSON, loopback only.

A browser page of another origin cannot use it: requests that carry an Origin are refused.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from zoomsandbox.faults import play as faults
from zoomsandbox.life.meetings import remove_meeting
from zoomsandbox.life.rooms import end_all_rooms, end_room, get_room
from zoomsandbox.life.users import change_user, remove_user
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.ledger import Fault
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import WORLD, World

Answer = Any
Action = Callable[[web.Request, World], Awaitable[Answer]]


def _control(action: Action) -> Handler:
    """Only from this machine and from no web page; mistakes are told as 400."""

    async def handle(request: web.Request) -> web.Response:
        if request.remote not in ("127.0.0.1", "::1") or "Origin" in request.headers:
            return web.json_response({"error": "only from this machine"}, status=403)
        try:
            answer = await action(request, request.app[WORLD])
        except KeyError as error:
            return web.json_response({"error": f"unknown or missing: {error}"}, status=404)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(answer)

    return handle


async def _read(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.text() or "{}")
    if not isinstance(body, dict):
        raise TypeError("the body must be an object")
    return body


async def reset(request: web.Request, world: World) -> Answer:
    await end_all_rooms(world)
    world.reset()
    return {}


async def put_account(request: web.Request, world: World) -> Answer:
    """Create the account or replace it; tokens and meetings of one replaced stay."""
    body = await _read(request)
    users = [User(**fields) for fields in body.pop("users", [])]
    if "scopes" in body:
        body["scopes"] = tuple(body["scopes"])
    account = Account(**body, users={user.id: user for user in users})
    world.accounts[account.account_id] = account
    await _drop_meetings_without_host(world)
    return _show_account(account)


async def patch_account(request: web.Request, world: World) -> Answer:
    account = world.accounts[request.match_info["account"]]
    changes = await _read(request)
    if "scopes" in changes:
        changes["scopes"] = tuple(changes["scopes"])
    _check_names(account, changes, fixed={"account_id", "users", "subscriptions"})
    for name, value in changes.items():
        setattr(account, name, value)
    return _show_account(account)


async def _drop_meetings_without_host(world: World) -> None:
    hosts = {
        (account.account_id, key) for account in world.accounts.values() for key in account.users
    }
    for meeting in list(world.meetings.values()):
        if (meeting.account_id, meeting.host_id) not in hosts:
            await remove_meeting(world, meeting)


async def patch_user(request: web.Request, world: World) -> Answer:
    account, user = _find_user(world, request.match_info["user"])
    changes = await _read(request)
    _check_names(user, changes, fixed={"id"})
    change_user(world, account, user, changes)
    return dataclasses.asdict(user)


async def drop_user(request: web.Request, world: World) -> Answer:
    """Gone from the account at Zoom, with all meetings of that host."""
    account, user = _find_user(world, request.match_info["user"])
    await remove_user(world, account, user)
    return {}


def _find_user(world: World, key: str) -> tuple[Account, User]:
    for account in world.accounts.values():
        user = account.find_user(key)
        if user:
            return account, user
    raise KeyError(key)


def _check_names(thing: Account | User, changes: dict[str, Any], fixed: set[str]) -> None:
    allowed = {field.name for field in dataclasses.fields(thing)} - fixed
    unknown = set(changes) - allowed
    if unknown:
        raise TypeError(f"cannot change {', '.join(sorted(unknown))}")


def _show_account(account: Account) -> dict[str, Any]:
    shown = dataclasses.asdict(account)
    for name in ("client_secret", "sdk_client_secret", "webhook_secret"):
        del shown[name]
    return shown | {"users": list(shown["users"].values())}


async def list_accounts(request: web.Request, world: World) -> Answer:
    return [_show_account(account) for account in world.accounts.values()]


async def list_ledger(request: web.Request, world: World) -> Answer:
    wanted = request.query.get("call")
    return [dataclasses.asdict(e) for e in world.ledger if wanted in (None, e.call)]


async def clear_ledger(request: web.Request, world: World) -> Answer:
    world.ledger.clear()
    return {}


async def plant_fault(request: web.Request, world: World) -> Answer:
    fault = Fault(**await _read(request))
    if fault.kind not in faults.KINDS:
        raise ValueError(f"kind must be one of {', '.join(faults.KINDS)}")
    world.faults.append(fault)
    return dataclasses.asdict(fault)


async def list_faults(request: web.Request, world: World) -> Answer:
    return [dataclasses.asdict(fault) for fault in world.faults]


async def clear_faults(request: web.Request, world: World) -> Answer:
    world.faults.clear()
    return {}


async def move_clock(request: web.Request, world: World) -> Answer:
    world.clock.offset += float((await _read(request))["advance"])
    return {"now": world.now(), "offset": world.clock.offset}


async def list_rooms(request: web.Request, world: World) -> Answer:
    rooms = [get_room(world, number) for number in list(world.rooms)]
    return [room.as_json() for room in rooms if room]


async def close_room(request: web.Request, world: World) -> Answer:
    return {"ended": await end_room(world, int(request.match_info["number"]))}


async def drop_meeting(request: web.Request, world: World) -> Answer:
    """Gone at Zoom, as after somebody deleted it in Zoom's own portal."""
    await remove_meeting(world, world.meetings[int(request.match_info["number"])])
    return {}


async def list_meetings(request: web.Request, world: World) -> Answer:
    return [_show_meeting(world, meeting) for meeting in world.meetings.values()]


def _show_meeting(world: World, meeting: Meeting) -> dict[str, Any]:
    return {
        "number": meeting.number,
        "uuid": meeting.uuid,
        "account_id": meeting.account_id,
        "host_id": meeting.host_id,
        "alternative_hosts": list(meeting.alternative_hosts),
        "password": meeting.password,
        "status": "started" if get_room(world, meeting.number) else "waiting",
        **meeting.fields,
    }


async def list_zaks(request: web.Request, world: World) -> Answer:
    return [dataclasses.asdict(zak) for zak in world.zaks.values()]


async def show_certificate(request: web.Request) -> web.Response:
    """The authority behind the TLS port, for clients that verify."""
    return web.Response(body=request.app[WORLD].certificate, content_type="application/x-pem-file")


async def unknown(request: web.Request) -> web.Response:
    return web.json_response({"error": "no such control"}, status=404)


ROUTES = (
    web.post("/_control/reset", _control(reset)),
    web.get("/_control/accounts", _control(list_accounts)),
    web.post("/_control/accounts", _control(put_account)),
    web.patch("/_control/accounts/{account}", _control(patch_account)),
    web.patch("/_control/users/{user}", _control(patch_user)),
    web.delete("/_control/users/{user}", _control(drop_user)),
    web.get("/_control/ledger", _control(list_ledger)),
    web.delete("/_control/ledger", _control(clear_ledger)),
    web.get("/_control/faults", _control(list_faults)),
    web.post("/_control/faults", _control(plant_fault)),
    web.delete("/_control/faults", _control(clear_faults)),
    web.post("/_control/clock", _control(move_clock)),
    web.get("/_control/rooms", _control(list_rooms)),
    web.post("/_control/rooms/{number}/end", _control(close_room)),
    web.get("/_control/meetings", _control(list_meetings)),
    web.delete("/_control/meetings/{number}", _control(drop_meeting)),
    web.get("/_control/zaks", _control(list_zaks)),
    web.get("/_control/certificate", show_certificate),
    web.route("*", "/_control/{rest:.*}", unknown),
)
