"""Accounts, their apps and their users."""

import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

AppState = Literal["active", "disabled", "disabled_by_admin", "revoked"]
Plan = Literal["free", "pro", "business", "unlimited"]

# All that the sandbox's calls need. Zoom API reference, granular scopes; the ``:admin`` forms are
# what a server-to-server app is given.
ALL_SCOPES = (
    "user:read:token:admin",
    "user:read:user:admin",
    "user:read:list_users:admin",
    "user:read:email:admin",
    "user:read:settings:admin",
    "user:read:zak:admin",
    "user:write:user:admin",
    "user:update:user:admin",
    "user:update:settings:admin",
    "user:update:status:admin",
    "user:delete:user:admin",
    "user:delete:token:admin",
    "meeting:write:meeting:admin",
    "meeting:read:meeting:admin",
    "meeting:read:list_meetings:admin",
    "meeting:read:list_upcoming_meetings:admin",
    "meeting:update:meeting:admin",
    "meeting:delete:meeting:admin",
    "meeting:update:status:admin",
    "meeting:read:past_meeting:admin",
    "meeting:read:list_past_instances:admin",
    "meeting:read:list_past_participants:admin",
    "meeting:write:registrant:admin",
    "meeting:read:list_registrants:admin",
    "meeting:update:registrant_status:admin",
    "cloud_recording:read:list_user_recordings:admin",
    "cloud_recording:read:list_recording_files:admin",
)


@dataclass
class User:
    """A Zoom user.

    ``type`` is 1 Basic, 2 Licensed, 4 unassigned, 99 none; ``status`` active, inactive or pending;
    ``role_id`` 0 owner, 1 admin, 2 member. ``settings`` holds what differs from Zoom's defaults.
    ``login_type`` is how the user signs in: 0 Facebook, 1 Google, 99 not at all (``custCreate``),
    100 e-mail and password, 101 single sign-on. Without first and last name they are those that
    ``display_name`` is made of.
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
    first_name: str = ""
    last_name: str = ""
    language: str = "en-US"
    login_type: int = 100

    def __post_init__(self) -> None:
        if not self.first_name and not self.last_name:
            self.first_name, _, self.last_name = self.display_name.partition(" ")

    @property
    def pmi(self) -> int:
        """The number of the personal meeting room: ten digits, always the same for a user."""
        return 2_000_000_000 + zlib.crc32(self._id_bytes) % 7_999_999_999

    @property
    def host_key(self) -> str:
        """Six digits with which somebody in a meeting may take over as its host."""
        return f"{zlib.crc32(b'host key of ' + self._id_bytes) % 1_000_000:06d}"

    @property
    def _id_bytes(self) -> bytes:
        return self.id.encode("utf-8", "surrogatepass")


@dataclass
class Subscription:
    """An app's wish to be told: where, and of which events (``*`` for all).

    Moments are the sandbox's. ``failed_validations`` counts those in a row; after the sixth the
    subscription is ``disabled``. Of what Zoom does not tell, or tells in two ways:
    ``retries_refusals``: answers of 300 to 499 are retried too. ``timestamps``: each attempt says
    when it is made (``fresh``), when the ``first`` was, or the time of the ``machine``, for a
    receiver whose clock cannot be turned. ``in_order`` False: nothing waits for what goes before.
    """

    url: str
    events: tuple[str, ...] = ("*",)
    id: str = ""
    validated_at: float | None = None
    failed_validations: int = 0
    next_validation_at: float | None = None
    disabled: bool = False
    retries_refusals: bool = False
    timestamps: Literal["fresh", "first", "machine"] = "fresh"
    in_order: bool = True

    @property
    def is_live(self) -> bool:
        """Whether its URL is told anything."""
        return self.validated_at is not None and not self.disabled

    def wants(self, event: str) -> bool:
        return "*" in self.events or event in self.events


@dataclass
class Account:
    """A Zoom account with its server-to-server app and its Meeting SDK app.

    ``single_token``: a new access token ends the earlier ones. ``scope_code``: which of the codes
    seen for a missing scope (4711, 104, 201) is answered. ``me``: whether ``me`` in a path is
    ``refused`` or the ``owner``. ``date_skew``: seconds by which the ``Date`` header is wrong.
    ``passcode_rules``: what ``meeting_security`` asks of passcodes beyond Zoom's own limits.
    ``oauth_errors``: whether the token endpoint refuses credentials with the ``words`` of OAuth or
    with Zoom's ``numbers``; both were seen. ``query_parameters``: whether it reads its parameters
    from the query too, or finds them missing there. ``api_url``: what tokens are told to use
    instead of the sandbox's address. ``seats``: how many users may be licensed. ``hold_seconds``:
    how long a write to a user keeps other calls about the same user out. ``sdk_app_active``: False
    once the Meeting SDK app is deactivated. ``min_sdk_version``: what Web SDKs below are refused;
    empty for none. ``alternative_hosts_allowed``: False refuses meetings that name any.
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
    oauth_errors: Literal["words", "numbers"] = "words"
    query_parameters: Literal["accepted", "refused"] = "accepted"
    seats: int | None = None
    hold_seconds: float = 0.0
    sdk_app_active: bool = True
    min_sdk_version: str = ""
    alternative_hosts_allowed: bool = True
    subscriptions: list[Subscription] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)

    def find_user(self, key: str) -> User | None:
        """The user with this id or e-mail address."""
        if key in self.users:
            return self.users[key]
        wanted = key.lower()
        return next((user for user in self.users.values() if user.email.lower() == wanted), None)

    def find_owner(self) -> User | None:
        return next((user for user in self.users.values() if user.role_id == "0"), None)

    @property
    def has_free_seat(self) -> bool:
        """Whether one more user may be licensed; deactivated users have no licence."""
        if self.seats is None:
            return True
        taken = sum(u.type == 2 and u.status != "inactive" for u in self.users.values())
        return taken < self.seats

    def find_subscription(self, key: str) -> Subscription | None:
        return next((one for one in self.subscriptions if one.id == key), None)
