"""Zoom's rate limits: per account and label, over all its apps.

Source: Zoom API, Rate limits; the label of each call is on its page in the API reference. Windows
are whole seconds, minutes and UTC days of the sandbox's clock, which is a guess: Zoom does not say
whether it counts so or by the last second. Calls that are refused for the limit count for nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.state.accounts import Account, Plan
from zoomsandbox.state.world import ENTRY, WORLD, World

Label = Literal["Light", "Medium", "Heavy", "Resource-intensive"]
DAY = 86_400

# By the call's name in the ledger. The token endpoint has no published limit.
LABELS: dict[str, Label] = {
    "users.list": "Medium",
    "users.create": "Light",
    "users.email": "Light",
    "users.zak": "Light",
    "users.get": "Light",
    "users.update": "Light",
    "users.delete": "Light",
    "users.status": "Light",
    "users.settings": "Medium",
    "users.update_settings": "Medium",
    "users.token": "Light",
    "users.revoke_token": "Light",
    "meetings.create": "Medium",
    "meetings.list": "Medium",
    "meetings.upcoming": "Medium",
    "meetings.get": "Light",
    "meetings.update": "Light",
    "meetings.delete": "Light",
    "meetings.end": "Light",
    "past.get": "Light",
    "past.instances": "Medium",
    "past.participants": "Medium",
    "recordings.list": "Medium",
    "recordings.get": "Light",
    "registrants.add": "Light",
    "registrants.list": "Medium",
    "registrants.status": "Medium",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``calls`` in ``seconds``, and ``daily`` a day, counted under ``pool``."""

    label: Label
    calls: int
    seconds: int
    pool: str
    daily: int | None = None


def _make_plan(*limits: Limit) -> dict[Label, Limit]:
    return {limit.label: limit for limit in limits}


# The day of heavy and resource-intensive calls is one, except on free accounts.
SHARED = "Heavy and Resource-intensive"
LIMITS: dict[Plan, dict[Label, Limit]] = {
    "free": _make_plan(
        Limit("Light", 4, 1, "Light", 6_000),
        Limit("Medium", 2, 1, "Medium", 2_000),
        Limit("Heavy", 1, 1, "Heavy", 1_000),
        Limit("Resource-intensive", 10, 60, "Resource-intensive", 30_000),
    ),
    "pro": _make_plan(
        Limit("Light", 30, 1, "Light"),
        Limit("Medium", 20, 1, "Medium"),
        Limit("Heavy", 10, 1, SHARED, 30_000),
        Limit("Resource-intensive", 10, 60, SHARED, 30_000),
    ),
    "business": _make_plan(
        Limit("Light", 80, 1, "Light"),
        Limit("Medium", 60, 1, "Medium"),
        Limit("Heavy", 40, 1, SHARED, 60_000),
        Limit("Resource-intensive", 20, 60, SHARED, 60_000),
    ),
    # No plan of Zoom's: for benchmarks.
    "unlimited": {},
}


@dataclass(frozen=True, slots=True)
class Rate:
    """What an answer tells of its limit."""

    limit: Limit
    remaining: int

    def as_headers(self, kind: Literal["QPS", "Daily-limit"] = "QPS") -> dict[str, str]:
        most = self.limit.calls if kind == "QPS" else self.limit.daily
        return {
            "X-RateLimit-Category": self.limit.label,
            "X-RateLimit-Type": kind,
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(self.remaining),
        }


RATE = web.RequestKey("rate", Rate)


def get_label(call: str) -> Label:
    return LABELS.get(call, "Light")


def count_call(world: World, account: Account, label: Label) -> Rate | None:
    """Count one call of this label for this account; None where nothing limits it.

    Raises ZoomRefusal with status 429 when a window is full. Used-up days are told before used-up
    seconds.
    """
    limit = LIMITS[account.plan].get(label)
    if limit is None:
        return None
    now = world.now()
    second = (account.account_id, limit.label), int(now // limit.seconds)
    day = (account.account_id, f"{limit.pool} a day"), int(now // DAY)
    if limit.daily is not None and _get_used(world, *day) >= limit.daily:
        raise refuse_for_the_day(limit, now)
    used = _get_used(world, *second) + 1
    if used > limit.calls:
        raise refuse_for_the_moment(limit, now)
    world.quotas[second[0]] = second[1], used
    if limit.daily is not None:
        world.quotas[day[0]] = day[1], _get_used(world, *day) + 1
    return Rate(limit, limit.calls - used)


def _get_used(world: World, name: tuple[str, str], window: int) -> int:
    """The calls counted under this name, if it is for the present window."""
    counted, used = world.quotas.get(name, (window, 0))
    return used if counted == window else 0


def refuse_for_the_moment(limit: Limit, now: float) -> ZoomRefusal:
    """The calls of a second, or of a minute, are used up."""
    headers = Rate(limit, 0).as_headers()
    headers["X-RateLimit-Reset"] = str((int(now // limit.seconds) + 1) * limit.seconds)
    message = "You have reached the maximum per-second rate limit for this API. Try again later."
    return ZoomRefusal(429, 429, message, headers=headers)


def refuse_for_the_day(limit: Limit, now: float) -> ZoomRefusal:
    """The calls of a day are used up. Only this names the moment, as an ISO date and time."""
    tomorrow = datetime.fromtimestamp((now // DAY + 1) * DAY, UTC)
    headers = Rate(limit, 0).as_headers("Daily-limit")
    headers["Retry-After"] = f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}"
    message = (
        "You have reached the maximum daily rate limit for this API. Refer to the response header "
        "for details on when you can make another request."
    )
    return ZoomRefusal(429, 429, message, headers=headers)


def check_hold(request: web.Request, account: Account) -> None:
    """Of two calls about one user at a time, Zoom refuses the second while a write goes on.

    Source: Zoom API, Rate limits, concurrent requests. How long a write takes at Zoom is not told:
    the account's ``hold_seconds`` say, and writes are all calls that change the user.
    """
    user = account.find_user(request.match_info.get("user", ""))
    if user is None or not request[ENTRY].call.startswith("users."):
        return
    world = request.app[WORLD]
    if world.held_users.get((account.account_id, user.id), 0.0) > world.now():
        message = (
            "Too many concurrent requests. A request to change this user has already been made."
        )
        raise ZoomRefusal(429, 429, message)
    if request.method != "GET":
        hold_user(world, account, user.id)


def hold_user(world: World, account: Account, user_id: str) -> None:
    if account.hold_seconds:
        world.held_users[account.account_id, user_id] = world.now() + account.hold_seconds
