"""Zoom's REST calls about the tokens that speak for a user."""

from aiohttp import web

from zoomsandbox.life.users import end_sign_ins
from zoomsandbox.rest.errors import invalid, not_accepted, not_active
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.paging import parse_number
from zoomsandbox.rest.users import get_default_ttl, get_user_of, get_user_of_call
from zoomsandbox.state.accounts import User
from zoomsandbox.state.tokens import ZakKind
from zoomsandbox.state.world import ENTRY, WORLD

ONE_YEAR = 31_536_000
FIVE_MINUTES = 300
KINDS: dict[str, ZakKind] = {"token": "token", "zak": "zak", "onbehalf": "onbehalf"}
# Facebook and Google: for them Zoom has no token of the deprecated kind.
STRANGERS = (0, 1)


async def get_token(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Get a user's token.

    Without ``type`` the answer is the deprecated kind that starts nothing.
    """
    account = get_authorized_account(request, "user:read:token:admin")
    user = get_user_of_call(request, account)
    kind = KINDS.get(request.query.get("type", "token"))
    detail = request[ENTRY].detail
    detail["type"] = kind
    if kind is None:
        raise invalid("type")
    if kind == "onbehalf" and not request.query.get("meeting_id"):
        raise invalid("meeting_id")
    ttl = detail["ttl"] = _read_ttl(request.query.get("ttl"), user)
    _check_active(user)
    if kind == "token" and user.login_type in STRANGERS:
        return web.json_response({"token": None})
    value = request.app[WORLD].issue_zak(account, user, kind, ttl, "users.token")
    return web.json_response({"token": value})


def _read_ttl(text: str | None, user: User) -> int:
    return get_default_ttl(user) if text is None else parse_number("ttl", text, ONE_YEAR)


def _check_active(user: User) -> None:
    if user.status == "pending":
        raise not_accepted(user.id)
    if user.status != "active":
        raise not_active(user.id)


async def get_own_zak(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Get the user's ZAK: only of ``me``, for five minutes."""
    account = get_authorized_account(request, "user:read:zak:admin")
    user = get_user_of(account, "me")
    request[ENTRY].detail["user_id"] = user.id
    _check_active(user)
    value = request.app[WORLD].issue_zak(account, user, "zak", FIVE_MINUTES, "users.zak")
    return web.json_response({"token": value})


async def revoke_token(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Revoke a user's SSO token: the user is signed out of Zoom.

    That this ends the ZAKs too is a guess; Zoom says so of signing out from all devices.
    """
    account = get_authorized_account(request, "user:delete:token:admin")
    user = get_user_of_call(request, account)
    end_sign_ins(request.app[WORLD], account, user)
    return web.Response(status=204)
