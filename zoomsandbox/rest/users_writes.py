"""Zoom's REST calls that make, change and remove users."""

import re
import secrets
from typing import Any
from zoneinfo import available_timezones

from aiohttp import web

from zoomsandbox.life.users import add_user, change_user, hand_over_meetings, remove_user
from zoomsandbox.rest.bodies import read_object
from zoomsandbox.rest.errors import ZoomRefusal, invalid, not_accepted
from zoomsandbox.rest.limits import hold_user
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.users import get_user_of_call
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import ENTRY, WORLD, World

# The status and the login type of a user made so. Only those invited must accept.
ACTIONS = {
    "create": ("pending", 100),
    "autoCreate": ("active", 100),
    "custCreate": ("active", 99),
    "ssoCreate": ("active", 101),
}
TYPES = (1, 2, 4, 99)
LICENSED = 2
OWNER = "0"
TIMEZONES = available_timezones()
EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
LONGEST_EMAIL = 128
# Letters of both cases and a figure, eight to thirty-two characters.
PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]).{8,32}", re.DOTALL)
TEXT_LIMITS = {"first_name": 64, "last_name": 64, "display_name": 128, "dept": 50, "language": 10}
FLAGS = {"true": True, "false": False}


async def create_user(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Create users.

    An address that the account has already is refused with 409 and code 1005; one of another
    account may only be invited, which is a guess.
    """
    account = get_authorized_account(request, "user:write:user:admin")
    body = await read_object(request)
    action, info = body.get("action"), body.get("user_info")
    if not isinstance(action, str) or action not in ACTIONS:
        raise invalid("action")
    if not isinstance(info, dict):
        raise invalid("user_info")
    world = request.app[WORLD]
    user = _make_user(world, account, action, info)
    add_user(world, account, user, action)
    hold_user(world, account, user.id)
    request[ENTRY].detail.update(user_id=user.id, action=action)
    shown = ("id", "email", "first_name", "last_name", "display_name", "type")
    return web.json_response({name: getattr(user, name) for name in shown}, status=201)


def _make_user(world: World, account: Account, action: str, info: dict[str, Any]) -> User:
    email = info.get("email")
    if not isinstance(email, str) or len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
        raise invalid("user_info.email")
    kind = _read_type("user_info.type", info.get("type"))
    password = info.get("password")
    if action == "autoCreate" and not (isinstance(password, str) and PASSWORD.fullmatch(password)):
        raise invalid("user_info.password")
    texts = _read_texts(info, "user_info.")
    _check_address(world, account, action, email)
    if kind == LICENSED:
        _check_seat(account)
    status, login_type = ACTIONS[action]
    first, last = texts.get("first_name", ""), texts.get("last_name", "")
    return User(
        id=secrets.token_urlsafe(16),
        email=email,
        display_name=texts.get("display_name") or f"{first} {last}".strip(),
        type=kind,
        status=status,
        cust_create=action == "custCreate",
        created_at=world.now(),
        first_name=first,
        last_name=last,
        dept=texts.get("dept", ""),
        language=texts.get("language", "en-US"),
        login_type=login_type,
    )


def _read_type(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in TYPES:
        raise invalid(name)
    return value


def _read_texts(given: dict[str, Any], prefix: str = "") -> dict[str, str]:
    texts = {}
    for name, limit in TEXT_LIMITS.items():
        if name in given:
            if not isinstance(given[name], str) or len(given[name]) > limit:
                raise invalid(prefix + name)
            texts[name] = given[name]
    return texts


def _check_address(world: World, account: Account, action: str, email: str) -> None:
    accounts = [account] if action == "create" else list(world.accounts.values())
    if any(one.find_user(email) for one in accounts):
        raise ZoomRefusal(409, 1005, f"User already in the account: {email}.")


def _check_seat(account: Account) -> None:
    """One more licence. Zoom documents no code for having none left; 200 is a guess."""
    if not account.has_free_seat:
        message = f"All {account.seats} licenses of the account are in use."
        raise ZoomRefusal(400, 200, message)


async def update_user(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Update a user. Fields Zoom does not know are ignored."""
    account = get_authorized_account(request, "user:update:user:admin")
    user = get_user_of_call(request, account)
    body = await read_object(request)
    changes: dict[str, Any] = dict(_read_texts(body))
    if "timezone" in body:
        if not isinstance(body["timezone"], str) or body["timezone"] not in TIMEZONES:
            raise invalid("timezone")
        changes["timezone"] = body["timezone"]
    if "type" in body:
        changes["type"] = _read_type("type", body["type"])
        if changes["type"] == LICENSED != user.type:
            _check_seat(account)
    if {"first_name", "last_name"} & changes.keys() and "display_name" not in changes:
        first = changes.get("first_name", user.first_name)
        last = changes.get("last_name", user.last_name)
        changes["display_name"] = f"{first} {last}".strip()
    change_user(request.app[WORLD], account, user, changes)
    return web.Response(status=204)


async def update_status(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Update user status: a user deactivated loses the licence.

    Clocking in and out, which contact centres have, changes nothing here. What Zoom says of a user
    who has not accepted the invitation, and of the owner, is a guess.
    """
    account = get_authorized_account(request, "user:update:status:admin")
    user = get_user_of_call(request, account)
    action = (await read_object(request)).get("action")
    if action not in ("activate", "deactivate", "clock_in", "clock_out"):
        raise invalid("action")
    if user.status == "pending":
        raise not_accepted(user.id)
    if action == "activate":
        if user.status == "inactive" and user.type == LICENSED:
            _check_seat(account)
        change_user(request.app[WORLD], account, user, {"status": "active"})
    elif action == "deactivate":
        _check_not_owner(user)
        kind = 1 if user.type == LICENSED else user.type
        change_user(request.app[WORLD], account, user, {"status": "inactive", "type": kind})
    return web.Response(status=204)


def _check_not_owner(user: User) -> None:
    if user.role_id == OWNER:
        raise ZoomRefusal(400, 200, "This cannot be done to the owner of the account.")


async def delete_user(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Delete a user: out of the account, or out of Zoom.

    The meetings go too unless they are transferred. A pending user can only be disassociated. The
    refusals' code 300 is a guess.
    """
    account = get_authorized_account(request, "user:delete:user:admin")
    user = get_user_of_call(request, account)
    action = request.query.get("action", "disassociate")
    if action not in ("disassociate", "delete") or (action, user.status) == ("delete", "pending"):
        raise invalid("action")
    _check_not_owner(user)
    world = request.app[WORLD]
    heir = _find_heir(request, account, user)
    if heir and _read_flag(request, "transfer_meeting"):
        hand_over_meetings(world, account, user, heir)
    if heir and _read_flag(request, "transfer_recording"):
        _hand_over_recordings(world, account, user, heir)
    await remove_user(world, account, user, action)
    return web.Response(status=204)


def _find_heir(request: web.Request, account: Account, user: User) -> User | None:
    """Who gets what is transferred: an active user of the account, not the one who leaves."""
    flags = ("transfer_meeting", "transfer_webinar", "transfer_recording")
    wanted = [name for name in flags if _read_flag(request, name)]
    email = request.query.get("transfer_email")
    if not wanted and email is None:
        return None
    heir = account.find_user(email or "")
    if heir is None or heir.status != "active" or heir.id == user.id:
        raise invalid("transfer_email")
    return heir


def _read_flag(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "false").lower()
    if text not in FLAGS:
        raise invalid(name)
    return FLAGS[text]


def _hand_over_recordings(world: World, account: Account, user: User, heir: User) -> None:
    for recording in world.recordings:
        if (recording.account_id, recording.host_id) == (account.account_id, user.id):
            recording.host_id = heir.id
