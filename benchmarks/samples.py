"""Zoom's own sample servers beside the start, where somebody has them: by path, never copied.

BENCH_ZOOM_AUTH_SAMPLE is a checkout of zoom/meetingsdk-auth-endpoint-sample (signs for anybody,
without a call to Zoom), BENCH_ZOOM_S2S_STARTER one of zoom/server-to-server-oauth-starter-api
(makes one call; needs Redis). Each with `npm ci --omit=dev --ignore-scripts` done. Neither knows
people, organizations or a database: they are ceilings of simplicity, not of function.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cold_start import STARTS, TOKEN_SECONDS
from benchmarks.crowd import Seat, make_crowd
from benchmarks.load import ROOT, Measured, Plan, measure
from benchmarks.report import BUILD, Figure, exactly, told
from benchmarks.rounds import take_turns
from benchmarks.servers import free_connections, serving
from benchmarks.start import JITTER_SECONDS, UPSTREAM_SECONDS, WARM_UP
from benchmarks.zoom import zoom_sandbox
from tests.sandbox import ACME, Sandbox
from tests.server import free_port

CLIENTS, SECONDS = 16, 3.0
PATIENCE = 20.0
PATHS = {"auth": "BENCH_ZOOM_AUTH_SAMPLE", "starter": "BENCH_ZOOM_S2S_STARTER"}
_MAINS = {"auth": "src/index.js", "starter": "index.js"}


def measure_samples() -> list[Figure]:
    """The start and whichever sample there is, in turn, with sixteen clients."""
    found = {name: os.environ[path] for name, path in PATHS.items() if os.environ.get(path)}
    for name in PATHS.keys() - found.keys():
        sys.stdout.write(f"samples, {name}: not measured: give a path, {PATHS[name]}=/path\n")
    if not found:
        return []
    with zoom_sandbox() as zoom, contextlib.ExitStack() as held:
        seats = make_crowd(zoom, organizations=8, hosts=8)
        zoom.account()
        zoom.fault("users.*", "latency", seconds=UPSTREAM_SECONDS, jitter=JITTER_SECONDS)
        sides = {"start": held.enter_context(_starts(seats))}
        for name, folder in found.items():
            sides[name] = held.enter_context(_sample(name, Path(folder), zoom))
        rounds = take_turns({name: side.run for name, side in sides.items()})
        stampede = [_stampede(sides["starter"], zoom)] if "starter" in found else []
    return [
        *(told(f"start.over_{name}_c16", rounds.rate_over("start", name), "x") for name in found),
        *(told(f"start.{name}_rate_c16", rounds.rate(name), "answers/s") for name in found),
        *stampede,
        exactly("start.samples_failed_answers", rounds.failed, "answers", 0),
    ]


@dataclass(frozen=True)
class _Side:
    port: int
    wires: list[str]
    word: str

    def run(self) -> Measured:
        free_connections()
        times = {"warm_up": WARM_UP, "seconds": SECONDS}
        return measure(
            Plan(self.port, self.wires, CLIENTS, **times, close=True, contains=self.word)
        )


@contextlib.contextmanager
def _starts(seats: list[Seat]) -> Iterator[_Side]:
    with serving() as port:
        yield _Side(port, [seat.starts() for seat in seats], '"signature"')


@contextlib.contextmanager
def _sample(name: str, folder: Path, zoom: Sandbox) -> Iterator[_Side]:
    port = free_port()
    command = ["node", "--require", str(ROOT / "benchmarks" / "samples.cjs"), _MAINS[name]]
    env = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "BENCH_ZOOM": zoom.url,
        "ZOOM_MEETING_SDK_KEY": ACME["sdk_client_id"],
        "ZOOM_MEETING_SDK_SECRET": ACME["sdk_client_secret"],
        "ZOOM_ACCOUNT_ID": ACME["account_id"],
        "ZOOM_CLIENT_ID": ACME["client_id"],
        "ZOOM_CLIENT_SECRET": ACME["client_secret"],
    }
    with (BUILD / f"bench-{name}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            _wait_until_it_listens(port)
            yield _side_of(name, port)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _side_of(name: str, port: int) -> _Side:
    if name == "starter":
        call = "GET /api/users/alice HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return _Side(port, [call], '"email"')
    body = json.dumps({"meetingNumber": "81234500000", "role": 1})
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    return _Side(port, [head + content], '"signature"')


def _wait_until_it_listens(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise RuntimeError("the sample did not start; see build/bench-*.log")


def _stampede(side: _Side, zoom: Sandbox) -> Figure:
    """Token requests for as many calls at once as in `cold_start`, when its token is gone."""
    with socket.create_connection(("127.0.0.1", 6379), timeout=5) as redis:
        redis.sendall(b"DEL access_token\r\n")
        redis.recv(64)
    zoom.fault("oauth.token", "latency", seconds=TOKEN_SECONDS)
    zoom.clear_ledger()
    measure(Plan(side.port, side.wires, STARTS, close=True, shots=1))
    asked = zoom.calls().count("oauth.token")
    return told("cold_start.starter_token_requests", asked, "requests")
