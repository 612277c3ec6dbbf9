"""A load generator that costs next to nothing: ``python -m benchmarks.load``, a process of its own.

Keep-alive connections on one selector, hand-made requests, and of an answer only its status and
length are read: some twenty microseconds a request, so that what is measured is the server. The
plan comes as JSON on standard input, what was measured goes to standard output as JSON.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Client:
    """One connection in a closed loop: the next request goes out when the answer is in."""

    socket: socket.socket
    turn: int
    sent_at: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


def run(
    port: int, requests: list[str], clients: int, warm_up: float, seconds: float
) -> dict[str, object]:
    """Latencies in seconds of what was sent after the warm-up, and the answers by status.

    Every client takes the requests in turn, each beginning with another. They set out a tenth of a
    second apart in all: a crowd released at one instant would stay a crowd for the whole run.
    """
    wire = [text.encode() for text in requests]
    selector = selectors.DefaultSelector()
    waiting = [_connect(port, selector, number) for number in range(clients)]
    latencies: list[float] = []
    statuses: dict[str, int] = {}
    begin = now = time.perf_counter()
    while now < begin + warm_up + seconds:
        if waiting and now >= begin + 0.1 * (clients - len(waiting)) / clients:
            _send(waiting.pop(), wire, now)
        for key, _ in selector.select(0.0001 if waiting else 1.0):
            client: Client = key.data
            status = _read_answer(client)
            if status is None:
                continue
            now = time.perf_counter()
            statuses[status] = statuses.get(status, 0) + 1
            if client.sent_at >= begin + warm_up:
                latencies.append(now - client.sent_at)
            _send(client, wire, now)
        now = time.perf_counter()
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return {"latencies": latencies, "statuses": statuses}


def _connect(port: int, selector: selectors.BaseSelector, number: int) -> Client:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = Client(connection, number)
    selector.register(connection, selectors.EVENT_READ, client)
    return client


def _send(client: Client, wire: list[bytes], now: float) -> None:
    client.sent_at = now
    client.socket.sendall(wire[client.turn % len(wire)])
    client.turn += 1


def _read_answer(client: Client) -> str | None:
    """The status of the answer, once it is complete."""
    received = client.socket.recv(65536)
    if not received:
        raise ConnectionError("the server closed a connection in the middle of the run")
    client.buffer += received
    head, found, body = client.buffer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    if not found or len(body) < length:
        return None
    client.buffer.clear()
    return head[9:12].decode()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(**json.load(sys.stdin))))
