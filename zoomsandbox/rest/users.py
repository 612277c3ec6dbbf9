"""Zoom's REST calls that look at users."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from zoomsandbox.rest.errors import foreign_user, invalid, no_such_user
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.paging import make_page
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import ENTRY, WORLD, World

TWO_HOURS = 7_200
NINETY_DAYS = 7_776_000
STATUSES = ("active", "inactive", "pending")
ROLES = {"0": "Owner", "1": "Admin", "2": "Member"}
# From Facebook, Google and telephone to API users (99), e-mail (100) and single sign-on (101).
LOGIN_TYPES = ("0", "1", "11", "21", "23", "24", "27", "97", "98", "99", "100", "101")
# What a list of users can tell more of each.
INCLUDED = ("custom_attributes", "host_key")


def get_default_ttl(user: User) -> int:
    """Two hours, ninety days for users made with ``custCreate`` (Zoom, ZAK)."""
    return NINETY_DAYS if user.cust_create else TWO_HOURS


def get_user_of(account: Account, key: str, world: World | None = None) -> User:
    """The user with this id or address, or Zoom's refusal: code 1010 if another account has it.

    Zoom tells server-to-server apps not to use ``me``, though it often resolves to the owner: the
    account's ``me`` says which. Refused, it is nobody.
    """
    if key == "me":
        user = account.find_owner() if account.me == "owner" else None
    else:
        user = account.find_user(key)
    if user is not None:
        return user
    others = world.accounts.values() if world and key != "me" else ()
    if any(other.find_user(key) for other in others):
        raise foreign_user(account.account_id)
    raise no_such_user(key)


def get_user_of_call(request: web.Request, account: Account) -> User:
    """The user in the path. A ``login_type`` that is not the user's finds nobody."""
    key = request.match_info["user"]
    user = get_user_of(account, key, request.app[WORLD])
    login_type = request.query.get("login_type")
    if login_type is not None and login_type not in LOGIN_TYPES:
        raise invalid("login_type")
    if login_type is not None and int(login_type) != user.login_type:
        raise no_such_user(key)
    request[ENTRY].detail["user_id"] = user.id
    return user


async def get_user(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Get a user: whatever the user's status."""
    account = get_authorized_account(request, "user:read:user:admin")
    user = get_user_of_call(request, account)
    answer = {
        **_as_json(user),
        "account_id": account.account_id,
        "role_name": ROLES.get(user.role_id, "Member"),
        "use_pmi": False,
        "personal_meeting_url": f"{request.app[WORLD].public_url}/j/{user.pmi}",
        "login_types": [user.login_type],
    }
    return web.json_response(answer)


async def check_email(request: web.Request) -> web.Response:
    """Zoom API reference, Users, Check a user email.

    Only users of this account who sign in with e-mail and password are found.
    """
    account = get_authorized_account(request, "user:read:email:admin")
    email = request.query.get("email", "")
    if "@" not in email:
        raise invalid("email")
    user = account.find_user(email)
    return web.json_response({"existed_email": user is not None and user.login_type == 100})


async def list_users(request: web.Request) -> web.Response:
    """Zoom API reference, Users, List users: active ones unless asked."""
    account = get_authorized_account(request, "user:read:list_users:admin")
    status = request.query.get("status", "active")
    if status not in STATUSES:
        raise invalid("status")
    role = request.query.get("role_id")
    included = request.query.get("include_fields")
    if included is not None and included not in INCLUDED:
        raise invalid("include_fields")
    found = [
        user
        for user in account.users.values()
        if user.status == status and role in (None, user.role_id)
    ]

    def present(user: User) -> dict[str, Any]:
        return _as_json(user) | _include(user, included)

    return web.json_response(make_page(request, account, "users", found, present, numbered=True))


def _include(user: User, name: str | None) -> dict[str, Any]:
    if name == "host_key":
        return {"host_key": user.host_key}
    return {"custom_attributes": []} if name == "custom_attributes" else {}


def _as_json(user: User) -> dict[str, Any]:
    created_at = datetime.fromtimestamp(user.created_at, UTC)
    return {
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "display_name": user.display_name,
        "type": user.type,
        "status": user.status,
        "role_id": user.role_id,
        "pmi": user.pmi,
        "timezone": user.timezone,
        "dept": user.dept,
        "language": user.language,
        "verified": int(user.status != "pending"),
        "created_at": f"{created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
