"""One POST to a subscriber: its headers, its signature, and the patience Zoom has.

Source: Zoom, Using webhooks: Webhook structure, Verify webhook events, Notification delivery.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from zoomsandbox.state.accounts import Subscription
from zoomsandbox.state.deliveries import Delivery
from zoomsandbox.state.world import WORLD, World

# Zoom, Notification delivery. Seconds of the machine: the receiver's work takes real time.
PATIENCE = 3.0
# What answers a challenge is a small object; nobody's answer may fill the memory.
LONGEST_ANSWER = 65_536


class NotAllowedError(ValueError):
    """A subscription the sandbox does not take, in one sentence."""


@dataclass(frozen=True)
class Reply:
    """What the receiver answered; ``status`` None and an ``error`` when it did not in time."""

    status: int | None = None
    body: bytes = b""
    error: str = ""


def check_url(text: str) -> None:
    """Raises NotAllowedError on a URL that leads off this machine.

    Zoom takes only https, a fully qualified name and a certificate of a known authority. The
    sandbox takes http too, and nothing but loopback.
    """
    try:
        url = URL(text)
        host, scheme = url.host or "", url.scheme
        has_port = url.port is not None
    except ValueError as error:
        raise NotAllowedError(f"{text!r} is no URL") from error
    if scheme not in ("http", "https") or not host or not has_port or url.user is not None:
        raise NotAllowedError(f"{text!r} is no http or https URL")
    if not _is_loopback(host):
        raise NotAllowedError(f"the sandbox sends to this machine only, and {host} is another")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def write_body(body: dict[str, Any]) -> bytes:
    """As JavaScript writes JSON: Zoom's samples verify what they have parsed and written again."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    # Half a surrogate pair, which a topic may hold, becomes \udXXX, its form in JSON.
    return text.encode("utf-8", "backslashreplace")


def sign(secret: str, message: bytes) -> str:
    """Hexadecimal HMAC-SHA256."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), message, hashlib.sha256).hexdigest()


def get_timestamp(subscription: Subscription, now: float) -> int:
    """In seconds, by the sandbox's clock or the machine's, as the subscription has it."""
    return int(time.time() if subscription.timestamps == "machine" else now)


def make_headers(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one delivery; ``timestamp`` in seconds.

    The tracking id is new with every attempt. So is the request id here, which is a guess.
    """
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zoom Marketplace/1.0a",
        "x-zm-request-timestamp": str(timestamp),
        "x-zm-signature": f"v0={sign(secret, b'v0:%d:%b' % (timestamp, body))}",
        "x-zm-request-id": str(uuid.uuid4()).replace("-", "_"),
        "x-zm-trackingid": f"WEB_{secrets.token_hex(16)}",
    }


def note_attempt(
    world: World,
    subscription: Subscription,
    account_id: str,
    event: str,
    event_ts: int,
    *,
    attempt: int = 1,
    tracking_id: str = "",
    fault: str = "",
) -> Delivery:
    """Write an attempt down that begins now; what becomes of it is noted in the entry."""
    world.delivery_seq += 1
    entry = Delivery(
        world.delivery_seq, account_id, subscription.id, subscription.url, event, event_ts,
        attempt, world.now(), tracking_id, fault,
    )  # fmt: skip
    world.deliveries.append(entry)
    return entry


async def send(
    world: World, url: str, body: bytes, headers: dict[str, str], *, reads: bool = False
) -> Reply:
    """Post it. A redirect is not followed; with ``reads`` the answer's body is wanted too."""
    if world.session is None:
        return Reply(error="the sandbox is not running")
    try:
        async with (
            asyncio.timeout(PATIENCE),
            world.session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return Reply(answer.status, await _read(answer) if reads else b"")
    except TimeoutError:
        return Reply(error=f"no answer within {PATIENCE:g} seconds")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Reply(error=f"{type(error).__name__}: {error}")


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for piece in answer.content.iter_chunked(4096):
        body += piece
        if len(body) > LONGEST_ANSWER:
            raise ValueError("the answer is too long")
    return body


async def run_deliveries(app: web.Application) -> AsyncIterator[None]:
    """While the sandbox runs: the agenda goes on and deliveries go out."""
    world = app[WORLD]
    world.session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    )
    world.agenda.start()
    yield
    await world.agenda.stop()
    await world.session.close()
    world.session = None
