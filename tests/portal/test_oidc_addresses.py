"""Where the portal goes when an admin names an issuer: never into its own network."""

import socket
import threading
from typing import Any

import pytest
import requests
from django.core.exceptions import ValidationError

from portal.identity import wire
from portal.identity.issuers import clean_issuer
from portal.identity.wire import (
    AddressRefused,
    NoAnswer,
    Unreachable,
    fetch_json,
    make_session,
    may_be_asked,
)

INWARD = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "10.0.0.1", "172.16.0.1",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]",
    "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a00:1]",
    "[64:ff9b::a9fe:a9fe]", "[2002:a00:1::]", "[2002:7f00:1::]", "[ff02::1]", "[2001:db8::1]",
    "[fec0::1]", "[::a00:1]", "[64:ff9b:1::a00:1]", "[::ffff:0:a00:1]", "[2001::1]",
    "localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", INWARD)
def test_an_inward_address_is_never_connected_to(host: str) -> None:
    with pytest.raises(requests.ConnectionError):
        make_session().get(f"https://{host}/")


INSIDE_IPV6 = ["fec0::1", "::a00:1", "64:ff9b:1::a00:1", "::ffff:0:10.0.0.1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize("address", INSIDE_IPV6)
def test_an_ipv6_address_that_may_lead_inward_is_refused(address: str) -> None:
    """Asked of the rule itself: this machine may have no way to these."""
    assert not wire._may_connect(address, "login.example")


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    assert wire._may_connect(address, "login.example")


def test_a_name_that_leads_inward_is_refused(monkeypatch: Any) -> None:
    """Of several addresses all must be public, else the choice between them is the attacker's."""
    real = socket.getaddrinfo
    found = [*real("1.1.1.1", 443, type=socket.SOCK_STREAM), *real("10.0.0.1", 443)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    connected: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args: connected.append(args))
    with pytest.raises(requests.ConnectionError):
        make_session().get("https://login.example/")
    assert connected == []


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: Any) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    real, asked, connected = socket.getaddrinfo, [], []

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        return real("1.1.1.1" if len(asked) == 1 else "127.0.0.1", 443, type=socket.SOCK_STREAM)

    def connect(address: Any, timeout: float) -> Any:
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(requests.ConnectionError):
        make_session().get("https://rebinding.example/")
    assert asked == ["rebinding.example"]
    assert connected == [("1.1.1.1", 443)]


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example", "ftp://login.example", "file:///etc/passwd", "//login.example",
        "https://", "https://user@login.example", "https://user:word@login.example", "", "login",
        "https://login.example:0/", "https://login.example:99999/", "gopher://login.example",
        "http://localhost:9000", "http://127.0.0.1", "https://[",
    ],
)  # fmt: skip
def test_only_https_is_an_issuer(url: str) -> None:
    assert not may_be_asked(url)
    with pytest.raises(ValidationError):
        clean_issuer(url)


def test_an_issuer_keeps_its_spelling() -> None:
    assert (
        clean_issuer(" https://Login.example/realms/acme/ ") == "https://Login.example/realms/acme/"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example/.well-known/openid-configuration",
        "https://login.example/?x=1",
        "https://login.example/#x",
    ],
)
def test_more_than_an_issuer_is_none(url: str) -> None:
    with pytest.raises(ValidationError):
        clean_issuer(url)


def test_the_developers_own_machine_is_open_to_developers_only(settings: Any) -> None:
    assert not may_be_asked("http://localhost:9000")
    settings.OIDC_ON_LOOPBACK = True
    assert may_be_asked("http://localhost:9000")
    assert not may_be_asked("http://192.168.1.1")


def test_a_redirect_is_not_followed(httpserver: Any, settings: Any) -> None:
    settings.OIDC_ON_LOOPBACK = True
    httpserver.expect_request("/").respond_with_data(
        status=302, headers={"Location": "http://169.254.169.254/"}
    )
    with pytest.raises(AddressRefused):
        make_session().get(f"http://localhost:{httpserver.port}/")


def test_an_endless_answer_is_cut_off(httpserver: Any, settings: Any) -> None:
    settings.OIDC_ON_LOOPBACK = True
    httpserver.expect_request("/").respond_with_data(b"x" * (wire.LARGEST_ANSWER + 1))
    with pytest.raises(NoAnswer):
        fetch_json(f"http://localhost:{httpserver.port}/")


def test_a_dripping_answer_is_cut_off(settings: Any, monkeypatch: Any) -> None:
    settings.OIDC_ON_LOOPBACK = True
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()
        thread = threading.Thread(target=_drip, args=(server, done))
        thread.start()
        with pytest.raises(Unreachable):
            fetch_json(f"http://127.0.0.1:{server.getsockname()[1]}/")
        done.set()
        thread.join(5)


def _drip(server: socket.socket, done: threading.Event) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not done.wait(0.05):
            try:
                connection.sendall(b"x")
            except OSError:
                return
