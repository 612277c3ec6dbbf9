"""The way to identity providers: to public addresses over TLS, with limits, and no further.

An organization's admin names the issuer, and the issuer names the other addresses, so none of them
is to be trusted: they must not lead into the network the portal runs in.
"""

import contextlib
import ipaddress
import socket
import threading
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 512 * 1024
_ADDRESSES_TRIED: Final = 2
_PUBLIC_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(requests.ConnectionError):
    """The portal does not speak to this address."""


class NoAnswer(Exception):
    """The provider does not answer as it should."""


def make_session() -> requests.Session:
    """A session for allauth that keeps to the rules of this module."""
    session = requests.Session()
    # No proxies from the environment, no .netrc.
    session.trust_env = False
    session.max_redirects = 0
    adapter = _GuardedAdapter(max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def fetch_json(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The object that `url` answers with. Raises `NoAnswer`."""
    try:
        with make_session() as session:
            response = session.get(url, headers=headers)
            response.raise_for_status()
            found = response.json()
    except (requests.RequestException, RecursionError, ValueError):
        # Without the cause: its request may hold a token.
        raise NoAnswer(f"No usable answer from {urlsplit(url).hostname}.") from None
    if not isinstance(found, dict):
        raise NoAnswer(f"No usable answer from {urlsplit(url).hostname}.")
    return found


def may_be_asked(url: str) -> bool:
    """Whether the portal may speak to this address at all, as far as its text tells."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or port == 0:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_own_loopback(host))


def _is_own_loopback(host: str) -> bool:
    """A provider on this very machine, for developing."""
    return settings.OIDC_ON_LOOPBACK and host in ("localhost", "127.0.0.1", "::1")


def _may_connect(address: str, host: str) -> bool:
    ip = _destination(ipaddress.ip_address(address))
    if ip is None:
        return False
    if ip.is_loopback:
        return _is_own_loopback(host)
    return ip.is_global and not ip.is_multicast


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _destination(ip: _Address) -> _Address | None:
    """Where a packet to this address goes in the end; None if that cannot be public.

    ::ffff:10.0.0.1, 2002:a00:1:: and 64:ff9b::a00:1 carry an IPv4 address inside. Other forms do,
    too (::a00:1, ::ffff:0:a00:1, 64:ff9b:1::a00:1), and some are private without saying so to
    `is_global` (fec0::1). So besides these three only what the registries give out is public.
    """
    if isinstance(ip, ipaddress.IPv4Address) or ip.is_loopback:
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    inner = ip.ipv4_mapped or ip.sixtofour
    return inner or (ip if ip in _PUBLIC_IPV6 else None)


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if not may_be_asked(request.url or ""):
            raise AddressRefused("Not an address of an identity provider.")
        kwargs |= {"stream": True, "timeout": (CONNECT_SECONDS, READ_SECONDS), "proxies": None}
        response = super().send(request, **kwargs)
        if response.is_redirect:
            response.close()
            raise AddressRefused("Identity providers are not followed to other addresses.")
        response._content = _read(response)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    try:
        for chunk in response.iter_content(16 * 1024):
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise requests.ConnectionError("The answer is too large.")
    finally:
        response.close()
    return bytes(content)


class _Connection(urllib3.connection.HTTPConnection):
    _watchdog: threading.Timer | None = None

    def connect(self) -> None:
        """One request each, and an end to it: the timeouts of reads do not stop one that drips."""
        self._watchdog = threading.Timer(ANSWER_SECONDS, self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()
        super().connect()

    def close(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
        super().close()

    def _cut(self) -> None:
        with contextlib.suppress(OSError, AttributeError, TypeError):
            # Not the TLS socket's own way, which waits for the other side.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _new_conn(self) -> socket.socket:
        """Connect to the very address that was checked, so that a second look-up cannot differ."""
        addresses = [str(answer[4][0]) for answer in self._look_up()]
        if not all(_may_connect(address, self.host) for address in addresses):
            raise urllib3.exceptions.NewConnectionError(self, "Not a public address")
        for address in addresses[:_ADDRESSES_TRIED]:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, self.port), CONNECT_SECONDS)
        raise urllib3.exceptions.NewConnectionError(self, "No connection")

    def _look_up(self) -> list[Any]:
        """The addresses of the host. In a thread, because getaddrinfo() takes no timeout."""
        found: list[list[Any]] = []

        def ask() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                found.append(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))

        thread = threading.Thread(target=ask, name="provider-look-up", daemon=True)
        thread.start()
        thread.join(CONNECT_SECONDS)
        return found[0] if found else []


class _TLSConnection(_Connection, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection
