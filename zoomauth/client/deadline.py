"""The deadline of a piece of work, and connections that keep it.

requests' timeouts hold for one read of the socket, and none holds for the name look-up: a peer
that drips bytes, or a name server that is silent, outlasts them all. So these connections cut
every single wait, be it for a name, a connection or a byte, to what is left of the deadline.
"""

import contextlib
import contextvars
import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import urllib3


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


# Entered once there is a connection, left as soon as the request is on its way. What it raises is
# raised to the caller, and nothing is sent.
Gate = Callable[[], contextlib.AbstractContextManager[None]]


class _Withheld(OSError):
    """Nothing leaves: the gate did not open, as `Exchange.withheld_by` says, or too late."""


@dataclass
class Exchange:
    """One request under its deadline, and whether Zoom may have seen any of it."""

    deadline: Deadline
    gate: Gate = contextlib.nullcontext
    was_sent: bool = False
    withheld_by: Exception | None = None
    # The gate took what was left of the deadline: nothing of it is Zoom's doing.
    was_kept_waiting: bool = False

    def enter_gate(self, stack: contextlib.ExitStack) -> None:
        """Here and not in `send`, so that the frames of what is raised hold no request."""
        try:
            stack.enter_context(self.gate())
        except Exception as error:  # noqa: BLE001 - raised again by `wire.ask`
            self.withheld_by = error
            raise _Withheld from None
        if self.deadline.remaining() <= 0:
            self.was_kept_waiting = True
            raise _Withheld

    def cut(self, timeout: float | None) -> float:
        """The timeout for the next wait. Raises TimeoutError once the deadline has passed."""
        remaining = self.deadline.remaining()
        if remaining <= 0:
            raise TimeoutError("The deadline has passed")
        return remaining if timeout is None else min(timeout, remaining)


_exchange: contextvars.ContextVar[Exchange] = contextvars.ContextVar("zoom_exchange")


@contextlib.contextmanager
def exchange_until(deadline: Deadline, gate: Gate) -> Iterator[Exchange]:
    """What the connections below do inside this block, they do for this one exchange."""
    exchange = Exchange(deadline, gate)
    token = _exchange.set(exchange)
    try:
        yield exchange
    finally:
        _exchange.reset(token)


def seconds_left(most: float) -> float:
    """How long something in a gate may last: what is left to the exchange, and not above `most`."""
    exchange = _exchange.get(None)
    return most if exchange is None else min(most, exchange.deadline.remaining())


class _Reader(io.RawIOBase):
    """The receiving side of a socket: every read is one wait of its own."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._timeout = sock.gettimeout()  # the read timeout, which urllib3 has just set

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_exchange.get().cut(self._timeout))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        exchange = _exchange.get()
        failure = OSError("The name has no address")
        for family, kind, protocol, _, address in self._look_up(exchange.cut(self.timeout)):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(exchange.cut(self.timeout))
                sock.connect(address)
                sock.settimeout(exchange.cut(self.timeout))  # for the whole TLS handshake
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def _look_up(self, seconds: float) -> list[Any]:
        """The addresses of the host. In a thread, because getaddrinfo() takes no timeout."""
        answers: list[list[Any]] = []

        def ask() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                kind = socket.SOCK_STREAM
                answers.append(socket.getaddrinfo(self._dns_host, self.port, type=kind))

        thread = threading.Thread(target=ask, name="zoom-look-up", daemon=True)
        thread.start()
        thread.join(seconds)
        return answers[0] if answers else []

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        exchange = _exchange.get()
        with contextlib.ExitStack() as stack:
            if not exchange.was_sent:
                exchange.enter_gate(stack)
            exchange.was_sent = True
            super().send(data)


class _TLSConnection(_Connection, urllib3.connection.HTTPSConnection):
    pass


class HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection
