"""Accounts, their apps and their users."""

from dataclasses import dataclass, field
from typing import Any, Literal

AppState = Literal["active", "disabled", "disabled_by_admin", "revoked"]
Plan = Literal["free", "pro", "business", "unlimited"]

# Zoom API reference, granular scopes: the ``:admin`` forms a server-to-server app is given.
ALL_SCOPES = (
    "user:read:token:admin",
    "user:read:user:admin",
    "user:read:list_users:admin",
    "meeting:write:meeting:admin",
    "meeting:read:meeting:admin",
    "meeting:update:meeting:admin",
    "meeting:delete:meeting:admin",
    "meeting:update:status:admin",
)


@dataclass
class User:
    """A Zoom user.

    ``type`` is 1 Basic, 2 Licensed, 4 unassigned, 99 none; ``status`` active, inactive or pending;
    ``role_id`` 0 owner, 1 admin, 2 member. ``settings`` holds what differs from Zoom's defaults.
    """

    id: str
    email: str
    display_name: str
    type: int = 2
    status: str = "active"
    cust_create: bool = False
    timezone: str = "UTC"
    role_id: str = "2"
    dept: str = ""
    created_at: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Subscription:
    """An app's wish to be told: where, and of which events (``*`` for all)."""

    url: str
    events: tuple[str, ...] = ("*",)
    id: str = ""
    validated_at: float | None = None
    failed_validations: int = 0


@dataclass
class Account:
    """A Zoom account with its server-to-server app and its Meeting SDK app.

    ``single_token``: a new access token ends the earlier ones. ``scope_code``: which of the codes
    seen for a missing scope (4711, 104, 201) is answered. ``me``: whether ``me`` in a path is
    ``refused`` or the ``owner``. ``date_skew``: seconds by which the ``Date`` header is wrong.
    ``passcode_rules``: what ``meeting_security`` asks of passcodes beyond Zoom's own limits.
    """

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    sdk_client_id: str
    sdk_client_secret: str = field(repr=False)
    webhook_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ALL_SCOPES
    single_token: bool = False
    app_type: str = "server_to_server"
    app_state: AppState = "active"
    plan: Plan = "business"
    scope_code: int = 4711
    me: Literal["refused", "owner"] = "refused"
    api_url: str = ""
    date_skew: float = 0.0
    passcode_rules: dict[str, Any] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)

    def find_user(self, key: str) -> User | None:
        """The user with this id or e-mail address."""
        if key in self.users:
            return self.users[key]
        wanted = key.lower()
        return next((user for user in self.users.values() if user.email.lower() == wanted), None)
