"""The way to identity providers: to public addresses over TLS, with limits, and no further.

An organization's admin names the issuer, and the issuer names the other addresses, so none of them
is to be trusted: they must not lead into the network the portal runs in.
"""

import contextlib
import contextvars
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
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
_BrokenOff: Final = requests.exceptions.ChunkedEncodingError
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(requests.ConnectionError):
    """The portal does not speak to this address."""


class AnswerTooLarge(requests.RequestException):
    """More than anything a provider has to say."""


class Unreachable(requests.ConnectionError):
    """The provider is not there, or does not answer in time."""


class NoAnswer(Exception):
    """The provider does not answer as it should."""


@dataclass
class Asking:
    """What is asked of a provider within one deadline, and whether an answer stayed away."""

    until: float
    stayed_away: bool = False
    socket: Any = None

    def left(self, most: float) -> float:
        """Seconds for the next wait. Raises TimeoutError once the deadline has passed."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("The deadline has passed")
        return min(left, most)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Cut the connection at the deadline: the timeouts of reads do not stop one that drips."""
        watchdog = threading.Timer(self.left(ANSWER_SECONDS), self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _cut(self) -> None:
        with contextlib.suppress(OSError, TypeError):
            # Not the TLS socket's own way, which waits for the other side.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


_asking: contextvars.ContextVar[Asking] = contextvars.ContextVar("provider_asking")


@contextlib.contextmanager
def within(seconds: float) -> Iterator[Asking]:
    """Whatever is asked in this block is over after so many seconds, all of it together."""
    asking = Asking(time.monotonic() + seconds)
    token = _asking.set(asking)
    try:
        yield asking
    finally:
        _asking.reset(token)


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
    """The object that `url` answers with. Raises `NoAnswer` and `Unreachable`."""
    try:
        with make_session() as session:
            response = session.get(url, headers=headers)
            response.raise_for_status()
            found = response.json()
    except Unreachable:
        raise
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
        asking = _asking.get(None)
        if asking is None:
            with within(ANSWER_SECONDS):
                return self.send(request, *args, **kwargs)
        try:
            waits = (asking.left(CONNECT_SECONDS), asking.left(READ_SECONDS))
            kwargs |= {"stream": True, "timeout": waits, "proxies": None}
            with asking.watched():
                response = super().send(request, **kwargs)
                if response.is_redirect:
                    response.close()
                    raise AddressRefused("Identity providers are not followed to other addresses.")
                response._content = _read(response)
            response._content_consumed = True  # type: ignore[attr-defined]
            # What was cut off may look like an end.
            asking.left(READ_SECONDS)
        except AddressRefused:
            raise
        except (requests.ConnectionError, requests.Timeout, _BrokenOff, TimeoutError) as error:
            if _is_inward(error):
                raise AddressRefused("Not a public address.") from None
            asking.stayed_away = True
            host = urlsplit(request.url or "").hostname
            raise Unreachable(f"No answer from {host}: {type(error).__name__}") from None
        return response


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    try:
        for chunk in response.iter_content(16 * 1024):
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise AnswerTooLarge("The answer is too large.")
    finally:
        response.close()
    return bytes(content)


class _Inward(urllib3.exceptions.NewConnectionError):
    """The name leads to an address that is not public."""


def _is_inward(error: Exception) -> bool:
    """requests and urllib3 wrap what the connection raised."""
    return isinstance(getattr(error.args[0], "reason", None) if error.args else None, _Inward)


class _Connection(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        asking = _asking.get()
        asking.socket = self.sock
        # It may have passed before there was a socket to cut.
        asking.left(READ_SECONDS)

    def _new_conn(self) -> socket.socket:
        """Connect to the very address that was checked, so that a second look-up cannot differ."""
        asking = _asking.get()
        addresses = [str(answer[4][0]) for answer in self._look_up(asking.left(CONNECT_SECONDS))]
        if not all(_may_connect(address, self.host) for address in addresses):
            raise _Inward(self, "Not a public address")
        for address in addresses[:_ADDRESSES_TRIED]:
            wait = asking.left(CONNECT_SECONDS)
            with contextlib.suppress(OSError):
                made = socket.create_connection((address, self.port), wait)
                # For the whole TLS handshake.
                made.settimeout(asking.left(CONNECT_SECONDS))
                return made
        raise urllib3.exceptions.NewConnectionError(self, "No connection")

    def _look_up(self, seconds: float) -> list[Any]:
        """The addresses of the host. In a thread, because getaddrinfo() takes no timeout."""
        found: list[list[Any]] = []

        def ask() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                found.append(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))

        thread = threading.Thread(target=ask, name="provider-look-up", daemon=True)
        thread.start()
        thread.join(seconds)
        return found[0] if found else []


class _TLSConnection(_Connection, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection
