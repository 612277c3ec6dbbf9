"""The hand on a sandbox's webhooks: who is told, what was told, and how unkindly."""

from typing import Any


class WebhookControls:
    """What a Sandbox can do with webhooks. ``control`` is its own."""

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        raise NotImplementedError

    def subscribe_all(self, *wishes: dict[str, Any], account_id: str = "acme-account") -> list[Any]:
        """Replace the account's subscriptions; tells what became of each one's validation."""
        path = f"accounts/{account_id}/subscriptions"
        return self.control("PUT", path, {"subscriptions": list(wishes)})

    def subscribe(self, url: str, *events: str, **options: Any) -> dict[str, Any]:
        """One subscription in the place of all of acme's: to these events, or to any."""
        return self.subscribe_all({"url": url, "events": events or ["*"], **options})[0]

    def subscriptions(self, account_id: str = "acme-account") -> list[dict[str, Any]]:
        return self.control("GET", f"accounts/{account_id}/subscriptions")

    def revalidate(self, subscription_id: str, account_id: str = "acme-account") -> dict[str, Any]:
        """Challenge this URL now."""
        path = f"accounts/{account_id}/subscriptions/{subscription_id}/revalidate"
        return self.control("POST", path)

    def unsubscribe(self, subscription_id: str, account_id: str = "acme-account") -> None:
        self.control("DELETE", f"accounts/{account_id}/subscriptions/{subscription_id}")

    def events(self, event: str | None = None) -> list[dict[str, Any]]:
        """The bodies of what happened, whether or not anybody was told."""
        return self.control("GET", "events", **({"event": event} if event else {}))

    def emit(self, event: str, account_id: str = "acme-account", **fields: Any) -> dict[str, Any]:
        """Tell of any event: payload, event_ts."""
        return self.control("POST", "events", {"event": event, "account_id": account_id, **fields})

    def deliveries(self, event: str | None = None) -> list[dict[str, Any]]:
        """Every attempt to deliver, in their order."""
        return self.control("GET", "deliveries", **({"event": event} if event else {}))

    def delivery_fault(self, event: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Spoil deliveries of this event to come: times, seconds, later, account_id."""
        body = {"event": event, "kind": kind, **fields}
        return self.control("POST", "delivery-faults", body)

    def clear_delivery_faults(self) -> None:
        self.control("DELETE", "delivery-faults")
