"""The start package over HTTP, beside what Zoom itself takes in the same run."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.report import Figure, at_most, exactly
from tests.factories import PASSWORD
from tests.sandbox import Sandbox

UPSTREAM_SECONDS = 0.08
ROUNDS = 5
CALLS = 20


def measure_start(base: str, meeting_id: str, zoom: Sandbox) -> list[Figure]:
    """Rounds of both sides in turn, so that a slow minute of the machine hits both."""
    zoom.fault("users.token", "latency", seconds=UPSTREAM_SECONDS)
    start, upstream = _starter(base, meeting_id), _upstream(zoom)
    start()
    zoom.clear_ledger()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        theirs += [_timed(upstream) for _ in range(CALLS)]
        ours += [_timed(start) for _ in range(CALLS)]
    calls = len(zoom.ledger()) / (2 * ROUNDS * CALLS)
    size = len(_session(base).post(_url(base, meeting_id), data={}, timeout=10).content)
    with ThreadPoolExecutor(16) as pool:
        starters = [_starter(base, meeting_id) for _ in range(16)]
        busy = sorted(pool.map(lambda number: _timed(starters[number % 16]), range(320)))
    zoom.clear_faults()
    p50, upstream_p50 = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    return [
        at_most("start.p50_over_upstream", p50 - upstream_p50, "ms", 10),
        at_most("start.p99_c16_over_upstream", busy[-4] * 1000 / upstream_p50, "x", 2),
        exactly("start.upstream_calls", calls, "calls", 1),
        at_most("start.answer_size", size, "bytes", 2048),
    ]


def _timed(call: Callable[[], None]) -> float:
    before = time.perf_counter()
    call()
    return time.perf_counter() - before


def _url(base: str, meeting_id: str) -> str:
    return f"{base}/meetings/{meeting_id}/start/"


def _session(base: str) -> requests.Session:
    http = requests.Session()
    http.trust_env = False
    http.get(f"{base}/accounts/login/", timeout=10)
    form = {
        "login": "alice@acme.example",
        "password": PASSWORD,
        "csrfmiddlewaretoken": http.cookies["csrftoken"],
    }
    http.post(f"{base}/accounts/login/", data=form, timeout=10)
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    # gunicorn's threads take connections unevenly when clients keep them open.
    http.headers["Connection"] = "close"
    return http


def _starter(base: str, meeting_id: str) -> Callable[[], None]:
    http, url = _session(base), _url(base, meeting_id)

    def start() -> None:
        answer = http.post(url, data={}, timeout=10)
        # A round that fails fast would look like a good one.
        if answer.status_code != 200 or "zak" not in answer.json():
            raise RuntimeError(f"the start answered {answer.status_code}")

    return start


def _upstream(zoom: Sandbox) -> Callable[[], None]:
    token = zoom.ask_token().json()["access_token"]

    def ask() -> None:
        query = {"type": "zak", "ttl": 7200}
        zoom.api("GET", "/users/alice/token", token, params=query).raise_for_status()

    return ask
