"""What a client knows of the state its calls have left, and what follows for the next answer."""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from hypothesis import note

from tests.sandbox import ACME, GLOBEX, Sandbox
from tests.zoomsandbox.answer_checks import Marks, check_rest
from tests.zoomsandbox.random_values import Body, as_json
from tests.zoomsandbox.raw_http import Answer, Wire

DAY = 86_400
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
        known = isinstance(token, Token)
        header = f"Bearer {token.value}" if isinstance(token, Token) else token
        headers = {"Authorization": header} if header else {}
        body = body or Body()
        answer = self.wire.ask(method, target, {**headers, **body.headers}, body.content)
        note(str(answer))
        check_rest(answer)
        self.marks.check(answer, token.account if isinstance(token, Token) else None)
        self._check_day(answer)
        if answer.is_success:
            assert known or target.startswith("/oauth"), f"without a token: {answer}"
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

    def _remember(self, answer: Answer, token: Token | str) -> None:
        """What a success has made of the meetings."""
        account = token.account if isinstance(token, Token) else ""
        path = urlsplit(answer.target).path
        about = MEETING.fullmatch(path)
        for meeting in self.planned:
            if meeting.account != account:
                continue
            if about and int(about.group(1)) == meeting.number:
                meeting.is_there = _is_there_after(answer, meeting.is_there)
            elif answer.method == "DELETE" and path.startswith("/v2/users/"):
                meeting.is_there = None

    def note_control(self) -> None:
        """Something was done by hand: who is gone with which meetings is anybody's guess."""
        for meeting in self.planned:
            meeting.is_there = None


def _is_there_after(answer: Answer, before: bool | None) -> bool | None:
    query = dict(parse_qsl(urlsplit(answer.target).query))
    if answer.method == "DELETE" and not query.get("occurrence_id"):
        return False
    # A deleted meeting can be recovered.
    return None if answer.method == "PUT" and before is False else before


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
