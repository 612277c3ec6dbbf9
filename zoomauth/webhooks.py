"""Zoom's webhooks: is this delivery Zoom's, what does it say, and is it recorded?

The raw bytes are verified first, and only then is anything in them read. The webhook secret does
not leave this app, and what an event changes is not decided here.
"""

import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from portal.sealing import SealingError
from portal.tenancy import across_all_organizations
from zoomauth.models import WebhookEvent, ZoomAccount, ZoomConnection

log = logging.getLogger(__name__)

# How old a delivery may be, by the time that Zoom signed. Zoom tries again 5 minutes after the
# first try, 20 after the second and 60 after the third (Zoom developer support, Webhook delays);
# that a retry is signed anew is not documented. See docs/decisions/0008.
OLDEST = timedelta(hours=2)
# And how far ahead of our clock.
AHEAD = timedelta(minutes=5)

_VALIDATION = "endpoint.url_validation"
# No colon, so that no answer to a validation is also the signature of a delivery ("v0:time:body").
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_+/=-]{1,128}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_ACCOUNT_ID = re.compile(r"[!-~]{1,100}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_LONGEST_ID = 200
_STARTED = "meeting.started"
# Beyond Zoom's own, and still a number in the database.
_LONGEST_NUMBER = 15
_READ = ("account_id", "webhook_secret", "webhook_foreign_at", "webhook_foreign_id")
_NOTED_LATELY = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Milliseconds; far beyond any event, and still a date.
_LATEST_EVENT = 10**14
# Checked against where an account has no secret: the same work, and nobody has it.
_NOBODYS_SECRET = secrets.token_hex(32)


class WebhookRefused(Exception):
    """A delivery that is not taken. The reason is for the log; `status` is all that is answered."""

    status: ClassVar[int]


class UnknownAccount(WebhookRefused):
    status = 404


class NotZooms(WebhookRefused):
    """Not signed by this account's Zoom app, or not lately, or not about this account."""

    status = 401


class Malformed(WebhookRefused):
    """Signed by Zoom, and not what Zoom documents."""

    status = 400


@dataclass(frozen=True)
class Delivery:
    """What came in: the raw body, and the two headers that say who wrote it, and when."""

    body: bytes = field(repr=False)
    timestamp: str = field(repr=False)
    signature: str = field(repr=False)


@dataclass(frozen=True)
class Event:
    """A delivery that was read. `sent_at` is Zoom's `event_ts`, in milliseconds."""

    name: str
    sent_at: int
    payload: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)


def receive(account_id: UUID, delivery: Delivery, now: datetime) -> dict[str, str] | None:
    """Verify and record one delivery; returns what Zoom wants to be answered, if anything.

    Taking the same event again changes nothing. Raises `WebhookRefused`.
    """
    with across_all_organizations():
        account = (
            ZoomAccount.objects.only("organization_id", *_READ)
            .filter(pk=account_id)
            # Nothing is taken for an organization that has been deactivated.
            .filter(Q(organization=None) | Q(organization__is_active=True))
            .first()
        )
        if account is None:
            raise UnknownAccount("no such account")
        secret = verify_webhook(account, delivery, now)
        event = _read(delivery.body)
        if event.name == _VALIDATION:
            return _answer_validation(account, secret, event, now)
        # One secret may serve two accounts; what Zoom signed for one is nothing to the other.
        if event.payload.get("account_id") != account.account_id:
            _note_foreign(account, event, now)
            raise NotZooms("about another account")
        row = _record(account, event, now)
        if row.name == _STARTED:
            _tell_of_start(account, row)
        if account.webhook_foreign_at is not None:
            _same_row(account).update(webhook_foreign_at=None, webhook_foreign_id="")
    return None


def verify_webhook(account: ZoomAccount, delivery: Delivery, now: datetime) -> str:
    """The secret with which this delivery was verified. Raises `NotZooms`.

    Zoom, Webhooks: Verify webhook events. HMAC-SHA256 over version, time and raw body.
    """
    secret = _secret_of(account)
    message = b"v0:" + delivery.timestamp.encode(errors="replace") + b":" + delivery.body
    expected = f"v0={_sign(secret or _NOBODYS_SECRET, message)}"
    signed = hmac.compare_digest(expected.encode(), delivery.signature.encode(errors="replace"))
    fresh = _is_fresh(delivery.timestamp, now)
    if not secret:
        raise NotZooms("the account has no webhook secret")
    if not signed:
        raise NotZooms("wrong signature")
    if not fresh:
        # Said apart: if Zoom's retries ever land here, the window is too narrow.
        raise NotZooms("well signed, but not lately")
    return secret


def _secret_of(account: ZoomAccount) -> str:
    try:
        return str(account.webhook_secret)
    except SealingError as error:
        log.error("The webhook secret of Zoom account %s cannot be read: %s", account.pk, error)
        return ""


def _sign(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    age = now.timestamp() - int(timestamp)
    return -AHEAD.total_seconds() <= age <= OLDEST.total_seconds()


def _read(body: bytes) -> Event:
    """The event in a verified body. Raises `Malformed`."""
    try:
        content = json.loads(
            body.decode(), object_pairs_hook=_without_start_url, parse_constant=_refuse_constant
        )
        if not isinstance(content, dict) or not isinstance(content.get("payload"), dict):
            raise Malformed("not an object with a payload")
        text = json.dumps(content["payload"], allow_nan=False)
    except (ValueError, RecursionError):
        # Without the cause: its text quotes the body.
        raise Malformed("not JSON") from None
    name, sent_at = content.get("event"), content.get("event_ts")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Malformed("no usable event name")
    # `type`, for True is an int too.
    if type(sent_at) is not int or not 0 <= sent_at < _LATEST_EVENT:
        raise Malformed("no usable event time")
    return Event(name, sent_at, content["payload"], text)


def _without_start_url(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A start link carries its host's ZAK, so it is dropped before anything else is done."""
    return {name: value for name, value in pairs if name != "start_url"}


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _answer_validation(
    account: ZoomAccount, secret: str, event: Event, now: datetime
) -> dict[str, str]:
    """Zoom, Webhooks: Validate your webhook endpoint. When it is set up, then every 72 hours."""
    token = event.payload.get("plainToken")
    if not isinstance(token, str) or not _PLAIN_TOKEN.fullmatch(token):
        raise Malformed("no usable token to validate with")
    # Only while the secret is still the one that was verified: another is not validated yet.
    same = ZoomAccount.objects.filter(
        pk=account.pk, webhook_secret=account.__dict__["webhook_secret"]
    )
    same.update(webhook_validated_at=now)
    return {"plainToken": token, "encryptedToken": _sign(secret, token.encode())}


def _note_foreign(account: ZoomAccount, event: Event, now: datetime) -> None:
    """Zoom signed it with this account's secret, so most likely another account ID was entered.

    Not with every delivery anew: there may be many.
    """
    foreign = event.payload.get("account_id")
    if not isinstance(foreign, str) or not _ACCOUNT_ID.fullmatch(foreign):
        return
    last = account.webhook_foreign_at
    if foreign == account.webhook_foreign_id and last and now - last < _NOTED_LATELY:
        return
    _same_row(account).update(webhook_foreign_at=now, webhook_foreign_id=foreign)


def _same_row(account: ZoomAccount) -> QuerySet[ZoomAccount]:
    """The account, while ID and secret are those that the event was compared with."""
    rows: QuerySet[ZoomAccount] = ZoomAccount.objects.filter(
        pk=account.pk,
        account_id=account.account_id,
        webhook_secret=account.__dict__["webhook_secret"],
    )
    return rows


def _record(account: ZoomAccount, event: Event, now: datetime) -> WebhookEvent:
    about = event.payload.get("object") or {}
    if not isinstance(about, dict):
        raise Malformed("the object is none")
    row = WebhookEvent(
        account=account,
        name=event.name,
        happened_at=_EPOCH + timedelta(milliseconds=event.sent_at),
        received_at=now,
        object_id=_as_text(about.get("id")),
        meeting_uuid=_as_text(about.get("uuid")),
        key=_make_key(event, about),
        payload=event.text,
    )
    WebhookEvent.objects.bulk_create([row], ignore_conflicts=True)
    return row


def _tell_of_start(account: ZoomAccount, event: WebhookEvent) -> None:
    """That a meeting has started is told to whoever has meetings; this app has none.

    Also of an event that is here already: should the first telling have failed, Zoom's next
    delivery makes up for it.
    """
    if not event.object_id.isdecimal() or len(event.object_id) > _LONGEST_NUMBER:
        return
    tell: Callable[[Collection[UUID], int, datetime], None] = import_string(
        settings.ZOOM_MEETING_STARTED
    )
    connected = ZoomConnection.objects.filter(account=account)
    organizations = list(connected.values_list("organization_id", flat=True))
    tell(organizations, int(event.object_id), event.happened_at)


def _make_key(event: Event, about: dict[str, Any]) -> str:
    """The same for every delivery of one event, and another for any other event of the account.

    Not the body, which may be written differently the next time, nor Zoom's tracking id, which is
    new with each delivery. People come and go in the same millisecond, so they count too.
    """
    parts = [event.name, str(event.sent_at), _as_text(about.get("id")), _as_text(about.get("uuid"))]
    for role in ("participant", "registrant"):
        person = about.get(role)
        if isinstance(person, dict):
            names = ("user_id", "participant_uuid", "id")
            parts += [role, *(_as_text(person.get(name)) for name in names)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _as_text(value: Any) -> str:
    """An id as text, which Zoom writes as a string here and as a number there."""
    if value is None:
        return ""
    if type(value) not in (str, int):
        raise Malformed("an id is neither text nor number")
    text = str(value)
    if len(text) > _LONGEST_ID or not text.isprintable():
        raise Malformed("an id is too long, or not printable")
    return text
