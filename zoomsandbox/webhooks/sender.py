"""Telling subscribers: signed deliveries, their retries, and unkindness on demand.

Source: Zoom, Using webhooks: Notification delivery. Zoom says there that answers of 300 to 499 are
not retried, and in its article on webhook delays that whatever is not answered 200 is; the first is
newer and the default here, ``Subscription.retries_refusals`` is the second.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

from zoomsandbox.state.accounts import Account, Subscription
from zoomsandbox.state.deliveries import Delivery, DeliveryFault, Held, Lane, Letter
from zoomsandbox.state.world import World
from zoomsandbox.webhooks.wire import (
    Reply,
    get_timestamp,
    make_headers,
    note_attempt,
    send,
    write_body,
)

# Five minutes after the first attempt, twenty after the first retry, sixty after the second. The
# sandbox's clock, counted from the beginning of an attempt.
RETRIED_AFTER = (300.0, 1200.0, 3600.0)
# Deliveries to one URL go out in their order, as long as it answers each within this time; then the
# next goes out beside it. Zoom promises no order. Seconds of the machine.
HEAD_START = 0.5
MOST_AT_ONCE = 50


def tell(world: World, body: dict[str, Any]) -> None:
    """Note the event, and plan its delivery to whoever subscribed to it.

    An app that is not active is told nothing: a guess, Zoom speaks of its tokens only.
    """
    world.events.append(body)
    account = world.accounts.get(body["payload"]["account_id"])
    if account is None or account.app_state != "active":
        return
    text = None
    for subscription in account.subscriptions:
        if subscription.is_live and subscription.wants(body["event"]):
            text = text or write_body(body)
            letter = Letter(
                account.account_id, subscription.id, body["event"], body["event_ts"], text
            )
            _hand_in(world, subscription, letter)


def _hand_in(world: World, subscription: Subscription, letter: Letter) -> None:
    """Plan the first attempt, or what a planted fault makes of it."""
    fault = _take_fault(world, letter)
    kind = fault.kind if fault else ""
    if kind == "lose":
        entry = _open_entry(world, subscription, letter, 0, kind)
        entry.error = "lost on purpose"
        return
    if fault and kind == "disorder":
        _get_lane(world, subscription).held.append(Held(letter, fault.later))
        return
    if fault and kind == "delay":
        _plan(world, subscription, letter, world.now() + fault.seconds, fault)
        return
    for _ in range(2 if kind == "duplicate" else 1):
        _plan(world, subscription, letter, world.now(), fault)
    _let_go(world, subscription)


def _take_fault(world: World, letter: Letter) -> DeliveryFault | None:
    for fault in world.delivery_faults:
        if fault.spoils(letter.event, letter.account_id):
            if fault.times is not None:
                fault.times -= 1
            return fault
    return None


def _plan(
    world: World,
    subscription: Subscription,
    letter: Letter,
    at: float,
    fault: DeliveryFault | None = None,
) -> None:
    if not world.agenda.plan(at, partial(attempt, world, letter, fault)):
        _open_entry(world, subscription, letter, 0, "").error = "too many deliveries wait"


async def attempt(
    world: World,
    letter: Letter,
    fault: DeliveryFault | None = None,
    number: int = 1,
    first_timestamp: int | None = None,
) -> None:
    """Deliver it now, and plan a retry if it has to be."""
    found = _find(world, letter)
    if found is None:
        return
    account, subscription = found
    lane = _get_lane(world, subscription)
    async with lane.places:
        entry = _open_entry(world, subscription, letter, number, fault.kind if fault else "")
        timestamp = get_timestamp(subscription, entry.at)
        if subscription.timestamps == "first" and first_timestamp is not None:
            timestamp = first_timestamp
        body, headers = _seal(account.webhook_secret, timestamp, letter.body, fault)
        entry.tracking_id = headers["x-zm-trackingid"]
        begun = time.monotonic()
        post = send(world, subscription.url, body, headers)
        sending = await _begin(post, HEAD_START if subscription.in_order else None)
    reply = await sending
    entry.took = time.monotonic() - begun
    _note(entry, reply)
    if not entry.delivered and number <= len(RETRIED_AFTER) and _is_retried(subscription, reply):
        entry.due_next = entry.at + RETRIED_AFTER[number - 1]
        again = partial(attempt, world, letter, None, number + 1, first_timestamp or timestamp)
        world.agenda.plan(entry.due_next, again)


def _find(world: World, letter: Letter) -> tuple[Account, Subscription] | None:
    """Whom it is for, unless that has ended meanwhile."""
    account = world.accounts.get(letter.account_id)
    subscription = account.find_subscription(letter.subscription_id) if account else None
    if account is None or subscription is None or not subscription.is_live:
        return None
    return account, subscription


def _get_lane(world: World, subscription: Subscription) -> Lane:
    places = 1 if subscription.in_order else MOST_AT_ONCE
    if subscription.id not in world.lanes:
        world.lanes[subscription.id] = Lane(asyncio.Semaphore(places))
    return world.lanes[subscription.id]


def _open_entry(
    world: World, subscription: Subscription, letter: Letter, attempt: int, fault: str
) -> Delivery:
    return note_attempt(
        world, subscription, letter.account_id, letter.event, letter.event_ts,
        attempt=attempt, fault=fault,
    )  # fmt: skip


def _seal(
    secret: str, timestamp: int, body: bytes, fault: DeliveryFault | None
) -> tuple[bytes, dict[str, str]]:
    """What is sent: the body and its headers, as honest as the fault allows."""
    kind = fault.kind if fault else ""
    if fault and kind == "stale_timestamp":
        timestamp -= int(fault.seconds)
    if kind == "wrong_signature":
        secret = secrets.token_urlsafe(32)
    headers = make_headers(secret, timestamp, body)
    if kind == "altered_body":
        body = body[:-1] + b',"altered":true}'
    return body, headers


async def _begin(post: Coroutine[Any, Any, Reply], head_start: float | None) -> asyncio.Task[Reply]:
    """Send it, and come back when it has been answered or has had its head start."""
    sending = asyncio.create_task(post)
    try:
        await asyncio.wait({sending}, timeout=head_start)
    except asyncio.CancelledError:
        sending.cancel()
        raise
    return sending


def _note(entry: Delivery, reply: Reply) -> None:
    """Zoom takes 200 and 204 for success, and after a retry any status from 200 to 299."""
    entry.status, entry.error = reply.status, reply.error
    accepted = (200, 204) if entry.attempt == 1 else range(200, 300)
    entry.delivered = reply.status in accepted


def _is_retried(subscription: Subscription, reply: Reply) -> bool:
    return reply.status is None or reply.status >= 500 or subscription.retries_refusals


def _let_go(world: World, subscription: Subscription) -> None:
    """One more goes: right behind it go those held back for it."""
    lane = _get_lane(world, subscription)
    for held in list(lane.held):
        held.later -= 1
        if held.later <= 0:
            lane.held.remove(held)
            _release(world, subscription, held.letter)


def _release(world: World, subscription: Subscription, letter: Letter) -> None:
    fault = DeliveryFault(letter.event, "disorder")
    _plan(world, subscription, letter, world.now(), fault)


def hold_back(world: World, subscription_id: str, letters: list[Held]) -> None:
    """Let these letters wait again, as they did when the state was kept."""
    for account in world.accounts.values():
        subscription = account.find_subscription(subscription_id)
        if subscription:
            _get_lane(world, subscription).held.extend(letters)


def release_all(world: World) -> None:
    """Send off everything that is held back, in its order."""
    for account in world.accounts.values():
        for subscription in account.subscriptions:
            lane = _get_lane(world, subscription)
            for held in lane.held:
                _release(world, subscription, held.letter)
            lane.held.clear()
