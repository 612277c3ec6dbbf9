"""ZoomClient: the only module that speaks HTTP to Zoom. One call is one request; no retries."""

import base64
import contextvars
import http.client
import io
import json
import logging
import os
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import requests
import urllib3
from django.views.decorators.debug import sensitive_variables
from requests.adapters import HTTPAdapter
from requests.exceptions import ContentDecodingError, InvalidHeader

from zoomauth.errors import (
    FieldError,
    Refusal,
    ZoomAccessTokenRejected,
    ZoomAnswerInvalid,
    ZoomCredentialsRejected,
    ZoomError,
    ZoomInputRefused,
    ZoomTimeout,
    ZoomUnavailable,
    ZoomUnreachable,
    make_zoom_error,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

LARGEST_ANSWER: Final = 1024 * 1024
LONGEST_TOKEN_LIFE: Final = 24 * 60 * 60  # Zoom gives 3600 seconds
ZAK_TTL_SECONDS: Final = 7200
LARGEST_PAGE: Final = 300

_CHUNK = 64 * 1024
_POOLED_CONNECTIONS = 32
_SCHEDULED = 2  # Zoom API reference: Meetings, Create a meeting, `type`


# --- Values -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deadline:
    """The moment by which a piece of work must be over, on a clock that is never set back.

    Calls that share one page share one Deadline.
    """

    expires_at: float
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Seconds left; 0.0 once it has passed."""
        return max(0.0, self.expires_at - self.clock())


@dataclass(frozen=True)
class AccessTokenAnswer:
    """A Server-to-Server access token, good for `expires_in` seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Zak:
    """A Zoom Access Key. Whoever has it is this Zoom user in any meeting: pass on, never keep."""

    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class MeetingDraft:
    """A scheduled meeting as Zoom shall have it. Raises ValueError on a naive `starts_at`."""

    topic: str
    starts_at: datetime
    duration_minutes: int
    timezone: str
    passcode: str = field(default="", repr=False)
    alternative_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_schedule(self.starts_at, self.alternative_hosts)


@dataclass(frozen=True, kw_only=True)
class MeetingChanges:
    """What shall become different in a meeting; None leaves a thing as it is."""

    topic: str | None = None
    starts_at: datetime | None = None
    duration_minutes: int | None = None
    timezone: str | None = None
    passcode: str | None = field(default=None, repr=False)
    alternative_hosts: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_schedule(self.starts_at, self.alternative_hosts or ())


@dataclass(frozen=True, kw_only=True)
class ZoomMeeting:
    """A meeting as Zoom has it. `start_url` holds a ZAK: use it at once and drop it.

    `uuid` names one run, not the meeting. `starts_at` is None where Zoom gives no single date.
    """

    meeting_number: int
    uuid: str
    host_id: str
    host_email: str
    topic: str
    starts_at: datetime | None
    duration_minutes: int
    passcode: str = field(repr=False)
    join_url: str = field(repr=False)
    start_url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ZoomUser:
    """A user of a Zoom account. `type`: 1 basic, 2 licensed, 4 and 99 without meetings.

    `status`: active, inactive or pending. A pending user may have no `id` yet ("").
    """

    id: str
    email: str
    display_name: str
    type: int
    status: str


@dataclass(frozen=True)
class ZoomUserPage:
    """One page of users; an empty `next_page_token` means that it was the last."""

    users: tuple[ZoomUser, ...]
    next_page_token: str = field(repr=False)


def _check_schedule(starts_at: datetime | None, alternative_hosts: tuple[str, ...]) -> None:
    if starts_at is not None and starts_at.utcoffset() is None:
        raise ValueError("starts_at needs a time zone")
    # Zoom takes them joined by semicolons, so one inside a name would add a host.
    if any(not email.strip() or ";" in email for email in alternative_hosts):
        raise ValueError("an alternative host is one e-mail address")


# --- The wire ---------------------------------------------------------------------------------
#
# requests' timeouts hold for one read of the socket, and none holds for the name look-up: a peer
# that drips bytes, or a name server that is silent, outlasts them all. So the connections below
# take what is left of the deadline before every single read, connection attempt and look-up.


@dataclass
class _Exchange:
    """One call's budget, and how far it came."""

    deadline: Deadline
    connect_timeout: float
    read_timeout: float
    was_sent: bool = False

    def connect_budget(self) -> float:
        return self._budget(self.connect_timeout)

    def read_budget(self) -> float:
        return self._budget(self.read_timeout)

    def _budget(self, timeout: float) -> float:
        remaining = self.deadline.remaining()
        if remaining <= 0:
            raise TimeoutError("The deadline has passed")
        return min(timeout, remaining)


_exchange: contextvars.ContextVar[_Exchange] = contextvars.ContextVar("zoom_exchange")


class _DeadlineReader(io.RawIOBase):
    """The receiving side of a socket, cut off at the deadline of the call that reads it."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: _Exchange) -> None:
        self._raw, self._sock, self._exchange = raw, sock, exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._exchange.read_budget())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock, _exchange.get()))


class _DeadlineConnection(urllib3.connection.HTTPConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        exchange = _exchange.get()
        failure: OSError = OSError("The name has no address")
        for family, kind, protocol, _, address in _look_up(self._dns_host, self.port, exchange):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(exchange.connect_budget())
                sock.connect(address)
                sock.settimeout(exchange.connect_budget())  # for the TLS handshake
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _exchange.get().was_sent = True
        super().send(data)


class _DeadlineTLSConnection(_DeadlineConnection, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _DeadlineTLSConnection


def _look_up(host: str, port: int, exchange: _Exchange) -> list[Any]:
    """The addresses of a host. In a thread, because getaddrinfo() takes no timeout."""
    answers: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="zoom-look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=exchange.connect_budget())
    except queue.Empty:
        raise TimeoutError("The name look-up took too long") from None
    if isinstance(answer, list):
        return answer
    raise OSError("The name look-up failed")


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, because Session.send() reads the whole body of a redirect, followed or not."""


@lru_cache(maxsize=1)
def _session_of_process(process_id: int) -> requests.Session:
    """The connections of this process; a fork must not write into those of its parent."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(
        pool_connections=4, pool_maxsize=_POOLED_CONNECTIONS, max_retries=0, pool_block=False
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


# --- Answers ----------------------------------------------------------------------------------

_PRINTABLE = re.compile(r"[!-~]+")
_UNSAFE_IN_LOG = re.compile(r"[^A-Za-z0-9_.:;=-]")
_UNSAFE_IN_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OAUTH_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
_MOST_FIELD_ERRORS = 20
_LONGEST_WAIT = timedelta(days=2)


class _WrongShapeError(Exception):
    """Internal: an answer lacks something, or has it in another type."""


def _read_json(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise _WrongShapeError from None
    if not isinstance(answer, dict):
        raise _WrongShapeError
    return answer


def _read_refused_json(content: bytes | None) -> dict[str, Any]:
    """The body beside an error status; it only refines the status, so anything may be there."""
    try:
        return _read_json(content or b"")
    except _WrongShapeError:
        return {}


def _clean(text: str, longest: int = 1000) -> str:
    """Without control characters and the halves that remain when an emoji is cut in two."""
    return _UNSAFE_IN_TEXT.sub("", text)[:longest]


def _text(answer: Mapping[str, Any], key: str, default: str = "") -> str:
    value = answer.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise _WrongShapeError
    return _clean(value)


def _printable(answer: Mapping[str, Any], key: str, *, required: bool = True) -> str:
    """A token, an id or a URL: taken as it is, or not at all."""
    value = answer.get(key)
    if value in (None, "") and not required:
        return ""
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
        raise _WrongShapeError
    return value


def _url(answer: Mapping[str, Any], key: str, *, required: bool = True) -> str:
    value = _printable(answer, key, required=required)
    if value and not value.startswith(("https://", "http://")):
        raise _WrongShapeError
    return value


def _whole(
    answer: Mapping[str, Any], key: str, *, low: int, high: int, default: int | None = None
) -> int:
    value = answer.get(key)
    if value is None:
        value = default
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _WrongShapeError
    return value


def _moment(answer: Mapping[str, Any], key: str) -> datetime | None:
    value = answer.get(key)
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise _WrongShapeError
    moment = _parse_iso(value)
    if moment is None:
        raise _WrongShapeError
    return moment


def _parse_iso(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        # Zoom echoes UTC; a value without an offset is one whose Z was left out.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parse_access_token(answer: Mapping[str, Any]) -> AccessTokenAnswer:
    if _text(answer, "token_type", "bearer").lower() != "bearer":
        raise _WrongShapeError
    return AccessTokenAnswer(
        access_token=_printable(answer, "access_token"),
        expires_in=_whole(answer, "expires_in", low=1, high=LONGEST_TOKEN_LIFE),
        scopes=tuple(_text(answer, "scope").split()),
    )


def _parse_zak(answer: Mapping[str, Any]) -> Zak:
    return Zak(_printable(answer, "token"))


def _parse_meeting(answer: Mapping[str, Any]) -> ZoomMeeting:
    return ZoomMeeting(
        meeting_number=_whole(answer, "id", low=1, high=2**63 - 1),
        uuid=_printable(answer, "uuid", required=False),
        host_id=_printable(answer, "host_id", required=False),
        host_email=_text(answer, "host_email"),
        topic=_text(answer, "topic"),
        starts_at=_moment(answer, "start_time"),
        duration_minutes=_whole(answer, "duration", low=0, high=2**31 - 1, default=0),
        passcode=_text(answer, "password"),
        join_url=_url(answer, "join_url"),
        start_url=_url(answer, "start_url", required=False),
    )


def _parse_user(answer: Mapping[str, Any], listed_as: str = "") -> ZoomUser:
    status = _text(answer, "status", listed_as)
    names = (_text(answer, "first_name"), _text(answer, "last_name"))
    return ZoomUser(
        id=_printable(answer, "id", required=status != "pending"),
        email=_text(answer, "email"),
        display_name=_text(answer, "display_name") or " ".join(filter(None, names)),
        type=_whole(answer, "type", low=0, high=1000),
        status=status,
    )


def _parse_user_page(answer: Mapping[str, Any], listed_as: str) -> ZoomUserPage:
    users = answer.get("users")
    if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
        raise _WrongShapeError
    return ZoomUserPage(
        users=tuple(_parse_user(user, listed_as) for user in users),
        next_page_token=_printable(answer, "next_page_token", required=False),
    )


def _parse_nothing(answer: Mapping[str, Any]) -> None:
    """The answer of a write that Zoom confirms by its status alone."""


def _parse_code(answer: Mapping[str, Any]) -> int | str | None:
    """Zoom's number, or the word of RFC 6749 that the token endpoint gives in its place."""
    code = answer.get("code", answer.get("error"))
    if isinstance(code, str):
        if re.fullmatch(r"[0-9]{1,6}", code):
            return int(code)
        return code if len(code) <= 40 and _OAUTH_CODE.fullmatch(code) else None
    if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**6:
        return code
    return None


def _parse_message(answer: Mapping[str, Any]) -> str:
    message = answer.get("message", answer.get("reason"))
    return _clean(message) if isinstance(message, str) else ""


def _parse_field_errors(answer: Mapping[str, Any]) -> tuple[FieldError, ...]:
    errors = answer.get("errors")
    if not isinstance(errors, list):
        return ()
    return tuple(
        FieldError(_clean(error["field"], 80), _clean(error["message"], 200))
        for error in errors[:_MOST_FIELD_ERRORS]
        if isinstance(error, dict)
        and isinstance(error.get("field"), str)
        and isinstance(error.get("message"), str)
    )


def _parse_retry_after(value: str, now: datetime) -> datetime | None:
    """Zoom's daily limits give an ISO date and time here; HTTP has seconds or a date of its own."""
    value = value.strip()
    moment: datetime | None
    if re.fullmatch(r"[0-9]{1,6}", value):
        moment = now + timedelta(seconds=int(value))
    else:
        moment = _parse_iso(value) or _parse_http_date(value)
    # A time further off than any of Zoom's limits lasts would keep a caller away for nothing.
    return moment if moment is not None and moment - now <= _LONGEST_WAIT else None


def _parse_http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# --- The client -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Call:
    """What is known of a call before it is made. `answers`: the statuses that mean yes."""

    name: str
    method: str
    answers: tuple[int, ...] = (200,)
    is_write: bool = False
    repeatable: bool = True
    asks_for_token: bool = False


_REQUEST_ACCESS_TOKEN = _Call("request_access_token", "POST", asks_for_token=True)
_FETCH_USER_ZAK = _Call("fetch_user_zak", "GET")
_CREATE_MEETING = _Call("create_meeting", "POST", (201, 200), is_write=True, repeatable=False)
_GET_MEETING = _Call("get_meeting", "GET")
_UPDATE_MEETING = _Call("update_meeting", "PATCH", (204,), is_write=True)
_DELETE_MEETING = _Call("delete_meeting", "DELETE", (204,), is_write=True)
# Not to be repeated: by then the meeting may have been started again.
_END_MEETING = _Call("end_meeting", "PUT", (204,), is_write=True, repeatable=False)
_GET_USER = _Call("get_user", "GET")
_LIST_USERS = _Call("list_users", "GET")


@dataclass(frozen=True)
class _Request:
    url: str
    authorization: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Answer:
    """`content` is None when it was too large to be taken in."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)

    @property
    def tracking_id(self) -> str:
        """Zoom's support asks for it. Cleaned: a folded header may carry line breaks."""
        return _UNSAFE_IN_LOG.sub("", self.headers.get("x-zm-trackingid", ""))[:80]


@dataclass(frozen=True)
class ZoomClient:
    """Zoom's REST API, for as long as one deadline lasts.

    Every method asks once and raises a ZoomError unless the answer is the documented one; each
    failure is logged as one warning without secrets. All clients of a process share connections.
    """

    api_url: str
    oauth_url: str
    connect_timeout: float
    read_timeout: float
    deadline: Deadline

    @sensitive_variables()
    def request_access_token(
        self, *, account_id: str, client_id: str, client_secret: str
    ) -> AccessTokenAnswer:
        """A new Server-to-Server access token.

        Zoom docs: Server-to-Server OAuth. The parameters go into the body: Zoom began to refuse
        them in the query, where they would also end up in logs.
        """
        call = _REQUEST_ACCESS_TOKEN
        if not all(_PRINTABLE.fullmatch(text) for text in (account_id, client_id, client_secret)):
            raise _logged(ZoomCredentialsRejected(call=call.name))
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        request = _Request(
            url=self.oauth_url,
            authorization=f"Basic {pair}",
            form={"grant_type": "account_credentials", "account_id": account_id},
        )
        return self._call(call, request, _parse_access_token)

    @sensitive_variables()
    def fetch_user_zak(
        self, *, access_token: str, zoom_user_id: str, ttl_seconds: int = ZAK_TTL_SECONDS
    ) -> Zak:
        """A ZAK of this user, good for `ttl_seconds`.

        Zoom API reference: Users, Get a user's token. It is a GET; without `type` Zoom answers
        with a token of another kind, and without `ttl` the life depends on the kind of user.
        """
        call = _FETCH_USER_ZAK
        path = f"/users/{_user_part(call, zoom_user_id)}/token"
        query = {"type": "zak", "ttl": str(ttl_seconds)}
        return self._api_call(call, path, access_token, _parse_zak, query=query)

    @sensitive_variables()
    def create_meeting(
        self, *, access_token: str, zoom_user_id: str, draft: MeetingDraft
    ) -> ZoomMeeting:
        """Schedule a meeting for this host. A second call makes a second meeting.

        Zoom API reference: Meetings, Create a meeting. 100 creations and updates per host and day.
        """
        call = _CREATE_MEETING
        path = f"/users/{_user_part(call, zoom_user_id)}/meetings"
        body = {"type": _SCHEDULED, **_meeting_body(draft)}
        return self._api_call(call, path, access_token, _parse_meeting, body=body)

    @sensitive_variables()
    def get_meeting(self, *, access_token: str, meeting_number: int) -> ZoomMeeting:
        """The meeting as it is now, with a fresh `start_url`.

        Zoom API reference: Meetings, Get a meeting.
        """
        path = _meeting_path(meeting_number)
        return self._api_call(_GET_MEETING, path, access_token, _parse_meeting)

    @sensitive_variables()
    def update_meeting(
        self, *, access_token: str, meeting_number: int, changes: MeetingDraft | MeetingChanges
    ) -> None:
        """Change what `changes` names; a whole draft replaces all that a draft can say.

        Zoom API reference: Meetings, Update a meeting. It counts towards the host's 100 a day.
        """
        path = _meeting_path(meeting_number)
        body = _meeting_body(changes)
        self._api_call(_UPDATE_MEETING, path, access_token, _parse_nothing, body=body)

    @sensitive_variables()
    def delete_meeting(self, *, access_token: str, meeting_number: int) -> None:
        """Delete the meeting. Zoom API reference: Meetings, Delete a meeting."""
        path = _meeting_path(meeting_number)
        self._api_call(_DELETE_MEETING, path, access_token, _parse_nothing)

    @sensitive_variables()
    def end_meeting(self, *, access_token: str, meeting_number: int) -> None:
        """End the run that is on. Zoom API reference: Meetings, Update meeting status."""
        path = f"{_meeting_path(meeting_number)}/status"
        body = {"action": "end"}
        self._api_call(_END_MEETING, path, access_token, _parse_nothing, body=body)

    @sensitive_variables()
    def get_user(self, *, access_token: str, id_or_email: str) -> ZoomUser:
        """One user of the account. Zoom API reference: Users, Get a user."""
        path = f"/users/{_user_part(_GET_USER, id_or_email)}"
        return self._api_call(_GET_USER, path, access_token, _parse_user)

    @sensitive_variables()
    def list_users(
        self,
        *,
        access_token: str,
        status: Literal["active", "inactive", "pending"] = "active",
        page_size: int = LARGEST_PAGE,
        next_page_token: str = "",
    ) -> ZoomUserPage:
        """One page of the account's users with this status; a page token lives 15 minutes.

        Zoom API reference: Users, List users. Only one status can be listed at a time.
        """
        query = {"status": status, "page_size": str(page_size)}
        if next_page_token:
            query["next_page_token"] = next_page_token
        parse = partial(_parse_user_page, listed_as=status)
        return self._api_call(_LIST_USERS, "/users", access_token, parse, query=query)

    @sensitive_variables()
    def _api_call(
        self,
        call: _Call,
        path: str,
        access_token: str,
        parse: Callable[[Mapping[str, Any]], T],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        if not _PRINTABLE.fullmatch(access_token):
            raise _logged(ZoomAccessTokenRejected(call=call.name))
        request = _Request(
            url=self.api_url.rstrip("/") + path,
            authorization=f"Bearer {access_token}",
            query=query or {},
            body=body,
        )
        return self._call(call, request, parse)

    @sensitive_variables()
    def _call(self, call: _Call, request: _Request, parse: Callable[[Mapping[str, Any]], T]) -> T:
        """The one way to Zoom.

        Errors come back from `_ask` and `_judge` as values, and are raised out of reach of any
        `except`: the exceptions of the HTTP library hold the request with its secrets, and would
        otherwise hang on to ours as its context.
        """
        began = time.monotonic()
        answer = self._ask(call, request)
        outcome = answer if isinstance(answer, ZoomError) else _judge(call, answer, parse)
        if isinstance(outcome, ZoomError):
            raise _logged(outcome, began)
        return outcome

    @sensitive_variables()
    def _ask(self, call: _Call, request: _Request) -> _Answer | ZoomError:
        remaining = self.deadline.remaining()
        if remaining <= 0:
            return ZoomTimeout(call=call.name)
        exchange = _Exchange(self.deadline, self.connect_timeout, self.read_timeout)
        status = None
        token = _exchange.set(exchange)
        try:
            with _session_of_process(os.getpid()).request(
                call.method,
                request.url,
                params=request.query,
                data=request.form,
                json=request.body,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "Authorization": request.authorization,
                    "User-Agent": "greenroom",
                },
                timeout=(min(self.connect_timeout, remaining), min(self.read_timeout, remaining)),
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                content = b"" if 300 <= status < 400 else _read_content(response)
                return _Answer(status, response.headers, content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return _transport_error(call, exchange, error, status)
        finally:
            _exchange.reset(token)


def _read_content(response: requests.Response) -> bytes | None:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            return None
    return bytes(content)


def _transport_error(
    call: _Call, exchange: _Exchange, error: Exception, status: int | None
) -> ZoomError:
    if not exchange.was_sent:
        return ZoomUnreachable(call=call.name)
    refused = status is not None and 400 <= status < 500
    kind: type[ZoomError] = ZoomUnavailable
    if isinstance(error, InvalidHeader | ContentDecodingError):
        kind = ZoomAnswerInvalid
    # While the body is read, requests reports a timeout as a ConnectionError around it.
    elif isinstance(error, requests.Timeout) or isinstance(
        next(iter(error.args), None), TimeoutError | urllib3.exceptions.TimeoutError
    ):
        kind = ZoomTimeout
    return kind(
        call=call.name,
        http_status=status,
        outcome_unknown=call.is_write and not refused,
        repeatable=call.repeatable,
    )


def _judge(call: _Call, answer: _Answer, parse: Callable[[Mapping[str, Any]], T]) -> T | ZoomError:
    if answer.status >= 400:
        return make_zoom_error(_read_refusal(call, answer))
    if answer.status in call.answers and answer.content is not None:
        try:
            return parse({} if answer.status == 204 else _read_json(answer.content))
        except _WrongShapeError:
            pass
    return ZoomAnswerInvalid(
        call=call.name,
        http_status=answer.status,
        tracking_id=answer.tracking_id,
        outcome_unknown=call.is_write and 200 <= answer.status < 300,
        repeatable=call.repeatable,
    )


def _read_refusal(call: _Call, answer: _Answer) -> Refusal:
    body = _read_refused_json(answer.content)
    now = datetime.now(UTC)
    tomorrow = now.date() + timedelta(days=1)
    return Refusal(
        call=call.name,
        http_status=answer.status,
        code=_parse_code(body),
        message=_parse_message(body),
        fields=_parse_field_errors(body),
        tracking_id=answer.tracking_id,
        limit_type=answer.headers.get("X-RateLimit-Type", ""),
        retry_at=_parse_retry_after(answer.headers.get("Retry-After", ""), now),
        day_ends_at=datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC),
        asks_for_token=call.asks_for_token,
        is_write=call.is_write,
        repeatable=call.repeatable,
    )


def _logged(error: ZoomError, began: float | None = None) -> ZoomError:
    milliseconds = 0 if began is None else round((time.monotonic() - began) * 1000)
    logger.warning("%s: %s, %d ms", type(error).__name__, error, milliseconds)
    return error


def _user_part(call: _Call, id_or_email: str) -> str:
    """A user in a path. `me` would be the owner of the app, whoever was meant.

    A part of dots would climb up the path, quoted or not: requests undoes the quoting.
    """
    if not _PRINTABLE.fullmatch(id_or_email) or id_or_email in ("me", ".", ".."):
        problem = FieldError("zoom_user_id", "Neither the id nor the e-mail address of a user.")
        raise _logged(ZoomInputRefused(call=call.name, fields=(problem,)))
    return quote(id_or_email, safe="")


def _meeting_path(meeting_number: int) -> str:
    return f"/meetings/{int(meeting_number)}"


def _meeting_body(meeting: MeetingDraft | MeetingChanges) -> dict[str, Any]:
    """Zoom API reference: Meetings, Create a meeting. A `start_time` with Z is in UTC."""
    body = {
        "topic": meeting.topic,
        "duration": meeting.duration_minutes,
        "timezone": meeting.timezone,
        "password": meeting.passcode,
    }
    named: dict[str, Any] = {key: value for key, value in body.items() if value is not None}
    if meeting.starts_at is not None:
        named["start_time"] = f"{meeting.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if meeting.alternative_hosts is not None:
        named["settings"] = {"alternative_hosts": ";".join(meeting.alternative_hosts)}
    return named
