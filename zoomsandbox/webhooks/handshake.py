"""URL validation: whether an endpoint holds the app's secret, at first and every 72 hours.

Source: Zoom, Using webhooks: Validate your webhook endpoint, Revalidation.
"""

import asyncio
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from zoomsandbox.state.accounts import Account, Subscription
from zoomsandbox.state.world import World
from zoomsandbox.webhooks.wire import (
    NotAllowedError,
    Reply,
    check_url,
    get_timestamp,
    make_headers,
    note_attempt,
    send,
    sign,
    write_body,
)

CHALLENGE = "endpoint.url_validation"
MOST_SUBSCRIPTIONS = 20
REVALIDATED_AFTER = 72 * 3600.0
# Zoom writes to the account's owner after two and four failures in a row, and stops after six.
FAILURES_THAT_DISABLE = 6


@dataclass(frozen=True)
class Verdict:
    """Whether an endpoint passed, and if not, why."""

    passed: bool
    status: int | None
    error: str


async def subscribe(
    world: World, account: Account, wishes: list[Subscription]
) -> list[tuple[Subscription, Verdict]]:
    """Replace the account's subscriptions by these, and validate each URL.

    One that does not pass is kept and told nothing; Zoom does not save it. Raises NotAllowedError,
    changing nothing.
    """
    if len(wishes) > MOST_SUBSCRIPTIONS:
        raise NotAllowedError(f"an app has at most {MOST_SUBSCRIPTIONS} subscriptions")
    if wishes and not account.webhook_secret:
        raise NotAllowedError("the account has no webhook_secret to sign with")
    for wish in wishes:
        check_url(wish.url)
        if not wish.events:
            raise NotAllowedError(f"the subscription of {wish.url} names no event")
        wish.id = wish.id or secrets.token_urlsafe(16)
    if len({wish.id for wish in wishes}) != len(wishes):
        raise NotAllowedError("two subscriptions have the same id")
    for old in account.subscriptions:
        world.lanes.pop(old.id, None)
    account.subscriptions = wishes
    verdicts = await asyncio.gather(*(validate(world, account, wish) for wish in wishes))
    return list(zip(wishes, verdicts, strict=True))


async def validate(world: World, account: Account, subscription: Subscription) -> Verdict:
    """Challenge the endpoint, and note the outcome. A pass enables a disabled subscription."""
    plain = secrets.token_urlsafe(16)
    now = world.now()
    body = write_body(
        {"payload": {"plainToken": plain}, "event_ts": int(now * 1000), "event": CHALLENGE}
    )
    headers = make_headers(account.webhook_secret, get_timestamp(subscription, now), body)
    entry = note_attempt(
        world, subscription, account.account_id, CHALLENGE, int(now * 1000),
        tracking_id=headers["x-zm-trackingid"],
    )  # fmt: skip
    begun = time.monotonic()
    reply = await send(world, subscription.url, body, headers, reads=True)
    verdict = _judge(account, plain, reply)
    entry.took = time.monotonic() - begun
    entry.status, entry.error, entry.delivered = reply.status, verdict.error, verdict.passed
    _note(subscription, verdict, now)
    plan_revalidation(world, account, subscription)
    return verdict


def _judge(account: Account, plain: str, reply: Reply) -> Verdict:
    if reply.status != 200:
        # Zoom also names 204, which has no body to hold the tokens.
        return Verdict(False, reply.status, reply.error or f"the status is {reply.status}, not 200")
    try:
        answer: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return Verdict(False, reply.status, "the answer is no JSON object")
    if answer.get("plainToken") != plain:
        return Verdict(False, reply.status, "the plainToken is not the one that was sent")
    expected = sign(account.webhook_secret, plain.encode())
    given = str(answer.get("encryptedToken")).encode("utf-8", "replace")
    if not hmac.compare_digest(given, expected.encode()):
        return Verdict(False, reply.status, "the encryptedToken is wrong")
    return Verdict(True, reply.status, "")


def _note(subscription: Subscription, verdict: Verdict, now: float) -> None:
    if verdict.passed:
        subscription.validated_at = now
        subscription.failed_validations = 0
        subscription.disabled = False
        return
    subscription.failed_validations += 1
    if subscription.failed_validations >= FAILURES_THAT_DISABLE:
        subscription.disabled = True


def plan_revalidation(world: World, account: Account, subscription: Subscription) -> None:
    """The next in 72 hours, for a URL that is told of events; an earlier plan is void."""
    due = world.now() + REVALIDATED_AFTER
    subscription.next_validation_at = due if subscription.is_live else None
    if subscription.is_live:
        key = (account.account_id, subscription.id)
        world.agenda.plan(due, partial(revalidate, world, key, due))


async def revalidate(world: World, key: tuple[str, str], due: float) -> None:
    account = world.accounts.get(key[0])
    subscription = account.find_subscription(key[1]) if account else None
    if account and subscription and subscription.next_validation_at == due:
        await validate(world, account, subscription)
