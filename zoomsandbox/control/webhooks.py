"""Controls for webhooks: who is told, what was told, and how unkindly."""

import dataclasses
from typing import Annotated, Any

from zoomsandbox.control.framework import Ask, Control, NotThereError
from zoomsandbox.control.shapes import Bounds, Many, Record, ShapeError, answer_of, body_of
from zoomsandbox.state.accounts import Account, Subscription
from zoomsandbox.state.deliveries import Delivery, DeliveryFault
from zoomsandbox.webhooks.events import emit
from zoomsandbox.webhooks.handshake import Verdict, subscribe, validate
from zoomsandbox.webhooks.sender import release_all
from zoomsandbox.webhooks.wire import NotAllowedError

SUBJECT = "Webhooks"
MOMENT_MS = Annotated[int, Bounds(0, 253_402_300_799_000)]
SECONDS = Annotated[float, Bounds(0, 400 * 86_400)]

NOTED = ("validated_at", "failed_validations", "next_validation_at", "disabled")
NEW_SUBSCRIPTION = body_of(Subscription, "NewSubscription", without=NOTED)
WISHES = Record(
    "Wishes",
    {"subscriptions": Many(NEW_SUBSCRIPTION)},
    "All subscriptions the app is to have. Without events, of all.",
)
SHOWN_SUBSCRIPTION = answer_of(
    Subscription, "ShownSubscription", changed={"validation": Verdict | None}
)
NEW_EVENT = Record(
    "NewEvent",
    {"event": str, "account_id": str, "payload": dict[str, Any], "event_ts": MOMENT_MS},
    "event_ts: milliseconds since the epoch, now if it is missing.",
    optional=("payload", "event_ts"),
)
EVENT = Record(
    "Event",
    {"event": str, "event_ts": int, "payload": dict[str, Any]},
    "What Zoom posts to a subscriber.",
    is_open=True,
)
EVENT_QUERY = Record("EventQuery", {"event": str, "account": str}, optional=("event", "account"))
DELIVERY_QUERY = Record(
    "DeliveryQuery",
    {"event": str, "account": str, "subscription": str},
    optional=("event", "account", "subscription"),
)
NEW_FAULT = body_of(
    DeliveryFault,
    "NewDeliveryFault",
    changed={
        "seconds": SECONDS,
        "later": Annotated[int, Bounds(1, 1000)],
        "times": Annotated[int, Bounds(1, 1_000_000)] | None,
    },
)


async def put_subscriptions(ask: Ask) -> Any:
    """Replace an account's subscriptions, and validate each URL.

    The answer comes when every endpoint has answered its challenge, or has not within 3 seconds.
    One that failed is kept and told nothing. Real Zoom wants https, a public name and a known
    certificate, and does not save what fails; the sandbox sends to this machine only.
    """
    account = _find_account(ask)
    wishes = [Subscription(**wish) for wish in ask.body["subscriptions"]]
    try:
        outcome = await subscribe(ask.world, account, wishes)
    except NotAllowedError as error:
        raise ShapeError(str(error)) from error
    return [_show(subscription, verdict) for subscription, verdict in outcome]


async def list_subscriptions(ask: Ask) -> Any:
    """List an account's subscriptions, with what became of their validation."""
    return [_show(subscription) for subscription in _find_account(ask).subscriptions]


async def delete_subscription(ask: Ask) -> Any:
    """Remove a subscription. Its retries are not made any more."""
    account = _find_account(ask)
    account.subscriptions.remove(_find_subscription(ask, account))
    return {}


async def revalidate(ask: Ask) -> Any:
    """Challenge an endpoint now. A pass enables what failures disabled; the next is in 72 hours."""
    account = _find_account(ask)
    subscription = _find_subscription(ask, account)
    return _show(subscription, await validate(ask.world, account, subscription))


async def list_events(ask: Ask) -> Any:
    """List what happened, in its order, whether or not anybody was told."""
    wanted, account_id = ask.query.get("event"), ask.query.get("account")
    return [
        body
        for body in ask.world.events
        if wanted in (None, body["event"]) and account_id in (None, body["payload"]["account_id"])
    ]


async def post_event(ask: Ask) -> Any:
    """Tell an account's subscribers of any event, as if it had happened."""
    wish = ask.body
    if wish["account_id"] not in ask.world.accounts:
        raise NotThereError(f"no account {wish['account_id']}")
    payload, moment = wish.get("payload", {}), wish.get("event_ts")
    return emit(ask.world, wish["account_id"], wish["event"], payload, event_ts=moment)


async def list_deliveries(ask: Ask) -> Any:
    """List the attempts to deliver, in the order in which they began; challenges too."""
    query = ask.query
    return [
        dataclasses.asdict(entry)
        for entry in ask.world.deliveries
        if query.get("event") in (None, entry.event)
        and query.get("account") in (None, entry.account_id)
        and query.get("subscription") in (None, entry.subscription_id)
    ]


async def list_delivery_faults(ask: Ask) -> Any:
    """List the unkindness planted, spent ones too."""
    return [dataclasses.asdict(fault) for fault in ask.world.delivery_faults]


async def plant_delivery_fault(ask: Ask) -> Any:
    """Plant unkindness for deliveries to come.

    duplicate: delivered twice, under two tracking ids. disorder: held back until later ones have
    gone. delay: delivered seconds later by the clock. lose: never sent. wrong_signature,
    stale_timestamp (by seconds, and signed as such) and altered_body spoil the first attempt. Of
    those that fit a delivery, the one planted first counts.
    """
    fault = DeliveryFault(**ask.body)
    ask.world.delivery_faults.append(fault)
    return dataclasses.asdict(fault)


async def clear_delivery_faults(ask: Ask) -> Any:
    """Be kind again, and send off what is held back."""
    ask.world.delivery_faults.clear()
    release_all(ask.world)
    return {}


def _find_account(ask: Ask) -> Account:
    account = ask.world.accounts.get(ask.path["account"])
    if account is None:
        raise NotThereError(f"no account {ask.path['account']}")
    return account


def _find_subscription(ask: Ask, account: Account) -> Subscription:
    subscription = account.find_subscription(ask.path["subscription"])
    if subscription is None:
        raise NotThereError(f"no subscription {ask.path['subscription']}")
    return subscription


def _show(subscription: Subscription, verdict: Verdict | None = None) -> dict[str, Any]:
    validation = dataclasses.asdict(verdict) if verdict else None
    return {**dataclasses.asdict(subscription), "validation": validation}


_ALL = "accounts/{account}/subscriptions"
_ONE = "accounts/{account}/subscriptions/{subscription}"
CONTROLS = (
    Control("GET", _ALL, SUBJECT, list_subscriptions, answer=Many(SHOWN_SUBSCRIPTION)),
    Control("PUT", _ALL, SUBJECT, put_subscriptions, body=WISHES, answer=Many(SHOWN_SUBSCRIPTION)),
    Control("DELETE", _ONE, SUBJECT, delete_subscription),
    Control("POST", f"{_ONE}/revalidate", SUBJECT, revalidate, answer=SHOWN_SUBSCRIPTION),
    Control("GET", "events", SUBJECT, list_events, query=EVENT_QUERY, answer=Many(EVENT)),
    Control("POST", "events", SUBJECT, post_event, body=NEW_EVENT, answer=EVENT),
    Control(
        "GET",
        "deliveries",
        SUBJECT,
        list_deliveries,
        query=DELIVERY_QUERY,
        answer=Many(Delivery),
    ),
    Control("GET", "delivery-faults", SUBJECT, list_delivery_faults, answer=Many(DeliveryFault)),
    Control(
        "POST",
        "delivery-faults",
        SUBJECT,
        plant_delivery_fault,
        body=NEW_FAULT,
        answer=DeliveryFault,
    ),
    Control("DELETE", "delivery-faults", SUBJECT, clear_delivery_faults),
)
