"""Everything the sandbox remembers, and its clock."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import web

from zoomsandbox.rooms import Room

ZakKind = Literal["token", "zak", "onbehalf"]

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
    """A Zoom user; type 1 is Basic and 2 is Licensed, status active, inactive or pending."""

    id: str
    email: str
    display_name: str
    type: int = 2
    status: str = "active"
    cust_create: bool = False
    timezone: str = "UTC"


@dataclass
class Account:
    """A Zoom account with its server-to-server app and its Meeting SDK app."""

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    sdk_client_id: str
    sdk_client_secret: str = field(repr=False)
    webhook_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ALL_SCOPES
    single_token: bool = False
    app_type: str = "server_to_server"
    active: bool = True
    users: dict[str, User] = field(default_factory=dict)

    def find_user(self, key: str) -> User | None:
        """The user with this id or e-mail address."""
        if key in self.users:
            return self.users[key]
        wanted = key.lower()
        return next((user for user in self.users.values() if user.email.lower() == wanted), None)


@dataclass(frozen=True)
class AccessToken:
    """Its scopes are those of the app when it was issued, as at Zoom."""

    account_id: str
    scopes: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True)
class Zak:
    """A token that speaks for one user; only those of kind ``zak`` start meetings."""

    value: str = field(repr=False)
    account_id: str
    user_id: str
    kind: ZakKind
    source: str
    issued_at: float
    expires_at: float


@dataclass
class Meeting:
    number: int
    uuid: str
    account_id: str
    host_id: str
    created_at: datetime
    password: str = field(repr=False)
    encrypted_password: str = field(repr=False)
    fields: dict[str, Any]
    alternative_hosts: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        return str(self.fields["topic"])

    def may_be_started_by(self, user_id: str) -> bool:
        return user_id == self.host_id or user_id in self.alternative_hosts


@dataclass(frozen=True)
class Admission:
    """What ``wc/info`` allowed one person, until their WebSocket opens."""

    ticket: str
    number: int
    name: str
    user_id: str
    standing: str
    stand_in: bool


@dataclass
class LedgerEntry:
    seq: int
    at: float
    call: str
    method: str
    path: str
    account_id: str | None = None
    status: int | None = None
    code: int | str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class Fault:
    """One planted failure; ``after`` lets the call do its work first and spoils only the answer."""

    call: str
    kind: str
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    times: int | None = None
    after: bool = False


class World:
    """The state of one sandbox."""

    def __init__(self) -> None:
        self.public_url = ""
        self.certificate = b""
        self.rooms: dict[int, Room] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything. Rooms are closed by the caller, who can await their sockets."""
        self.offset = 0.0
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.zaks: dict[str, Zak] = {}
        self.meetings: dict[int, Meeting] = {}
        self.rooms.clear()
        self.admissions: dict[str, Admission] = {}
        self.page_tokens: dict[str, tuple[str, str, int, float]] = {}
        self.writes: Counter[tuple[str, str]] = Counter()
        self.ledger: list[LedgerEntry] = []
        self.faults: list[Fault] = []
        self.seq = 0

    def now(self) -> float:
        """Seconds since the epoch by the sandbox's own clock."""
        return time.time() + self.offset

    def today(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).date().isoformat()

    def issue_token(self, account: Account, seconds: int) -> str:
        """A new access token; with ``single_token`` it is the only one left alive."""
        if account.single_token:
            mine = [v for v, t in self.tokens.items() if t.account_id == account.account_id]
            for value in mine:
                del self.tokens[value]
        value = secrets.token_urlsafe(48)
        self.tokens[value] = AccessToken(account.account_id, account.scopes, self.now() + seconds)
        return value

    def issue_zak(self, account: Account, user: User, kind: ZakKind, ttl: int, source: str) -> str:
        value = secrets.token_urlsafe(72)
        now = self.now()
        self.zaks[value] = Zak(value, account.account_id, user.id, kind, source, now, now + ttl)
        return value

    def get_live_zak(self, value: str, account_id: str) -> Zak | None:
        """The ZAK if it is one, has not expired and its user is still active in this account."""
        zak = self.zaks.get(value)
        if zak is None or zak.kind != "zak" or zak.account_id != account_id:
            return None
        account = self.accounts.get(account_id)
        user = account.users.get(zak.user_id) if account else None
        if user is None or user.status != "active" or zak.expires_at <= self.now():
            return None
        return zak

    def get_meeting(self, number: int, account_id: str) -> Meeting | None:
        """The meeting, if it belongs to this account: others' meetings do not exist for it."""
        meeting = self.meetings.get(number)
        return meeting if meeting and meeting.account_id == account_id else None

    def make_meeting_number(self) -> int:
        """Eleven digits: Zoom's numbers for meetings other than personal rooms."""
        while True:
            number = 80_000_000_000 + secrets.randbelow(19_999_999_999)
            if number not in self.meetings:
                return number

    def take_fault(self, call: str) -> Fault | None:
        """The first fault planted on this call, one use of it spent."""
        for fault in self.faults:
            if fault.call in (call, "*") and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


WORLD = web.AppKey("world", World)
ENTRY = web.RequestKey("entry", LedgerEntry)
