"""Planted answers: those that are whole, and wrong."""

import json
from typing import Any

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.rest.limits import LABELS, LIMITS, refuse_for_the_day, refuse_for_the_moment
from zoomsandbox.sdk.verdicts import WIRE_ERRORS
from zoomsandbox.state.ledger import Fault
from zoomsandbox.state.world import World

ELSEWHERE = "https://elsewhere.invalid/"
PAGE = "<!doctype html><title>Maintenance</title><h1>Back soon</h1>"
GATEWAY_PAGE = (
    "<html><head><title>503 Service Temporarily Unavailable</title></head>"
    "<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
)
# By name: wire code and message. The SDK 6.2.0 makes of 3633 its "API limit", whatever is said.
JOIN_ERRORS: dict[str, tuple[int, str]] = {**WIRE_ERRORS, "too many calls": (3633, "API limit.")}


def make_answer(world: World, fault: Fault, call: str) -> web.Response:
    """The answer of this failure's kind."""
    return _MAKERS[fault.kind](world, fault, call)


def _status(world: World, fault: Fault, call: str) -> web.Response:
    status = fault.status or 500
    body = {"code": status, "message": "Planted failure."} if fault.body is None else fault.body
    return _answer(fault, status, body if isinstance(body, str) else json.dumps(body))


def _html_error(world: World, fault: Fault, call: str) -> web.Response:
    return _answer(fault, fault.status or 503, GATEWAY_PAGE, {"Content-Type": "text/html"})


def _html(world: World, fault: Fault, call: str) -> web.Response:
    return _answer(fault, fault.status or 200, PAGE, {"Content-Type": "text/html"})


def _bad_json(world: World, fault: Fault, call: str) -> web.Response:
    return _answer(fault, fault.status or 200, '{"token": "cut off he')


def _empty(world: World, fault: Fault, call: str) -> web.Response:
    return _answer(fault, fault.status or 200, "")


def _redirect(world: World, fault: Fault, call: str) -> web.Response:
    return _answer(fault, fault.status or 302, "", {"Location": ELSEWHERE})


def _rate_limit(world: World, fault: Fault, call: str) -> web.Response:
    limit = LIMITS["pro"][LABELS.get(call, "Light")]
    return _refuse(fault, refuse_for_the_moment(limit, world.now()))


def _daily_limit(world: World, fault: Fault, call: str) -> web.Response:
    """Of the free plan: it alone has a daily limit on calls of every label."""
    limit = LIMITS["free"][LABELS.get(call, "Light")]
    return _refuse(fault, refuse_for_the_day(limit, world.now()))


def _refuse(fault: Fault, refusal: ZoomRefusal) -> web.Response:
    return _answer(fault, refusal.status, json.dumps(refusal.body), refusal.headers)


def _wire_error(world: World, fault: Fault, call: str) -> web.Response:
    code, message = JOIN_ERRORS[fault.error]
    body = {"status": False, "errorCode": code, "errorMessage": message, "result": None}
    return _answer(fault, 200, json.dumps(body))


def _answer(
    fault: Fault, status: int, text: str, headers: dict[str, Any] | None = None
) -> web.Response:
    all_headers = {"Content-Type": "application/json", **(headers or {}), **fault.headers}
    return web.Response(status=status, body=text.encode(), headers=all_headers)


_MAKERS = {
    "status": _status,
    "html_error": _html_error,
    "html": _html,
    "bad_json": _bad_json,
    "empty": _empty,
    "redirect": _redirect,
    "rate_limit": _rate_limit,
    "daily_limit": _daily_limit,
    "wire_error": _wire_error,
}
