"""What the client makes of Zoom's bad days: every fault at every call, and what is let out."""

import contextlib
import gzip
import json
import logging
import re
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
import trustme
from django.views.debug import ExceptionReporter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from zoomauth.client import Deadline, MeetingChanges, MeetingDraft, ZoomClient
from zoomauth.errors import (
    FieldError,
    ZoomAccessTokenRejected,
    ZoomAnswerInvalid,
    ZoomDailyLimitReached,
    ZoomError,
    ZoomInputRefused,
    ZoomRateLimited,
    ZoomScopeMissing,
    ZoomTimeout,
    ZoomUnavailable,
    ZoomUnreachable,
    ZoomUserNotFound,
)

TOKEN = "planted-access-token"
SECRET = "planted-client-secret"
DRAFT = MeetingDraft(
    topic="planted-topic",
    starts_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    duration_minutes=45,
    timezone="UTC",
    passcode="planted-passcode",
)
NUMBER = 12345678901
Ask = Callable[[ZoomClient], Any]
CALLS: dict[str, Ask] = {
    "request_access_token": lambda client: client.request_access_token(
        account_id="planted-account", client_id="planted-client", client_secret=SECRET
    ),
    "fetch_user_zak": lambda client: client.fetch_user_zak(access_token=TOKEN, zoom_user_id="u1"),
    "create_meeting": lambda client: client.create_meeting(
        access_token=TOKEN, zoom_user_id="u1", draft=DRAFT
    ),
    "get_meeting": lambda client: client.get_meeting(access_token=TOKEN, meeting_number=NUMBER),
    "update_meeting": lambda client: client.update_meeting(
        access_token=TOKEN, meeting_number=NUMBER, changes=MeetingChanges(passcode="planted-code")
    ),
    "delete_meeting": lambda client: client.delete_meeting(
        access_token=TOKEN, meeting_number=NUMBER
    ),
    "end_meeting": lambda client: client.end_meeting(access_token=TOKEN, meeting_number=NUMBER),
    "get_user": lambda client: client.get_user(access_token=TOKEN, id_or_email="u1"),
    "list_users": lambda client: client.list_users(access_token=TOKEN),
}
WRITES = {"create_meeting", "update_meeting", "delete_meeting", "end_meeting"}
ONCE_ONLY = {"create_meeting", "end_meeting"}

# An answer that repeats what it was sent, so that a leak of any of it would be seen.
ECHO = {"code": 999, "message": f"planted {TOKEN} {SECRET}", "error": SECRET}
HTML = "<html><body>planted 502 Bad Gateway</body></html>"

WIRE_FAULTS: dict[str, tuple[Response, type[ZoomError]]] = {
    "401": (Response(json.dumps({**ECHO, "code": 124}), 401), ZoomError),
    "403": (Response(json.dumps(ECHO), 403), ZoomError),
    "404": (Response(json.dumps(ECHO), 404), ZoomError),
    "409": (Response("[]", 409), ZoomError),
    "429": (Response(json.dumps(ECHO), 429), ZoomRateLimited),
    "429 bare": (Response("", 429), ZoomRateLimited),
    "500": (Response(json.dumps(ECHO), 500), ZoomUnavailable),
    "502 HTML": (Response(HTML, 502, content_type="text/html"), ZoomUnavailable),
    "503 giant": (Response("x" * 2_000_000, 503), ZoomUnavailable),
    "200 HTML": (Response(HTML, 200, content_type="text/html"), ZoomAnswerInvalid),
    "200 empty": (Response("", 200), ZoomAnswerInvalid),
    "200 cut": (Response('{"token": "planted', 200), ZoomAnswerInvalid),
    "200 list": (Response("[1]", 200), ZoomAnswerInvalid),
    "200 null": (Response("null", 200), ZoomAnswerInvalid),
    "200 no fields": (Response("{}", 200), ZoomAnswerInvalid),
    "200 not UTF-8": (Response(b'{"token": "\xff\xfe"}', 200), ZoomAnswerInvalid),
    "200 deep": (Response("[" * 900_000, 200), ZoomAnswerInvalid),
    "200 long number": (Response('{"id": ' + "9" * 900_000 + "}", 200), ZoomAnswerInvalid),
    "200 giant": (Response("[" + " " * 2_000_000 + "]", 200), ZoomAnswerInvalid),
    "202": (Response("{}", 202), ZoomAnswerInvalid),
    "301": (Response("", 301, {"Location": "https://evil.example/"}), ZoomAnswerInvalid),
    "302 back": (Response(HTML, 302, {"Location": "/v2/users/u1/token"}), ZoomAnswerInvalid),
    "304": (Response("", 304), ZoomAnswerInvalid),
    "307 giant": (Response("x" * 2_000_000, 307, {"Location": "/"}), ZoomAnswerInvalid),
}


def client_at(url: str, *, read: float = 2.0, deadline: float = 10.0) -> ZoomClient:
    return ZoomClient(f"{url}/v2", f"{url}/oauth/token", 1.0, read, Deadline.after(deadline))


@pytest.fixture
def client(httpserver: HTTPServer) -> ZoomClient:
    return client_at(f"http://127.0.0.1:{httpserver.port}")


def failure_of(ask: Ask, client: ZoomClient) -> ZoomError:
    with pytest.raises(ZoomError) as caught:
        ask(client)
    return caught.value


def answer(httpserver: HTTPServer, response: Response) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_response(response)


def refuse(httpserver: HTTPServer, status: int, body: Any, **headers: str) -> None:
    answer(httpserver, Response(json.dumps(body), status, headers))


@contextlib.contextmanager
def peer(*pieces: bytes, pause: float = 0.0, last: float = 0.0) -> Iterator[str]:
    """A bare server: reads the request, sends the pieces with pauses, waits, and hangs up."""
    over = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)
                    if over.wait(pause):
                        return
                over.wait(last)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join(5)


def drip(text: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in text]


OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = 250  # five seconds of dripping, for a client that would wait for it all

# pieces, pause between them, wait at the end -> what a read becomes
DRIPS: dict[str, tuple[list[bytes], float, type[ZoomError]]] = {
    "silence": ([], 0.0, ZoomTimeout),
    "dripped status": (drip(b"HTTP/1.1 " + b"2" * ENDLESS), 0.02, ZoomTimeout),
    "dripped headers": ([OK, *drip(b"X-Drip: " + b"a" * ENDLESS)], 0.02, ZoomTimeout),
    "endless headers": ([OK, *[b"HTTP/1.1: x\r\n"] * ENDLESS], 0.02, ZoomTimeout),
    "endless 100 Continue": ([b"HTTP/1.1 100 Continue\r\n\r\n"] * ENDLESS, 0.02, ZoomTimeout),
    "dripped body": (
        [OK + b"Content-Length: 9999\r\n\r\n", *drip(b" " * ENDLESS)],
        0.02,
        ZoomTimeout,
    ),
    "dripped chunks": (
        [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * ENDLESS],
        0.02,
        ZoomTimeout,
    ),
    "body that stops": ([OK + b"Content-Length: 9\r\n\r\n{"], 0.0, ZoomTimeout),
}

BREAKS: dict[str, tuple[bytes, type[ZoomError]]] = {
    "hang-up": (b"", ZoomUnavailable),
    "half a status line": (b"HTTP/1.", ZoomUnavailable),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", ZoomUnavailable),
    "half a body": (OK + b"Content-Length: 99\r\n\r\n{", ZoomUnavailable),
    "wrong chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", ZoomUnavailable),
    "two lengths": (OK + b"Content-Length: 1, 2\r\n\r\n{", ZoomAnswerInvalid),
    "too many headers": (OK + b"a: b\r\n" * 500 + b"\r\n{}", ZoomUnavailable),
    "no gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", ZoomAnswerInvalid),
}


# --- every fault at every call


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", WIRE_FAULTS)
def test_answer_becomes_an_error_of_its_kind(
    client: ZoomClient, httpserver: HTTPServer, call: str, fault: str
) -> None:
    response, expected = WIRE_FAULTS[fault]
    answer(httpserver, response)
    error = failure_of(CALLS[call], client)
    assert isinstance(error, expected)
    assert (error.call, error.http_status) == (call, response.status_code)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["401", "429", "500", "200 empty", "302 back"])
def test_nothing_is_asked_twice(
    client: ZoomClient, httpserver: HTTPServer, call: str, fault: str
) -> None:
    answer(httpserver, WIRE_FAULTS[fault][0])
    failure_of(CALLS[call], client)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("call", ["fetch_user_zak", *sorted(WRITES)])
@pytest.mark.parametrize("fault", WIRE_FAULTS)
def test_only_a_write_that_may_have_happened_is_in_doubt(
    client: ZoomClient, httpserver: HTTPServer, call: str, fault: str
) -> None:
    response, _ = WIRE_FAULTS[fault]
    answer(httpserver, response)
    error = failure_of(CALLS[call], client)
    status = response.status_code
    assert error.outcome_unknown is (call in WRITES and (status < 300 or status >= 500))
    assert not (error.outcome_unknown and error.retryable and call in ONCE_ONLY)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", WIRE_FAULTS)
def test_no_secret_is_let_out(
    client: ZoomClient,
    httpserver: HTTPServer,
    caplog: pytest.LogCaptureFixture,
    call: str,
    fault: str,
) -> None:
    answer(httpserver, WIRE_FAULTS[fault][0])
    with caplog.at_level(logging.DEBUG):
        error = failure_of(CALLS[call], client)
    shown = "".join(traceback.format_exception(error))
    assert "planted" not in f"{error!s} {error!r} {error.user_message} {shown} {caplog.text}"
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("call", CALLS)
def test_refused_connection_is_unreachable(call: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = failure_of(CALLS[call], client_at(url))
    assert (type(error), error.outcome_unknown) == (ZoomUnreachable, False)


@pytest.mark.parametrize(
    ("call", "fault"),
    [(call, fault) for call in ("fetch_user_zak", "create_meeting") for fault in DRIPS]
    + [
        (call, "dripped headers")
        for call in CALLS
        if call not in ("fetch_user_zak", "create_meeting")
    ],
)
def test_slow_peer_is_cut_off_at_the_deadline(call: str, fault: str) -> None:
    pieces, pause, expected = DRIPS[fault]
    with peer(*pieces, pause=pause, last=5.0) as url:
        began = time.monotonic()
        error = failure_of(CALLS[call], client_at(url, deadline=0.5))
        took = time.monotonic() - began
    assert (type(error), error.outcome_unknown) == (expected, call in WRITES)
    assert took < 3


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", BREAKS)
def test_broken_answer_leaves_a_write_in_doubt(call: str, fault: str) -> None:
    sent, expected = BREAKS[fault]
    with peer(sent) as url:
        error = failure_of(CALLS[call], client_at(url))
    assert (type(error), error.outcome_unknown) == (expected, call in WRITES)


@pytest.mark.parametrize("call", CALLS)
def test_broken_connection_lets_no_secret_out(caplog: pytest.LogCaptureFixture, call: str) -> None:
    with peer() as url, caplog.at_level(logging.DEBUG):
        error = failure_of(CALLS[call], client_at(url))
    shown = "".join(traceback.format_exception(error))
    assert "planted" not in f"{error!s} {error!r} {shown} {caplog.text}"
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("call", CALLS)
def test_error_report_of_django_shows_no_secret(
    client: ZoomClient, httpserver: HTTPServer, call: str
) -> None:
    answer(httpserver, Response(HTML, 502))
    error = failure_of(CALLS[call], client)
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    frames = [
        frame for frame in reporter.get_traceback_frames() if "client.py" in frame["filename"]
    ]
    shown = repr([frame["vars"] for frame in frames])
    assert len(frames) >= 2
    assert "planted" not in shown


# --- the connection


def test_read_timeout_ends_before_the_deadline() -> None:
    with peer(last=5.0) as url:
        began = time.monotonic()
        error = failure_of(CALLS["get_user"], client_at(url, read=0.1))
    assert isinstance(error, ZoomTimeout)
    assert time.monotonic() - began < 2


def test_what_a_gate_took_of_the_deadline_is_no_failure_of_zooms(httpserver: HTTPServer) -> None:
    @contextlib.contextmanager
    def slow() -> Iterator[None]:
        time.sleep(0.3)
        yield

    client = client_at(f"http://127.0.0.1:{httpserver.port}", deadline=0.2).behind(slow)
    error = failure_of(CALLS["create_meeting"], client)
    assert (type(error), error.was_tried, error.outcome_unknown) == (ZoomTimeout, False, False)
    assert httpserver.log == []


def test_unknown_name_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    error = failure_of(CALLS["create_meeting"], client_at("http://api.zoom.example"))
    assert (type(error), error.outcome_unknown) == (ZoomUnreachable, False)


def test_silent_name_server_does_not_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: over.wait(10))
    began = time.monotonic()
    error = failure_of(CALLS["get_user"], client_at("http://api.zoom.example", deadline=0.2))
    over.set()
    assert isinstance(error, ZoomUnreachable)
    assert time.monotonic() - began < 2


def test_next_address_is_tried_when_one_refuses(
    client: ZoomClient, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(*_args: Any, **_kwargs: Any) -> Any:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("127.0.0.1", 1)), (*kind, ("127.0.0.1", httpserver.port))]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    answer(httpserver, Response("", 503))
    error = failure_of(CALLS["get_user"], client_at("http://api.zoom.example"))
    assert isinstance(error, ZoomUnavailable)


def test_untrusted_certificate_is_unreachable() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        error = failure_of(CALLS["get_user"], client_at(f"https://127.0.0.1:{server.port}"))
        assert server.log == []
    assert isinstance(error, ZoomUnreachable)


def test_silent_tls_handshake_is_cut_off() -> None:
    with peer(last=5.0) as url:
        began = time.monotonic()
        error = failure_of(
            CALLS["create_meeting"], client_at(url.replace("http:", "https:"), deadline=0.2)
        )
    assert (type(error), error.outcome_unknown) == (ZoomUnreachable, False)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("call", CALLS)
def test_body_of_a_redirect_is_not_waited_for(call: str) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 9999\r\n\r\n"
    with peer(head, last=5.0) as url:
        error = failure_of(CALLS[call], client_at(url))
    assert isinstance(error, ZoomAnswerInvalid)


def test_good_answer_above_a_mebibyte_is_refused(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    answer(httpserver, Response('{"token": "planted-zak"}'.ljust(1024 * 1024 + 1), 200))
    assert isinstance(failure_of(CALLS["fetch_user_zak"], client), ZoomAnswerInvalid)


def test_good_answer_of_a_mebibyte_is_read(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, Response('{"token": "planted-zak"}'.ljust(1024 * 1024), 200))
    assert CALLS["fetch_user_zak"](client).token == "planted-zak"


def test_packed_bomb_is_refused(client: ZoomClient, httpserver: HTTPServer) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    answer(httpserver, Response(packed, 200, {"Content-Encoding": "gzip"}))
    assert isinstance(failure_of(CALLS["get_user"], client), ZoomAnswerInvalid)


def test_packed_answer_of_good_size_is_read(client: ZoomClient, httpserver: HTTPServer) -> None:
    packed = gzip.compress(b'{"token": "planted-zak"}')
    answer(httpserver, Response(packed, 200, {"Content-Encoding": "gzip"}))
    assert CALLS["fetch_user_zak"](client).token == "planted-zak"


# --- what an error tells


def test_error_tells_status_code_and_tracking_id(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    refuse(httpserver, 404, {"code": 1001, "message": ""}, **{"x-zm-trackingid": "WEB_1a"})
    error = failure_of(CALLS["fetch_user_zak"], client)
    assert isinstance(error, ZoomUserNotFound)
    assert str(error) == "call fetch_user_zak, HTTP status 404, Zoom code 1001, tracking id WEB_1a"


def test_failure_is_logged_as_one_warning(
    client: ZoomClient, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(httpserver, 404, {"code": 1001}, **{"x-zm-trackingid": "WEB_1a"})
    failure_of(CALLS["get_user"], client)
    ((name, level, text),) = [r for r in caplog.record_tuples if r[0].startswith("zoomauth")]
    assert (name, level) == ("zoomauth.client", logging.WARNING)
    facts = "call get_user, HTTP status 404, Zoom code 1001, tracking id WEB_1a"
    assert re.fullmatch(rf"ZoomUserNotFound: {facts}, \d+ ms", text)


def test_good_answer_logs_nothing(
    client: ZoomClient, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(httpserver, 200, {"token": "planted-zak"})
    CALLS["fetch_user_zak"](client)
    assert [record for record in caplog.records if record.name.startswith("zoomauth")] == []


@pytest.mark.parametrize(
    "header",
    [
        b"a\r\n ERROR forged",
        b"a\r\n\tERROR forged",
        b"a\x0bERROR forged",
        b"a\x85ERROR forged",
        b"a\x1b[31mERROR forged",
        b"a\rERROR forged",
        b"a" * 5000,
    ],
)
def test_tracking_id_cannot_forge_a_log_line(
    caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nx-zm-trackingid: "
    with peer(head + header + b"\r\n\r\n{}") as url:
        error = failure_of(CALLS["get_user"], client_at(url))
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("zoom")]
    assert line.isprintable()
    assert error.tracking_id.startswith("a")
    assert len(error.tracking_id) <= 80


def test_tracking_id_as_zoom_writes_it_is_kept(client: ZoomClient, httpserver: HTTPServer) -> None:
    tracking_id = "v=2.0;clid=us04;rid=WEB_0123456789abcdef"
    refuse(httpserver, 404, {}, **{"x-zm-trackingid": tracking_id})
    assert failure_of(CALLS["get_user"], client).tracking_id == tracking_id


@pytest.mark.parametrize(
    "code", [SECRET, "a" * 41, "Line\nbreak", True, 1.5, [], {}, 10**9, "", "é", None]
)
def test_odd_code_is_dropped(client: ZoomClient, httpserver: HTTPServer, code: Any) -> None:
    refuse(httpserver, 403, {"code": code})
    assert failure_of(CALLS["get_user"], client).code is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"code": 1001, "message": ""}, 1001),
        ({"code": "1001"}, 1001),
        (
            {"error": "invalid_client", "reason": "Invalid client_id or client_secret"},
            "invalid_client",
        ),
        ({"code": 4702, "message": "Invalid client_id or client_secret."}, 4702),
    ],
)
def test_both_kinds_of_error_body_are_read(
    client: ZoomClient, httpserver: HTTPServer, body: Any, code: int | str
) -> None:
    refuse(httpserver, 400, body)
    assert failure_of(CALLS["request_access_token"], client).code == code


def test_reason_of_the_token_endpoint_decides_last(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    refuse(httpserver, 400, {"error": "invalid_request", "reason": "The app has been disabled"})
    assert failure_of(CALLS["request_access_token"], client).slug == "zoom_app_deactivated"


def test_missing_scopes_are_named(client: ZoomClient, httpserver: HTTPServer) -> None:
    text = "Invalid access token, does not contain scopes:[user:read:token:admin]."
    refuse(httpserver, 400, {"code": 4711, "message": text})
    error = failure_of(CALLS["fetch_user_zak"], client)
    assert isinstance(error, ZoomScopeMissing)
    assert error.scopes == ("user:read:token:admin",)


def test_field_errors_are_cleaned_and_kept(client: ZoomClient, httpserver: HTTPServer) -> None:
    errors = [
        {"field": "topic", "message": "Too\r\nlong" + "!" * 300},
        {"field": 5, "message": "x"},
        "x",
    ]
    refuse(httpserver, 400, {"code": 300, "message": "Validation Failed.", "errors": errors})
    error = failure_of(CALLS["create_meeting"], client)
    assert isinstance(error, ZoomInputRefused)
    assert error.fields == (FieldError("topic", ("Toolong" + "!" * 300)[:200]),)


@pytest.mark.parametrize("body", [HTML, "", "[]", "null", '{"code": "planted"'])
def test_status_401_decides_whatever_the_body(
    client: ZoomClient, httpserver: HTTPServer, body: str
) -> None:
    answer(httpserver, Response(body, 401))
    assert isinstance(failure_of(CALLS["get_user"], client), ZoomAccessTokenRejected)


# --- limits

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)
PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
DAILY = "You have reached the maximum daily rate limit for this API."
PER_HOST = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests "
    "permitted for a particular user. You may resume at GMT 00:00:00."
)


@pytest.mark.parametrize(
    ("message", "headers", "expected", "retry_at"),
    [
        (PER_SECOND, {}, ZoomRateLimited, None),
        (PER_SECOND, {"Retry-After": "3"}, ZoomRateLimited, NOW.replace(second=3)),
        ("", {"Retry-After": "2026-05-04T09:31:00Z"}, ZoomRateLimited, NOW.replace(minute=31)),
        ("", {"Retry-After": "2026-05-04T09:31:00"}, ZoomRateLimited, NOW.replace(minute=31)),
        (
            "",
            {"Retry-After": "Mon, 04 May 2026 09:31:00 GMT"},
            ZoomRateLimited,
            NOW.replace(minute=31),
        ),
        ("", {"Retry-After": "soon"}, ZoomRateLimited, None),
        ("", {"Retry-After": "-1"}, ZoomRateLimited, None),
        ("", {"Retry-After": "2036-05-04T00:00:00Z"}, ZoomRateLimited, None),
        ("", {"Retry-After": "999999"}, ZoomRateLimited, None),
        (DAILY, {"Retry-After": "2026-05-05T00:00:00Z"}, ZoomDailyLimitReached, MIDNIGHT),
        (DAILY, {}, ZoomDailyLimitReached, MIDNIGHT),
        (PER_HOST, {"X-RateLimit-Type": "QPS"}, ZoomDailyLimitReached, MIDNIGHT),
        ("", {"X-RateLimit-Type": "Daily-limit"}, ZoomDailyLimitReached, MIDNIGHT),
    ],
)
def test_limit_tells_when_to_come_back(
    client: ZoomClient,
    httpserver: HTTPServer,
    message: str,
    headers: dict[str, str],
    expected: type[ZoomError],
    retry_at: datetime | None,
) -> None:
    refuse(httpserver, 429, {"code": 429, "message": message}, **headers)
    with time_machine.travel(NOW, tick=False):
        error = failure_of(CALLS["create_meeting"], client)
    assert type(error) is expected
    assert getattr(error, "retry_at", "none") == retry_at


# --- anything at all

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["active", "pending", "bearer", "https://x", "2026-05-04T09:30:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = [
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "token",
    "id",
    "uuid",
    "host_id",
    "topic",
    "start_time",
    "duration",
    "password",
    "join_url",
    "start_url",
    "email",
    "display_name",
    "type",
    "status",
    "users",
    "next_page_token",
    "code",
    "message",
    "error",
    "reason",
    "errors",
    "field",
]
bodies = anything | st.dictionaries(
    st.sampled_from(KEYS),
    anything | st.lists(st.dictionaries(st.sampled_from(KEYS), anything, max_size=4), max_size=2),
    max_size=8,
)
statuses = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500])


@pytest.mark.parametrize("call", CALLS)
@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=bodies, status=statuses)
def test_any_answer_is_a_result_or_a_zoom_error(
    client: ZoomClient, httpserver: HTTPServer, call: str, body: Any, status: int
) -> None:
    httpserver.clear()
    refuse(httpserver, status, body)
    with contextlib.suppress(ZoomError):
        assert CALLS[call](client_at(f"http://127.0.0.1:{httpserver.port}")) is not NotImplemented


@settings(
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(raw=st.binary(max_size=200), good_head=st.booleans())
def test_any_bytes_are_a_zoom_error(raw: bytes, good_head: bool) -> None:
    head = OK + b"Connection: close\r\n\r\n" if good_head else b""
    with peer(head + raw) as url:
        assert isinstance(failure_of(CALLS["fetch_user_zak"], client_at(url)), ZoomError)
