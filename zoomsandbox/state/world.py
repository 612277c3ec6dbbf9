"""Everything the sandbox remembers."""

import secrets
from collections import Counter, deque
from typing import Any

from aiohttp import web

from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.clock import Clock
from zoomsandbox.state.ledger import LEDGER_LENGTH, Fault, LedgerEntry, make_ledger
from zoomsandbox.state.meetings import Meeting, Recording, Run
from zoomsandbox.state.rooms import Room
from zoomsandbox.state.tokens import AccessToken, Admission, Zak, ZakKind


class World:
    """The state of one sandbox."""

    def __init__(self) -> None:
        self.public_url = ""
        self.certificate = b""
        self.rooms: dict[int, Room] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything. Rooms are closed by the caller, who can await their sockets."""
        self.clock = Clock()
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.zaks: dict[str, Zak] = {}
        self.meetings: dict[int, Meeting] = {}
        self.runs: list[Run] = []
        self.events: deque[dict[str, Any]] = deque(maxlen=LEDGER_LENGTH)
        self.recordings: list[Recording] = []
        self.rooms.clear()
        self.admissions: dict[str, Admission] = {}
        self.page_tokens: dict[str, tuple[str, str, int, float]] = {}
        self.writes: Counter[tuple[str, str]] = Counter()
        self.ledger: deque[LedgerEntry] = make_ledger()
        self.faults: list[Fault] = []
        self.seq = 0

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
