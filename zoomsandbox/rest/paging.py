"""Zoom's two ways of handing out a long list: by token, and by number of page as it used to be.

Source: Zoom API, Pagination. A page token lives fifteen minutes and belongs to the query it came
from; asked with another query it is refused, as the stricter reading of "the same parameters".
"""

import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal, invalid
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.world import WORLD, World

T = TypeVar("T")
TOKEN_SECONDS = 15 * 60
DEFAULT_SIZE = 30
LARGEST_SIZE = 300


def make_page(
    request: web.Request,
    account: Account,
    name: str,
    items: Sequence[T],
    present: Callable[[T], dict[str, Any]],
    *,
    numbered: bool = False,
    default_size: int = DEFAULT_SIZE,
) -> dict[str, Any]:
    """The part of ``items`` this request asks for, under ``name``, with Zoom's members around it.

    An empty ``next_page_token`` says that it was the last. ``numbered`` lists also understand
    ``page_number`` and tell ``page_count``. Raises ZoomRefusal (code 300).
    """
    size = read_number(request, "page_size", LARGEST_SIZE, default_size)
    number = read_number(request, "page_number", 10**9, 1) if numbered else 1
    token = request.query.get("next_page_token", "")
    start = _read_token(request, account, token) if token else (number - 1) * size
    page: dict[str, Any] = {
        "page_size": size,
        "total_records": len(items),
        "next_page_token": "",
        name: [present(item) for item in items[start : start + size]],
    }
    if start + size < len(items):
        page["next_page_token"] = _make_token(request, account, start + size)
    if numbered:
        page["page_number"] = start // size + 1
        page["page_count"] = max(1, -(-len(items) // size))
    return page


def read_number(request: web.Request, name: str, most: int, default: int) -> int:
    """A whole number from 1 to ``most`` out of the query."""
    text = request.query.get(name)
    return default if text is None else parse_number(name, text, most)


def parse_number(name: str, text: str, most: int) -> int:
    """A whole number from 1 to ``most``."""
    if not re.fullmatch("[0-9]{1,10}", text) or not 1 <= int(text) <= most:
        raise invalid(name)
    return int(text)


def _make_token(request: web.Request, account: Account, start: int) -> str:
    world = request.app[WORLD]
    _forget_old_tokens(world)
    token = secrets.token_urlsafe(24)
    expires_at = world.now() + TOKEN_SECONDS
    world.page_tokens[token] = (account.account_id, _describe(request), start, expires_at)
    return token


def _read_token(request: web.Request, account: Account, token: str) -> int:
    """Where the page starts."""
    world = request.app[WORLD]
    owner, query, start, expires_at = world.page_tokens.get(token, ("", "", 0, 0.0))
    if (owner, query) != (account.account_id, _describe(request)) or expires_at <= world.now():
        raise ZoomRefusal(400, 300, "The next page token is invalid or expired.")
    return start


def _describe(request: web.Request) -> str:
    """The list and the query, without what differs from page to page."""
    asked = [pair for pair in request.query.items() if pair[0] != "next_page_token"]
    return f"{request.path}?{sorted(asked)}"


def _forget_old_tokens(world: World) -> None:
    """The oldest are first, as all live equally long."""
    while world.page_tokens:
        oldest = next(iter(world.page_tokens))
        if world.page_tokens[oldest][3] > world.now():
            return
        del world.page_tokens[oldest]
