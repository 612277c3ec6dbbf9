"""What each call of the client sends, and what it makes of a good answer."""

import base64
import re
import socket
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request

from zoomauth.client import Deadline, MeetingChanges, MeetingDraft, ZoomClient, ZoomUser
from zoomauth.errors import (
    ZoomAccessTokenRejected,
    ZoomAnswerInvalid,
    ZoomCredentialsRejected,
    ZoomInputRefused,
    ZoomTimeout,
)

TOKEN = "access-token"
CREDENTIALS = {"account_id": "acme-account", "client_id": "acme", "client_secret": "s3cret"}
STARTS_AT = datetime(2026, 5, 4, 11, 30, tzinfo=timezone(timedelta(hours=2)))
DRAFT = MeetingDraft(
    topic="Physics",
    starts_at=STARTS_AT,
    duration_minutes=45,
    timezone="Europe/Berlin",
    passcode="planted-passcode",
    alternative_hosts=("bob@acme.example", "mia@acme.example"),
)
GRANT = {"access_token": "planted-token", "token_type": "bearer", "expires_in": 3600}
MEETING: dict[str, Any] = {
    "id": 12345678901,
    "uuid": "a/b+c==",
    "host_id": "alice-id",
    "host_email": "alice@acme.example",
    "topic": "Physics",
    "start_time": "2026-05-04T09:30:00Z",
    "duration": 45,
    "password": "planted-passcode",
    "join_url": "https://acme.zoom.us/j/12345678901?pwd=planted",
    "start_url": "https://acme.zoom.us/s/12345678901?zak=planted",
}
USER = {"id": "u1", "email": "a@acme.example", "display_name": "A", "type": 2, "status": "active"}


@pytest.fixture
def client(httpserver: HTTPServer) -> ZoomClient:
    root = f"http://127.0.0.1:{httpserver.port}"
    return ZoomClient(
        api_url=f"{root}/v2",
        oauth_url=f"{root}/oauth/token",
        connect_timeout=2.0,
        read_timeout=2.0,
        deadline=Deadline.after(10),
    )


def answer(httpserver: HTTPServer, body: Any, status: int = 200) -> None:
    expected = httpserver.expect_request(re.compile(".*"))
    if status == 204:
        expected.respond_with_data("", status=204)
    else:
        expected.respond_with_json(body, status=status)


def sent(httpserver: HTTPServer) -> Request:
    ((request, _response),) = httpserver.log
    return request


# --- request_access_token


def test_token_is_asked_for_in_the_body(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, GRANT)
    client.request_access_token(**CREDENTIALS)
    request = sent(httpserver)
    assert (request.method, request.path, request.query_string) == ("POST", "/oauth/token", b"")
    assert request.form.to_dict() == {
        "grant_type": "account_credentials",
        "account_id": "acme-account",
    }


def test_token_is_asked_for_with_basic_auth(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, GRANT)
    client.request_access_token(**CREDENTIALS)
    pair = base64.b64encode(b"acme:s3cret").decode()
    assert sent(httpserver).headers["Authorization"] == f"Basic {pair}"


def test_token_comes_with_its_life_and_scopes(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {**GRANT, "scope": "user:read:token:admin meeting:write:meeting:admin"})
    got = client.request_access_token(**CREDENTIALS)
    assert (got.access_token, got.expires_in) == ("planted-token", 3600)
    assert got.scopes == ("user:read:token:admin", "meeting:write:meeting:admin")
    assert "planted" not in repr(got)


@pytest.mark.parametrize("life", [0, -1, 86_401, 10**30, True, None, "3600", 3600.0, float("nan")])
def test_absurd_life_of_a_token_is_refused(
    client: ZoomClient, httpserver: HTTPServer, life: Any
) -> None:
    answer(httpserver, {**GRANT, "expires_in": life})
    with pytest.raises(ZoomAnswerInvalid):
        client.request_access_token(**CREDENTIALS)


@pytest.mark.parametrize("token", ["", None, 5, "two words", "line\nbreak", "clé", "\ud800"])
def test_unusable_access_token_is_refused(
    client: ZoomClient, httpserver: HTTPServer, token: Any
) -> None:
    answer(httpserver, {**GRANT, "access_token": token})
    with pytest.raises(ZoomAnswerInvalid):
        client.request_access_token(**CREDENTIALS)


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("value", ["", "with space", "line\r\nbreak", "clé", "\ud800"])
def test_impossible_credentials_are_not_sent(
    client: ZoomClient, httpserver: HTTPServer, name: str, value: str
) -> None:
    with pytest.raises(ZoomCredentialsRejected):
        client.request_access_token(**{**CREDENTIALS, name: value})
    assert httpserver.log == []


# --- fetch_user_zak


def test_zak_is_fetched_with_type_and_ttl(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"token": "planted-zak"})
    client.fetch_user_zak(access_token=TOKEN, zoom_user_id="alice-id", ttl_seconds=60)
    request = sent(httpserver)
    assert (request.method, request.path) == ("GET", "/v2/users/alice-id/token")
    assert request.args.to_dict() == {"type": "zak", "ttl": "60"}
    assert request.headers["Authorization"] == "Bearer access-token"


def test_zak_lives_two_hours_unless_told(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"token": "planted-zak"})
    client.fetch_user_zak(access_token=TOKEN, zoom_user_id="alice-id")
    assert sent(httpserver).args["ttl"] == "7200"


def test_zak_does_not_show_itself(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"token": "planted-zak"})
    zak = client.fetch_user_zak(access_token=TOKEN, zoom_user_id="alice-id")
    assert zak.token == "planted-zak"
    assert "planted" not in f"{zak!r} {zak}"


@pytest.mark.parametrize("token", ["", None, 5, [], {"a": 1}, " ", "a b"])
def test_empty_zak_is_refused(client: ZoomClient, httpserver: HTTPServer, token: Any) -> None:
    answer(httpserver, {"token": token})
    with pytest.raises(ZoomAnswerInvalid):
        client.fetch_user_zak(access_token=TOKEN, zoom_user_id="alice-id")


def test_user_is_quoted_in_the_path(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"token": "planted-zak"})
    client.fetch_user_zak(access_token=TOKEN, zoom_user_id="a/../b?c#d%2F@acme.example")
    path = sent(httpserver).environ["RAW_URI"].partition("?")[0]
    assert path == "/v2/users/a%2F..%2Fb%3Fc%23d%252F%40acme.example/token"


@pytest.mark.parametrize("user", ["", "me", ".", "..", "a b", "a\r\nb", "é"])
def test_what_is_no_user_is_not_asked_for(
    client: ZoomClient, httpserver: HTTPServer, user: str
) -> None:
    with pytest.raises(ZoomInputRefused) as caught:
        client.fetch_user_zak(access_token=TOKEN, zoom_user_id=user)
    assert [problem.field for problem in caught.value.fields] == ["zoom_user_id"]
    assert httpserver.log == []


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "é", "\ud800"])
def test_impossible_access_token_is_not_sent(
    client: ZoomClient, httpserver: HTTPServer, token: str
) -> None:
    with pytest.raises(ZoomAccessTokenRejected):
        client.fetch_user_zak(access_token=token, zoom_user_id="alice-id")
    assert httpserver.log == []


# --- meetings


def test_meeting_is_created_as_drafted(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, MEETING, 201)
    client.create_meeting(access_token=TOKEN, zoom_user_id="alice-id", draft=DRAFT)
    request = sent(httpserver)
    assert (request.method, request.path) == ("POST", "/v2/users/alice-id/meetings")
    assert request.json == {
        "type": 2,
        "topic": "Physics",
        "start_time": "2026-05-04T09:30:00Z",
        "duration": 45,
        "timezone": "Europe/Berlin",
        "password": "planted-passcode",
        "settings": {"alternative_hosts": "bob@acme.example;mia@acme.example"},
    }


def test_created_meeting_is_read_whole(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, MEETING, 201)
    meeting = client.create_meeting(access_token=TOKEN, zoom_user_id="alice-id", draft=DRAFT)
    assert (meeting.meeting_number, meeting.uuid) == (12345678901, "a/b+c==")
    assert (meeting.host_id, meeting.host_email) == ("alice-id", "alice@acme.example")
    assert (meeting.topic, meeting.duration_minutes) == ("Physics", 45)
    assert meeting.starts_at == STARTS_AT
    assert meeting.passcode == "planted-passcode"
    assert meeting.join_url.endswith("?pwd=planted")
    assert meeting.start_url.endswith("?zak=planted")


def test_meeting_hides_passcode_and_links(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, MEETING)
    meeting = client.get_meeting(access_token=TOKEN, meeting_number=12345678901)
    assert "planted" not in f"{meeting!r} {DRAFT!r} {MeetingChanges(passcode='planted')!r}"


def test_meeting_is_got_by_number(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, MEETING)
    client.get_meeting(access_token=TOKEN, meeting_number=12345678901)
    request = sent(httpserver)
    assert (request.method, request.path) == ("GET", "/v2/meetings/12345678901")


def test_meeting_without_a_date_has_none(client: ZoomClient, httpserver: HTTPServer) -> None:
    kept = {key: MEETING[key] for key in ("id", "join_url")}
    answer(httpserver, kept)
    meeting = client.get_meeting(access_token=TOKEN, meeting_number=12345678901)
    assert (meeting.starts_at, meeting.duration_minutes, meeting.passcode) == (None, 0, "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", None),
        ("id", "12345678901"),
        ("id", True),
        ("id", 0),
        ("id", 2**63),
        ("id", 1.5),
        ("uuid", 7),
        ("topic", ["x"]),
        ("start_time", "tomorrow"),
        ("start_time", 5),
        ("start_time", "9999-12-31T23:59:59-10:00"),
        ("duration", "45"),
        ("duration", -1),
        ("password", 123456),
        ("join_url", None),
        ("join_url", "javascript:alert(1)"),
        ("start_url", "https://zoom.us/s/1\r\nX: 1"),
    ],
)
def test_meeting_of_another_shape_is_refused(
    client: ZoomClient, httpserver: HTTPServer, key: str, value: Any
) -> None:
    answer(httpserver, {**MEETING, key: value})
    with pytest.raises(ZoomAnswerInvalid):
        client.get_meeting(access_token=TOKEN, meeting_number=12345678901)


def test_half_an_emoji_does_not_spoil_a_topic(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {**MEETING, "topic": "Physics \ud83d\x00"})
    meeting = client.get_meeting(access_token=TOKEN, meeting_number=12345678901)
    assert meeting.topic == "Physics "


def test_update_sends_only_what_changes(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, None, 204)
    changes = MeetingChanges(topic="Chemistry", alternative_hosts=())
    client.update_meeting(access_token=TOKEN, meeting_number=12345678901, changes=changes)
    request = sent(httpserver)
    assert (request.method, request.path) == ("PATCH", "/v2/meetings/12345678901")
    assert request.json == {"topic": "Chemistry", "settings": {"alternative_hosts": ""}}


def test_update_by_draft_sends_all_of_it(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, None, 204)
    client.update_meeting(access_token=TOKEN, meeting_number=12345678901, changes=DRAFT)
    body = sent(httpserver).json
    assert body is not None
    assert set(body) == {"topic", "start_time", "duration", "timezone", "password", "settings"}


def test_delete_names_the_meeting(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, None, 204)
    client.delete_meeting(access_token=TOKEN, meeting_number=12345678901)
    request = sent(httpserver)
    assert (request.method, request.path) == ("DELETE", "/v2/meetings/12345678901")


def test_end_puts_the_status(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, None, 204)
    client.end_meeting(access_token=TOKEN, meeting_number=12345678901)
    request = sent(httpserver)
    assert (request.method, request.path) == ("PUT", "/v2/meetings/12345678901/status")
    assert request.json == {"action": "end"}


@pytest.mark.parametrize("hosts", [("",), ("a@x.example;b@x.example",)])
def test_draft_takes_one_address_for_each_host(hosts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="one e-mail address"):
        MeetingChanges(alternative_hosts=hosts)


def test_draft_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        MeetingChanges(starts_at=STARTS_AT.replace(tzinfo=None))


# --- users


def test_user_is_got_by_email(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, USER)
    user = client.get_user(access_token=TOKEN, id_or_email="a@acme.example")
    assert user == ZoomUser(
        id="u1", email="a@acme.example", display_name="A", type=2, status="active"
    )
    assert sent(httpserver).path == "/v2/users/a@acme.example"


def test_user_without_display_name_has_both_names(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    answer(httpserver, {**USER, "display_name": "", "first_name": "Ann", "last_name": "Ash"})
    assert client.get_user(access_token=TOKEN, id_or_email="u1").display_name == "Ann Ash"


def test_creating_a_user_asks_for_a_licensed_one_without_a_sign_in(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    answer(httpserver, {"id": "u9", "email": "n@isv.example", "type": 2}, 201)
    made = client.create_user(access_token=TOKEN, email="n@isv.example", display_name="Nora N")
    request = sent(httpserver)
    assert (request.method, request.path) == ("POST", "/v2/users")
    assert request.json == {
        "action": "custCreate",
        "user_info": {"email": "n@isv.example", "type": 2, "display_name": "Nora N"},
    }
    assert (made.id, made.type, made.status) == ("u9", 2, "active")


def test_a_created_user_without_an_id_may_be_there_all_the_same(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    answer(httpserver, {"email": "n@isv.example", "type": 2}, 201)
    with pytest.raises(ZoomAnswerInvalid) as caught:
        client.create_user(access_token=TOKEN, email="n@isv.example", display_name="Nora N")
    assert (caught.value.outcome_unknown, caught.value.retryable) == (True, False)


def test_list_always_names_the_status(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"users": [], "next_page_token": ""})
    client.list_users(access_token=TOKEN)
    assert sent(httpserver).args.to_dict() == {"status": "active", "page_size": "300"}


def test_list_asks_for_the_next_page(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"users": []})
    client.list_users(access_token=TOKEN, status="inactive", page_size=50, next_page_token="p+2")
    expected = {"status": "inactive", "page_size": "50", "next_page_token": "p+2"}
    assert sent(httpserver).args.to_dict() == expected


def test_list_gives_users_and_the_next_page(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"users": [USER, {**USER, "id": "u2"}], "next_page_token": "p2"})
    page = client.list_users(access_token=TOKEN)
    assert ([user.id for user in page.users], page.next_page_token) == (["u1", "u2"], "p2")


def test_pending_user_may_lack_an_id(client: ZoomClient, httpserver: HTTPServer) -> None:
    answer(httpserver, {"users": [{"email": "new@acme.example", "type": 1}]})
    (user,) = client.list_users(access_token=TOKEN, status="pending").users
    assert (user.id, user.status) == ("", "pending")


@pytest.mark.parametrize("users", [None, {}, "x", [None], [[]], [{}], [{**USER, "type": "2"}]])
def test_list_of_another_shape_is_refused(
    client: ZoomClient, httpserver: HTTPServer, users: Any
) -> None:
    answer(httpserver, {"users": users})
    with pytest.raises(ZoomAnswerInvalid):
        client.list_users(access_token=TOKEN)


# --- the connection


def test_proxy_of_the_environment_is_not_used(
    client: ZoomClient, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    answer(httpserver, USER)
    assert client.get_user(access_token=TOKEN, id_or_email="u1").id == "u1"


def test_cookies_are_not_kept(client: ZoomClient, httpserver: HTTPServer) -> None:
    everything = httpserver.expect_request(re.compile(".*"))
    everything.respond_with_json(USER, headers={"Set-Cookie": "zoom=1; Path=/"})
    client.get_user(access_token=TOKEN, id_or_email="u1")
    client.get_user(access_token=TOKEN, id_or_email="u1")
    assert [request.headers.get("Cookie") for request, _ in httpserver.log] == [None, None]


def test_clients_share_one_connection() -> None:
    body = b'{"token": "planted-zak"}'
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    peers: list[Any] = []

    def serve() -> None:
        connection, peer = listener.accept()
        peers.append(peer)
        with connection:
            while connection.recv(65536):
                connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for _ in range(3):
            client = ZoomClient(url, url, 2.0, 2.0, Deadline.after(5))
            client.fetch_user_zak(access_token=TOKEN, zoom_user_id="alice-id")
    assert len(peers) == 1


# --- the deadline


def test_deadline_counts_down_to_zero() -> None:
    now = [100.0]
    deadline = Deadline.after(8, clock=lambda: now[0])
    left = [deadline.remaining()]
    for now[0] in (105.0, 108.0, 200.0):
        left.append(deadline.remaining())
    assert left == [8.0, 3.0, 0.0, 0.0]


def test_nothing_is_asked_after_the_deadline(client: ZoomClient, httpserver: HTTPServer) -> None:
    late = ZoomClient(client.api_url, client.oauth_url, 2.0, 2.0, Deadline.after(0))
    with pytest.raises(ZoomTimeout) as caught:
        late.create_meeting(access_token=TOKEN, zoom_user_id="alice-id", draft=DRAFT)
    assert caught.value.outcome_unknown is False
    assert httpserver.log == []


def test_start_time_is_sent_in_whole_seconds_of_utc(
    client: ZoomClient, httpserver: HTTPServer
) -> None:
    answer(httpserver, None, 204)
    changes = MeetingChanges(starts_at=datetime(2026, 5, 4, 9, 30, 1, 999, tzinfo=UTC))
    client.update_meeting(access_token=TOKEN, meeting_number=12345678901, changes=changes)
    assert sent(httpserver).json == {"start_time": "2026-05-04T09:30:01Z"}
