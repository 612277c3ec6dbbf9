"""What the benchmarks' figures rest on: a bad answer never counts as a quick one."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import Measured, Plan, measure
from benchmarks.rounds import take_turns


class Answers(BaseHTTPRequestHandler):
    """`/good` as it should be, `/wrong` without the expected word, `/broken` with 500."""

    seen: Counter[str] = Counter()

    def do_GET(self):
        self.seen[self.path] += 1
        body = b"else" if self.path == "/wrong" else b"expected"
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing to standard error."""


@pytest.fixture
def port():
    Answers.seen = Counter()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port, path):
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    plan = Plan(port, [request], clients=4, close=True, contains="expected", shots=3)
    return measure(plan)


def test_every_client_has_its_shots_and_no_more(port):
    assert ask(port, "/good").statuses == {"200": 12}
    assert Answers.seen == {"/good": 12}


def test_a_server_error_is_a_failed_answer_without_a_latency(port):
    measured = ask(port, "/broken")
    assert (measured.failed, measured.latencies) == (12, [])


def test_an_answer_without_the_expected_content_is_a_failed_one(port):
    measured = ask(port, "/wrong")
    assert (measured.statuses, measured.latencies) == ({"wrong": 12}, [])


def test_a_round_with_a_failed_answer_is_told_and_not_counted():
    rounds = iter([Measured([0.1], {"200": 1, "500": 1}, 1.0), Measured([0.3], {"200": 1}, 1.0)])
    seen = take_turns({"side": lambda: next(rounds)}, rounds=2)
    assert seen.failed == 1
    assert seen.p50("side") == 0.3


def test_without_a_good_round_no_figure_keeps_its_limit():
    seen = take_turns({"side": lambda: Measured([], {"none": 3}, 1.0)}, rounds=1)
    assert (seen.p50("side"), seen.rate_over("side", "side")) == (float("inf"), 0.0)
    assert seen.failed == 3
