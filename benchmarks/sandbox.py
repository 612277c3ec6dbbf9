"""What the sandbox itself adds to a configured latency while 200 clients ask at once.

A benchmark against the sandbox is worth something only as long as the sandbox is not what it
measures. Beside it stands a bare server that only waits: what that one "adds" is the load
generator's and the machine's. Rounds go in turn, so that a slow minute hits all of them.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import ROOT, Plan, measure
from benchmarks.report import Figure, at_least, at_most, exactly
from benchmarks.rounds import ROUNDS
from tests.sandbox import Sandbox

CLIENTS = 200
LATENCY = 0.08
# As any network has, give or take; the median stays. Without it closed-loop clients fall in step,
# and what is measured is how they wait for each other: a row of its own.
JITTER = 0.01
# Seen by the control: a sandbox slower by this much must not pass for a quick one.
PLANTED_DELAY = 0.01
WARM_UP = 1.0
SECONDS = 2.0
# Zoom lets a host write a hundred times a day; a round stays below with as many hosts.
HOSTS = [f"host-{number}" for number in range(CLIENTS)]
BODY = json.dumps({"topic": "Bench", "type": 2, "start_time": "2030-01-01T10:00:00Z"})


def measure_sandbox() -> list[Figure]:
    """The figures of the sandbox under load, with the load generator's own and a control."""
    added: dict[str, list[float]] = {}
    cpu: list[float] = []
    refused = 0
    with Sandbox.running() as zoom, _bare_server() as bare_port:
        for _ in range(ROUNDS):
            median = _run(bare_port, ["GET / HTTP/1.1\r\n\r\n"])[0]
            added.setdefault("bare", []).append(median)
            for name, make, jitter in _VARIANTS:
                requests = _prepare(zoom, make, LATENCY, jitter)
                before = _read_cpu(zoom.pid)
                median, counted = _run(zoom.port, requests)
                cpu.append((_read_cpu(zoom.pid) - before) / sum(counted.values()))
                added.setdefault(name, []).append(median)
                refused += sum(counted[status] for status in counted if status[0] != "2")
        requests = _prepare(zoom, _make_zak_calls, LATENCY + PLANTED_DELAY, JITTER)
        planted = _run(zoom.port, requests)[0]
    for name, medians in added.items():
        told = " ".join(f"{value * 1000:.2f}" for value in medians)
        sys.stdout.write(f"sandbox, {name}: median added in each round, ms: {told}\n")
    p50 = {name: statistics.median(medians) * 1000 for name, medians in added.items()}
    return [
        at_most("sandbox.added_latency_p50", p50["zak"], "ms", 5),
        at_most("sandbox.added_latency_mix_p50", p50["mix"], "ms", 5),
        at_most("sandbox.added_latency_in_step_p50", p50["zak in step"], "ms", 5),
        at_most("sandbox.cpu_per_call", statistics.median(cpu) * 1000, "ms", 0.4),
        at_most("sandbox.generator_p50", p50["bare"], "ms", 2),
        at_least("sandbox.planted_delay_seen", planted * 1000, "ms", PLANTED_DELAY * 1000),
        exactly("sandbox.refused", refused, "calls", 0),
    ]


def _prepare(
    zoom: Sandbox, make: Callable[[str], list[str]], latency: float, jitter: float
) -> list[str]:
    """A new world on a plan without limits, and the calls to make in it."""
    zoom.reset()
    users = [
        {"id": name, "email": f"{name}@acme.example", "display_name": name, "type": 2}
        for name in HOSTS
    ]
    zoom.account(plan="unlimited", users=users)
    token = zoom.ask_token().json()["access_token"]
    zoom.fault("*", "latency", seconds=latency, jitter=jitter)
    return make(f"Host: 127.0.0.1:{zoom.port}\r\nAuthorization: Bearer {token}\r\n")


def _make_zak_calls(headers: str) -> list[str]:
    return [
        f"GET /v2/users/{name}/token?type=zak&ttl=7200 HTTP/1.1\r\n{headers}\r\n" for name in HOSTS
    ]


def _make_mixed_calls(headers: str) -> list[str]:
    content = f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
    creates = [f"POST /v2/users/{name}/meetings HTTP/1.1\r\n{headers}{content}" for name in HOSTS]
    return [call for pair in zip(_make_zak_calls(headers), creates, strict=True) for call in pair]


_VARIANTS = (
    ("zak", _make_zak_calls, JITTER),
    ("mix", _make_mixed_calls, JITTER),
    ("zak in step", _make_zak_calls, 0.0),
)


def _run(port: int, requests: list[str]) -> tuple[float, dict[str, int]]:
    """The median of what came on top of the latency, in seconds, and the answers by status."""
    measured = measure(Plan(port, requests, CLIENTS, warm_up=WARM_UP, seconds=SECONDS))
    return measured.p50 - LATENCY, measured.statuses


def _read_cpu(pid: int) -> float:
    """Seconds of processor time this process has used (proc(5), stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Waiter(asyncio.Protocol):
    """Answers every packet after the latency, without a look at it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        asyncio.get_running_loop().call_later(LATENCY, self.transport.write, answer)


async def _serve_bare() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Waiter, "127.0.0.1", 0, backlog=2 * CLIENTS)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def _bare_server() -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.sandbox"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve_bare())
