"""Zoom's REST calls about users."""

import re
import secrets
from typing import Any

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal, invalid, no_such_user
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.tokens import ZakKind
from zoomsandbox.state.world import ENTRY, WORLD, World

TWO_HOURS = 7_200
NINETY_DAYS = 7_776_000
ONE_YEAR = 31_536_000
PAGE_TOKEN_SECONDS = 15 * 60
KINDS: dict[str, ZakKind] = {"token": "token", "zak": "zak", "onbehalf": "onbehalf"}


def get_default_ttl(user: User) -> int:
    """Two hours, ninety days for users made with ``custCreate`` (Zoom, ZAK)."""
    return NINETY_DAYS if user.cust_create else TWO_HOURS


def get_user_of(account: Account, key: str) -> User:
    """The user, or Zoom's 404; ``me`` is nobody.

    Zoom tells server-to-server apps not to use ``me``, though it often resolves to the owner. The
    sandbox takes Zoom at its word.
    """
    user = account.find_user(key)
    if user is None or key == "me":
        raise no_such_user(key)
    return user


async def get_token(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Get a user's token.

    Without ``type`` the answer is the deprecated kind that starts nothing. What Zoom answers for a
    deactivated user is not documented; the sandbox refuses with code 300.
    """
    account = get_authorized_account(request, "user:read:token:admin")
    user = get_user_of(account, request.match_info["user"])
    kind = KINDS.get(request.query.get("type", "token"))
    request[ENTRY].detail.update(user_id=user.id, type=kind)
    if kind is None:
        raise invalid("type")
    if kind == "onbehalf" and not request.query.get("meeting_id"):
        raise invalid("meeting_id")
    ttl = _read_ttl(request.query.get("ttl"), user)
    if user.status != "active":
        raise ZoomRefusal(400, 300, f"User is not active: {user.id}.")
    value = request.app[WORLD].issue_zak(account, user, kind, ttl, "users.token")
    request[ENTRY].detail["ttl"] = ttl
    return web.json_response({"token": value})


def _read_ttl(text: str | None, user: User) -> int:
    return get_default_ttl(user) if text is None else _read_number("ttl", text, ONE_YEAR)


def _read_number(name: str, text: str, most: int) -> int:
    """A whole number from 1 to ``most``."""
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise invalid(name)
    return int(text)


async def get_user(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Get a user."""
    account = get_authorized_account(request, "user:read:user:admin")
    user = get_user_of(account, request.match_info["user"])
    request[ENTRY].detail["user_id"] = user.id
    return web.json_response({**_as_json(user), "account_id": account.account_id})


async def list_users(request: web.Request) -> web.Response:
    """Zoom API reference, Users, List users: active ones unless asked, a token per next page."""
    account = get_authorized_account(request, "user:read:list_users:admin")
    world = request.app[WORLD]
    status = request.query.get("status", "active")
    if status not in ("active", "inactive", "pending"):
        raise invalid("status")
    size = _read_number("page_size", request.query.get("page_size", "30"), 300)
    start = _read_page_token(world, account, status, request.query.get("next_page_token", ""))
    found = [user for user in account.users.values() if user.status == status]
    end = start + size
    following = ""
    if end < len(found):
        following = secrets.token_urlsafe(24)
        expires_at = world.now() + PAGE_TOKEN_SECONDS
        world.page_tokens[following] = (account.account_id, status, end, expires_at)
    return web.json_response(
        {
            "page_size": size,
            "total_records": len(found),
            "next_page_token": following,
            "users": [_as_json(user) for user in found[start:end]],
        }
    )


def _read_page_token(world: World, account: Account, status: str, token: str) -> int:
    """Where the page starts. The token belongs to one listing and lives fifteen minutes."""
    if not token:
        return 0
    owner, wanted, start, expires_at = world.page_tokens.get(token, ("", "", 0, 0.0))
    if (owner, wanted) != (account.account_id, status) or expires_at <= world.now():
        raise ZoomRefusal(400, 300, "The next page token is invalid or expired.")
    return start


def _as_json(user: User) -> dict[str, Any]:
    first, _, last = user.display_name.partition(" ")
    return {
        "id": user.id,
        "email": user.email,
        "first_name": first,
        "last_name": last,
        "display_name": user.display_name,
        "type": user.type,
        "status": user.status,
        "timezone": user.timezone,
    }
