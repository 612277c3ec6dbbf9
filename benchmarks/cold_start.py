"""Two hundred hosts at once when no access token is there, over four processes."""

import statistics
from dataclasses import dataclass, field

from benchmarks.crowd import Seat, make_crowd
from benchmarks.load import Measured, Plan, measure
from benchmarks.report import Figure, at_most, exactly, told
from benchmarks.rounds import ROUNDS
from benchmarks.servers import serving
from benchmarks.start import UPSTREAM_SECONDS
from benchmarks.zoom import zoom_sandbox
from tests.sandbox import Sandbox
from zoomauth.models import AccessToken

STARTS, WORKERS = 200, 4
# 64 connections to the database in all, of the hundred that PostgreSQL gives by default.
THREADS = 16
TOKEN_SECONDS = 0.15


@dataclass
class _Herds:
    cold: list[Measured] = field(default_factory=list)
    warm: list[Measured] = field(default_factory=list)
    token_requests: list[int] = field(default_factory=list)


def measure_cold_start() -> list[Figure]:
    """Cold and warm in turn; in every other round Zoom lets only the newest token live."""
    herds = _Herds()
    with zoom_sandbox() as zoom:
        seats = make_crowd(zoom, organizations=1, hosts=STARTS)
        zoom.fault("users.token", "latency", seconds=UPSTREAM_SECONDS)
        zoom.fault("oauth.token", "latency", seconds=TOKEN_SECONDS)
        with serving(workers=WORKERS, threads=THREADS) as port:
            _herd(port, seats)
            for number in range(ROUNDS):
                single = bool(number % 2)
                zoom.change_account(seats[0].account.account_id, single_token=single)
                _take_round(port, seats, zoom, herds)
    return _figures(herds)


def _take_round(port: int, seats: list[Seat], zoom: Sandbox, herds: _Herds) -> None:
    AccessToken.objects.all().delete()
    zoom.clear_ledger()
    herds.cold.append(_herd(port, seats))
    herds.token_requests.append(zoom.calls().count("oauth.token"))
    herds.warm.append(_herd(port, seats))


def _herd(port: int, seats: list[Seat]) -> Measured:
    wires = [seat.starts() for seat in seats]
    plan = Plan(port, wires, STARTS, close=True, contains='"signature"', shots=1)
    return measure(plan)


def _figures(herds: _Herds) -> list[Figure]:
    failed = sum(measured.failed for measured in herds.cold)
    p50, p99, warm_p50, warm_p99 = (
        statistics.median(figure(measured) for measured in side) * 1000
        if all(measured.latencies for measured in side)
        else float("inf")
        for side, figure in (
            (herds.cold, lambda measured: measured.p50),
            (herds.cold, lambda measured: measured.p99),
            (herds.warm, lambda measured: measured.p50),
            (herds.warm, lambda measured: measured.p99),
        )
    )
    return [
        exactly("cold_start.token_requests", max(herds.token_requests), "requests", 1),
        exactly("cold_start.failures", failed, "starts", 0),
        told("cold_start.p50", p50, "ms"),
        told("cold_start.p99", p99, "ms"),
        told("cold_start.warm_p50", warm_p50, "ms"),
        at_most("cold_start.p99_over_warm", p99 / warm_p99, "x warm", 1.5),
    ]
