"""Webhook deliveries as Zoom sends them, written by hand and not with the portal's own code."""

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import Any

from django.test import Client
from django.urls import reverse


def sign(secret: str, timestamp: str, body: bytes) -> str:
    message = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def write(event: str, about: Any, *, account_id: str, event_ts: Any) -> bytes:
    """An event's body. `about` is what Zoom calls the object."""
    payload = {"account_id": account_id, "object": about}
    return json.dumps({"event": event, "event_ts": event_ts, "payload": payload}).encode()


@dataclass(frozen=True)
class Sent:
    """One delivery, on its way to an account's address."""

    account_id: Any
    body: bytes
    timestamp: str | None
    signature: str | None
    tracking_id: str = "WEB_0123abc"
    content_type: str = "application/json; charset=utf-8"

    @classmethod
    def signed(cls, account_id: Any, body: bytes, *, secret: str, at: float, **more: Any) -> "Sent":
        timestamp = str(int(at))
        return cls(account_id, body, timestamp, sign(secret, timestamp, body), **more)

    def but(self, **changes: Any) -> "Sent":
        """The same delivery, tampered with."""
        return replace(self, **changes)

    @property
    def path(self) -> str:
        return reverse("zoomauth:webhook", args=[self.account_id])

    @property
    def headers(self) -> dict[str, str]:
        given = {
            "x-zm-request-timestamp": self.timestamp,
            "x-zm-signature": self.signature,
            "x-zm-trackingid": self.tracking_id,
        }
        return {name: value for name, value in given.items() if value is not None}

    def to(self, client: Client) -> Any:
        return client.post(
            self.path, self.body, content_type=self.content_type, headers=self.headers
        )
