"""The press of Start over HTTP, beside a bare view that makes the same call, and Zoom itself."""

import json
from dataclasses import dataclass

from django.conf import settings

from benchmarks.crowd import BARE_BACKEND, Seat, make_crowd
from benchmarks.load import Measured, Plan, measure
from benchmarks.report import Figure, at_least, at_most, exactly, told
from benchmarks.rounds import Rounds, take_turns
from benchmarks.servers import free_connections, serving
from benchmarks.sql import count_of_starts
from benchmarks.zoom import zoom_sandbox
from tests.sandbox import Sandbox

UPSTREAM_SECONDS = 0.08
# As any network has, give or take: without it the clients fall in step with each other.
JITTER_SECONDS = 0.01
ORGANIZATIONS, HOSTS = 8, 8
CONCURRENCY = (1, 16, 64)
WARM_UP, SECONDS = 1.5, 3.0


def measure_start() -> list[Figure]:
    """Three sides in turn, at each concurrency: Zoom alone, the bare view, the start package."""
    with zoom_sandbox() as zoom:
        return _measure(zoom)


def _measure(zoom: Sandbox) -> list[Figure]:
    seats = make_crowd(zoom, organizations=ORGANIZATIONS, hosts=HOSTS)
    counted = count_of_starts(seats, zoom)
    tokens = {seat.domain: _ask_token(zoom, seat) for seat in seats}
    zoom.fault("users.token", "latency", seconds=UPSTREAM_SECONDS, jitter=JITTER_SECONDS)
    bare = serving("benchmarks.bare.wsgi", **_settings_of_bare(tokens))
    with serving() as port, bare as bare_port:
        sides = _Sides(zoom, seats, tokens, port, bare_port)
        rounds = {clients: take_turns(sides.at(clients)) for clients in CONCURRENCY}
    return [
        *counted,
        *_figures(rounds),
        exactly("start.failed_answers", sum(seen.failed for seen in rounds.values()), "answers", 0),
    ]


def _figures(rounds: dict[int, Rounds]) -> list[Figure]:
    over = rounds[1].p50("start") - rounds[1].p50("zoom")
    slowest = rounds[16].p99("start") / rounds[16].p50("zoom")
    ratios = [
        at_least(f"start.throughput_c{clients}", seen.rate_over("start", "bare"), "x bare", 0.5)
        for clients, seen in rounds.items()
    ]
    return [
        at_most("start.p50_over_upstream", over * 1000, "ms", 10),
        at_most("start.p99_c16_over_upstream", slowest, "x", 2),
        *ratios,
        *(
            line
            for clients, seen in rounds.items()
            for line in (
                told(f"start.rate_c{clients}", seen.rate("start"), "starts/s"),
                told(f"start.bare_rate_c{clients}", seen.rate("bare"), "calls/s"),
            )
        ),
    ]


@dataclass
class _Sides:
    zoom: Sandbox
    seats: list[Seat]
    tokens: dict[str, str]
    port: int
    bare_port: int

    def at(self, clients: int) -> dict:
        """The sides with so many clients, each person a client of their own."""
        bare = [seat.posts("/zak/", BARE_BACKEND) for seat in self.seats]
        starts = [seat.starts() for seat in self.seats]
        asked = [self._ask_zoom(seat) for seat in self.seats]
        return {
            "zoom": lambda: _run(self.zoom.port, asked, clients, "token"),
            "bare": lambda: _run(self.bare_port, bare, clients, '"zak"'),
            "start": lambda: _run(self.port, starts, clients, '"signature"'),
        }

    def _ask_zoom(self, seat: Seat) -> str:
        return (
            f"GET /v2/users/{seat.zoom_user_id}/token?type=zak&ttl=7200 HTTP/1.1\r\n"
            f"Host: 127.0.0.1\r\nAuthorization: Bearer {self.tokens[seat.domain]}\r\n\r\n"
        )


def _run(port: int, requests: list[str], clients: int, word: str) -> Measured:
    free_connections()
    return measure(
        Plan(port, requests, clients, warm_up=WARM_UP, seconds=SECONDS, close=True, contains=word)
    )


def _settings_of_bare(tokens: dict[str, str]) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings",
        "BARE_TOKENS": json.dumps(tokens),
        "ZOOM_API_URL": settings.ZOOM_API_URL,
    }


def _ask_token(zoom: Sandbox, seat: Seat) -> str:
    fields = ("account_id", "client_id", "client_secret")
    credentials = {name: getattr(seat.account, name) for name in fields}
    return str(zoom.ask_token(credentials).json()["access_token"])
