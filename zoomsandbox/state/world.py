"""Everything the sandbox remembers."""

import secrets
import traceback
from collections import Counter, deque
from typing import Any

from aiohttp import ClientSession, web

from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.agenda import Agenda
from zoomsandbox.state.clock import Clock
from zoomsandbox.state.deliveries import (
    Delivery,
    DeliveryFault,
    Lane,
    make_deliveries,
    make_events,
)
from zoomsandbox.state.ledger import Fault, LedgerEntry, make_ledger
from zoomsandbox.state.meetings import Meeting, Recording, Run
from zoomsandbox.state.rooms import Room
from zoomsandbox.state.tokens import AccessToken, Admission, Zak, ZakKind


class World:
    """The state of one sandbox.

    What a snapshot keeps is declared with its type: a state from a file is checked against it.
    """

    clock: Clock
    accounts: dict[str, Account]
    tokens: dict[str, AccessToken]
    zaks: dict[str, Zak]
    meetings: dict[int, Meeting]
    # Deleted, but not yet for good.
    trash: dict[int, Meeting]
    runs: list[Run]
    events: deque[dict[str, Any]]
    deliveries: deque[Delivery]
    delivery_seq: int
    delivery_faults: list[DeliveryFault]
    lanes: dict[str, Lane]
    recordings: list[Recording]
    admissions: dict[str, Admission]
    page_tokens: dict[str, tuple[str, str, int, float]]
    writes: Counter[tuple[str, str]]
    # By meeting and e-mail address, and the day.
    registrations: Counter[tuple[str, str]]
    ledger: deque[LedgerEntry]
    faults: list[Fault]
    seq: int
    # By account and what is counted: the second, minute or day, and the calls made in it.
    quotas: dict[tuple[str, str], tuple[int, int]]
    # By account and user: until when a write holds the user.
    held_users: dict[tuple[str, str], float]
    # Defects of the sandbox's own: the call and the traceback of each.
    crashes: list[dict[str, str]]

    def __init__(self) -> None:
        self.public_url = ""
        self.certificate = b""
        self.rooms: dict[int, Room] = {}
        self.agenda = Agenda(Clock(), self._note_crash)
        # Opened when the sandbox starts: what deliveries go out with.
        self.session: ClientSession | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything. Rooms are closed by the caller, who can await their sockets."""
        self.clock = Clock()
        self.agenda.clear(self.clock)
        self.accounts = {}
        self.tokens = {}
        self.zaks = {}
        self.meetings = {}
        self.trash = {}
        self.runs = []
        self.events = make_events()
        self.deliveries = make_deliveries()
        self.delivery_seq = 0
        self.delivery_faults = []
        self.lanes = {}
        self.recordings = []
        self.rooms.clear()
        self.admissions = {}
        self.page_tokens = {}
        self.writes = Counter()
        self.registrations = Counter()
        self.ledger = make_ledger()
        self.faults = []
        self.seq = 0
        self.quotas = {}
        self.held_users = {}
        self.crashes = []

    def _note_crash(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error))
        self.crashes.append({"call": "agenda", "traceback": text})

    def now(self) -> float:
        return self.clock.now()

    def today(self) -> str:
        return self.clock.today()

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
            if number not in self.meetings and number not in self.trash:
                return number


WORLD = web.AppKey("world", World)
ENTRY = web.RequestKey("entry", LedgerEntry)
FAULT = web.RequestKey("fault", Fault)
