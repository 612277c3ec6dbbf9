"""What a client knows of the state its calls have left, and what follows for the next answer."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from hypothesis import note

from tests.sandbox import ACME, GLOBEX, Sandbox
from tests.zoomsandbox.answer_checks import Marks, check_rest
from tests.zoomsandbox.random_values import Body, as_json
from tests.zoomsandbox.raw_http import Answer, Wire

DAY = 86_400
# Between this client's reckoning of the sandbox's time and that time. Seconds.
LEEWAY = 5
ACCOUNTS = {"acme": ACME, "globex": GLOBEX}
MEETING = re.compile(r"/v2/meetings/([0-9]{1,18})(/status)?")
CREATE = re.compile(r"/v2/users/([^/]+)/meetings")
KEYS = ("occurrence_id", "registrant_id", "next_page_token", "uuid")


@dataclass(frozen=True)
class Token:
    account: str
    value: str
    expires_at: float


@dataclass(frozen=True)
class Thing:
    """A user's id or address, or a meeting's number or UUID, as a path segment."""

    account: str
    segment: str


@dataclass(eq=False)
class Planned:
    """A meeting this client created; ``is_there`` is None once that is anybody's guess."""

    account: str
    number: int
    host: str
    created_at: float
    is_there: bool | None = True

    @property
    def path(self) -> str:
        return f"/v2/meetings/{self.number}"


class Knowledge:
    """Of one sandbox, from a reset on. Every answer passes :meth:`check`."""

    def __init__(self, zoom: Sandbox) -> None:
        self.zoom = zoom
        self.wire = Wire(zoom.port)
        self.marks = Marks(*ACCOUNTS)
        self.planned: list[Planned] = []
        self._turned = 0.0
        self._live: dict[str, Token] = {}
        # The hosts whose writes of a day are used up.
        self._used_up: set[tuple[str, float]] = set()
        zoom.reset()
        self.turn_to_noon()
        self.users = [thing for name in ACCOUNTS for thing in self._make_account(name)]

    def _make_account(self, name: str) -> list[Thing]:
        """With its users, each named by id and by address."""
        users = [make_user(name, part) for part in ("owner", "second", "basic", "pending")]
        self.zoom.control("POST", "accounts", {**ACCOUNTS[name], "users": users})
        for user in users:
            self.marks.add(name, user["id"], user["email"])
        return [Thing(name, user[key]) for user in users for key in ("id", "email")]

    def now(self) -> float:
        return time.time() + self._turned

    def turn_clock(self, seconds: float) -> None:
        self.zoom.clock(seconds)
        self._turned += seconds

    def turn_to_noon(self) -> None:
        """Of the next day, so that none ends in the middle of a count."""
        self.turn_clock(1.5 * DAY - self.now() % DAY)

    # --- Calls ------------------------------------------------------------------------------

    def ask_for_token(self, account: str) -> Token:
        pair = ACCOUNTS[account]
        told = self.zoom.ask_token(pair)
        assert told.status_code == 200, told.text
        token = Token(account, told.json()["access_token"], self.now() + 3600)
        self._live[account] = token
        self.marks.add(account, token.value, pair["client_secret"], pair["sdk_client_secret"])
        return token

    def get_token(self, account: str) -> Token:
        token = self._live.get(account)
        if token is None or token.expires_at < self.now() + 60:
            return self.ask_for_token(account)
        return token

    def forget_tokens(self) -> None:
        self._live.clear()

    def ask(self, method: str, target: str, token: Token | str, body: Body | None = None) -> Answer:
        """One REST call, whose answer is checked and remembered."""
        header = f"Bearer {token.value}" if isinstance(token, Token) else token
        headers = {"Authorization": header} if header else {}
        body = body or Body()
        answer = self.wire.ask(method, target, {**headers, **body.headers}, body.content)
        note(str(answer))
        check_rest(answer)
        self.marks.check(answer, token.account if isinstance(token, Token) else None)
        self._check_day(answer)
        if answer.is_success:
            assert isinstance(token, Token), f"without a token: {answer}"
            assert token.expires_at > self.now() - LEEWAY, f"with an expired token: {answer}"
            self._remember(answer, token)
        return answer

    def ask_as(self, account: str, method: str, target: str, body: Any = None) -> Answer:
        """With a token of this account that lives."""
        content = None if body is None else as_json(body)
        return self.ask(method, target, self.get_token(account), content)

    def write(self, meeting: Planned) -> int:
        """Change nothing, which counts for the day of its host."""
        return self.ask_as(meeting.account, "PATCH", meeting.path, {}).status

    def list_meetings(self, account: str, host: str) -> set[int]:
        """The numbers of all pages."""
        path, token, found = f"/v2/users/{quote(host, safe='')}/meetings?page_size=5", "", set()
        for _ in range(100):
            page = self.ask_as(account, "GET", f"{path}&next_page_token={quote(token)}").json()
            found |= {meeting["id"] for meeting in page["meetings"]}
            token = page["next_page_token"]
            if not token:
                break
        return found

    def plan_meeting(self, account: str, host: str, kind: int, approval: int) -> list[Thing]:
        """Of this host, if Zoom lets it be: named by its number, twice, and by its UUID."""
        body: dict[str, Any] = {
            "topic": f"{account}-secret-topic",
            "type": kind,
            "start_time": "2030-03-29T10:00:00",
            "timezone": "Europe/Berlin",
            "settings": {"approval_type": approval, "auto_recording": "cloud"},
        }
        if kind == 8:
            body["recurrence"] = {"type": 2, "weekly_days": "1,6", "end_times": 4}
        answer = self.ask_as(account, "POST", f"/v2/users/{account}-{host}/meetings", body)
        if answer.status != 201:
            return []
        told = answer.json()
        self.planned.append(Planned(account, told["id"], told["host_id"], self.now()))
        self.marks.add(account, told["id"], told["uuid"], told["topic"], told["start_url"])
        number, uuid = str(told["id"]), encode_uuid(told["uuid"])
        return [Thing(account, number), Thing(account, number), Thing(account, uuid)]

    @contextmanager
    def changed(self, account: str, changes: dict[str, Any]) -> Iterator[None]:
        """The account is otherwise for a while."""
        key = f"{account}-account"
        [before] = [one for one in self.zoom.accounts() if one["account_id"] == key]
        self.zoom.change_account(key, **changes)
        yield
        self.zoom.change_account(key, **{name: before[name] for name in changes})
        # A change may have ended them.
        self.forget_tokens()

    # --- What follows -----------------------------------------------------------------------

    def note_used_up(self, host: str) -> None:
        self._used_up.add((host, self.now() // DAY))

    @property
    def is_somebody_used_up(self) -> bool:
        return any(day == self.now() // DAY for _, day in self._used_up)

    def _check_day(self, answer: Answer) -> None:
        """Whoever has used up the day's writes creates nothing more on that day."""
        match = CREATE.fullmatch(urlsplit(answer.target).path)
        if not match or answer.method != "POST" or not answer.is_success:
            return
        host = match.group(1).partition("@")[0]
        assert (host, self.now() // DAY) not in self._used_up, f"beyond the day's writes: {answer}"

    def _remember(self, answer: Answer, token: Token) -> None:
        """What a success has made of the meetings."""
        path = urlsplit(answer.target).path
        about = MEETING.fullmatch(path)
        for meeting in self.planned:
            if meeting.account != token.account:
                continue
            if about and int(about.group(1)) == meeting.number:
                meeting.is_there = _is_there_after(answer, meeting.is_there)
            elif answer.method == "DELETE" and path.startswith("/v2/users/"):
                meeting.is_there = None

    def note_removal(self) -> None:
        """A user was removed by hand: which meetings went too is anybody's guess."""
        for meeting in self.planned:
            meeting.is_there = None


def _is_there_after(answer: Answer, before: bool | None) -> bool | None:
    query = dict(parse_qsl(urlsplit(answer.target).query))
    if answer.method == "DELETE" and not query.get("occurrence_id"):
        return False
    # A deleted meeting can be recovered.
    return None if answer.method == "PUT" and before is False else before


def make_user(account: str, part: str) -> dict[str, Any]:
    """The id begins with the account's name, so that a leak is seen."""
    return {
        "id": f"{account}-{part}",
        "email": f"{account}-{part}@{account}.example",
        "display_name": f"{part} of-{account}",
        "type": 1 if part == "basic" else 2,
        "role_id": "0" if part == "owner" else "2",
        "status": "pending" if part == "pending" else "active",
    }


def find_keys(answer: Answer) -> list[str]:
    """Ids that later calls can name."""
    if not answer.is_success or not answer.content:
        return []
    return _search(answer.json())[:3]


def _search(value: Any) -> list[str]:
    if isinstance(value, list):
        return [key for item in value for key in _search(item)]
    if not isinstance(value, dict):
        return []
    found = [value[name] for name in KEYS if isinstance(value.get(name), str) and value[name]]
    return found + [key for item in value.values() for key in _search(item)]


def encode_uuid(uuid: str) -> str:
    """Twice where Zoom wants it."""
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once
