"""A load generator that costs next to nothing: ``python -m benchmarks.load``, a process of its own.

All clients on one selector, hand-made requests, and of an answer only its status, its length and
one word are looked at: some fifty microseconds a request, so that what is measured is the server.
The plan (`Plan`) comes as JSON on standard input, what was measured goes to standard output as
JSON.
"""

import json
import math
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# No answer after this long is a failed answer.
PATIENCE = 60.0


@dataclass(frozen=True)
class Plan:
    """What to send where, for how long.

    `close`: a new connection for each request, as gunicorn's threads take those that are kept open
    unevenly. `contains`: what every good answer has in it. `shots`: how often each client asks, all
    at one instant, in a run that ends with the last answer; 0 for a closed loop of `seconds`.
    """

    port: int
    requests: list[str]
    clients: int
    warm_up: float = 0.0
    seconds: float = 0.0
    close: bool = False
    contains: str = ""
    shots: int = 0


@dataclass(frozen=True)
class Measured:
    """Latencies in seconds of the good answers that count; every answer by its status.

    The status of an answer without the expected content is `wrong`, of none at all `none`.
    """

    latencies: list[float]
    statuses: dict[str, int]
    seconds: float

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        return sorted(self.latencies)[int(0.99 * (len(self.latencies) - 1))]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status[0] != "2")


def measure(plan: Plan) -> Measured:
    """Run the plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE + plan.warm_up + plan.seconds + 10,
        check=True,
    )
    return Measured(**json.loads(done.stdout))


@dataclass
class _Client:
    """One person, who asks again when the answer is in."""

    turn: int
    line: socket.socket | None = None
    asked: int = 0
    sent_at: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


class _Run:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.wire = [text.encode() for text in plan.requests]
        self.word = plan.contains.encode()
        self.selector = selectors.DefaultSelector()
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()

    def go(self) -> Measured:
        """Closed loops until the time is over, or until every client has had its shots.

        What counts is answered from the warm-up's end on, which is not before every client has had
        an answer. In the end all answers are waited for: what a side has left to do would be done
        at the next side's expense.
        """
        plan = self.plan
        waiting = [_Client(turn) for turn in range(plan.clients)]
        # A crowd released at one instant would stay a crowd for the whole run.
        spread = 0.0 if plan.shots else 0.1
        self.begin = now = time.perf_counter()
        self.counts_from, self.stops_at = (now if plan.shots else math.inf), math.inf
        self.fresh = plan.clients
        patience = now + PATIENCE + plan.warm_up + plan.seconds
        while now < patience and (waiting or self.selector.get_map()):
            done = plan.clients - len(waiting)
            while waiting and now >= self.begin + spread * done / plan.clients:
                self._ask(waiting.pop())
                done += 1
            for key, _ in self.selector.select(0.0001 if waiting else 1.0):
                self._hear(key.data)
            now = time.perf_counter()
            if self.counts_from == math.inf and not self.fresh and now >= self.begin + plan.warm_up:
                self.counts_from, self.stops_at = now, now + plan.seconds
        self.statuses["none"] += len(self.selector.get_map())
        for key in list(self.selector.get_map().values()):
            key.data.line.close()
        seconds = now - self.begin if plan.shots else plan.seconds
        return Measured(self.latencies, dict(+self.statuses), seconds)

    def _ask(self, client: _Client) -> None:
        client.sent_at = time.perf_counter()
        if client.line is None:
            client.line = socket.create_connection(("127.0.0.1", self.plan.port), timeout=10)
            client.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(client.line, selectors.EVENT_READ, client)
        client.line.sendall(self.wire[client.turn % len(self.wire)])
        client.turn += 1
        client.asked += 1

    def _hear(self, client: _Client) -> None:
        status = self._read_answer(client)
        if status is None:
            return
        now = time.perf_counter()
        self.statuses[status] += 1
        self.fresh -= client.asked == 1
        if status[0] == "2" and self.counts_from <= now < self.stops_at:
            self.latencies.append(now - client.sent_at)
        if self.plan.close or status == "none":
            self._hang_up(client)
        if client.asked != self.plan.shots and now < self.stops_at:
            self._ask(client)
        elif client.line is not None:
            self._hang_up(client)

    def _hang_up(self, client: _Client) -> None:
        assert client.line is not None
        self.selector.unregister(client.line)
        client.line.close()
        client.line = None

    def _read_answer(self, client: _Client) -> str | None:
        """The status of the answer, once it is complete."""
        assert client.line is not None
        try:
            received = client.line.recv(65536)
        except ConnectionError:
            received = b""
        client.buffer += received
        head, found, body = client.buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        complete = found and len(body) >= length
        if received and not complete:
            return None
        status = head[9:12].decode() if complete else "none"
        right = self.word in body
        client.buffer.clear()
        return "wrong" if status[0] == "2" and not right else status


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_Run(Plan(**json.load(sys.stdin))).go())))
