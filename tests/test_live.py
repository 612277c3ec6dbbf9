"""`make live`, with a sandbox in the place of Zoom: what it compares, tells and leaves behind."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest

from tests.contract.child import run_child
from tests.contract.compare import Difference, compare
from tests.contract.meetings import TOPIC
from tests.contract.record import Outcome, Record, describe
from tests.contract.report import Report
from tests.contract.says import Claim
from tests.contract.shapes import get_length_class, make_shape
from tests.contract.target import NARROW, OPTIONAL, REQUIRED, furnish
from tests.leaks import find_leaks
from tests.sandbox import ACME, Sandbox

ROOT = Path(__file__).resolve().parents[1]
FOREIGN = "Board meeting"


@dataclass
class Run:
    """One `make live`: how it ended, all that it said and wrote, and its Zoom afterwards."""

    code: int
    output: str
    text: str
    data: dict[str, Any]
    secrets: dict[str, str]
    topics: list[str]

    @property
    def differences(self) -> list[tuple[str, str, str, str, str]]:
        names = ("case", "kind", "where", "sandbox", "live")
        return [tuple(one[name] for name in names) for one in self.data["differences"]]

    def get_case(self, name: str) -> dict[str, Any]:
        (case,) = (case for case in self.data["cases"] if case["case"] == name)
        return case

    def find_leaks(self) -> list[tuple[str, str]]:
        sinks = {"output": self.output, "text": self.text, "data": json.dumps(self.data)}
        return find_leaks(self.secrets, sinks)


def make_environment(zoom: Sandbox | None, **changes: str) -> dict[str, str]:
    """A shell in which this sandbox is entered as Zoom; without one, nothing is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVE_")}
    if zoom is None:
        return {**kept, **changes}
    pair = {"CLIENT_ID": "client_id", "CLIENT_SECRET": "client_secret", "ACCOUNT_ID": "account_id"}
    sdk = {"CLIENT_ID": "sdk_client_id", "CLIENT_SECRET": "sdk_client_secret"}
    return {
        **kept,
        **{f"LIVE_ZOOM_{name}": ACME[field] for name, field in pair.items()},
        **{f"LIVE_ZOOM_NARROW_{name}": NARROW[field] for name, field in pair.items()},
        **{f"LIVE_ZOOM_SDK_{name}": ACME[field] for name, field in sdk.items()},
        "LIVE_ZOOM_HOST": "alice@acme.example",
        "LIVE_ZOOM_API_URL": f"{zoom.url}/v2",
        "LIVE_ZOOM_OAUTH_URL": f"{zoom.url}/oauth/token",
        "LIVE_ZOOM_WEB": f"127.0.0.1:{zoom.tls_port}",
        **changes,
    }


def call(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.contract", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


def run(zoom: Sandbox, folder: Path) -> Run:
    environment = make_environment(zoom)
    done = call(environment, "--without-browser", "--into", str(folder))
    given = {name: environment[name] for name in (*REQUIRED, *OPTIONAL) if "URL" not in name}
    del given["LIVE_ZOOM_WEB"]
    zaks = {f"zak {n}": zak["value"] for n, zak in enumerate(zoom.zaks())}
    zoom.snapshot("after")
    state = zoom.control("GET", "snapshots/after/file")["state"]
    tokens = {f"access token {n}": value for n, value in enumerate(state["tokens"])}
    return Run(
        code=done.returncode,
        output=done.stdout + done.stderr,
        text=(folder / "live.md").read_text(),
        data=json.loads((folder / "live.json").read_text()),
        secrets={**given, **zaks, **tokens},
        topics=[meeting["topic"] for meeting in zoom.meetings()],
    )


# --- Without Zoom -----------------------------------------------------------------------------


def test_without_credentials_it_says_what_to_set():
    done = call(make_environment(None))
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in (*REQUIRED, *OPTIONAL) if name not in done.stdout] == []


def test_what_is_missing_is_named_and_what_is_there_is_not_shown():
    done = call(make_environment(None, LIVE_ZOOM_CLIENT_SECRET="half-a-pair"))
    assert done.returncode == 2
    assert set(REQUIRED) - {"LIVE_ZOOM_CLIENT_SECRET"} <= set(done.stdout.replace(",", "").split())
    assert "half-a-pair" not in done.stdout + done.stderr


def test_another_api_without_another_web_is_refused():
    """Else a browser would take the sandbox's keys to Zoom."""
    zoom = dict.fromkeys(REQUIRED, "somewhere")
    done = call(make_environment(None, **zoom, LIVE_ZOOM_API_URL="http://127.0.0.1:9/v2"))
    assert done.returncode == 2
    assert "LIVE_ZOOM_WEB goes with LIVE_ZOOM_API_URL" in done.stdout


# --- A Zoom like the sandbox ------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A Zoom in which an earlier run left a meeting, and somebody else has one."""
    with Sandbox.running(tls=True, public_url="https://zoom.us") as zoom:
        furnish(zoom)
        token = zoom.ask_token().json()["access_token"]
        for topic in (FOREIGN, f"{TOPIC} left over"):
            body = {"topic": topic, "type": 2, "start_time": "2090-01-01T00:00:00Z"}
            zoom.api("POST", "/users/alice/meetings", token, json=body)
        yield run(zoom, tmp_path_factory.mktemp("plain"))


def test_a_zoom_like_the_sandbox_differs_in_nothing(plain):
    assert (plain.code, plain.differences) == (0, [])
    assert "## Differences\n\nNone." in plain.text


def test_every_case_holds_or_says_why_it_could_not_be_tried(plain):
    outcomes = {case["live"]["outcome"] for case in plain.data["cases"]}
    assert outcomes == {"passed", "unconfirmed"}
    unconfirmed = [c for c in plain.data["cases"] if c["live"]["outcome"] == "unconfirmed"]
    assert all(case["only_sandbox"] == case["live"]["reason"] != "" for case in unconfirmed)


def test_the_report_does_not_take_a_sandbox_for_zoom(plain):
    assert not plain.data["is_zoom"]
    assert "This was not Zoom" in plain.text
    assert "Lines for docs/contract.md" not in plain.text


def test_nothing_stays_at_zoom_but_what_was_not_ours(plain):
    assert plain.topics == [FOREIGN]
    assert plain.data["counts"]["swept"] == 1


def test_few_of_the_hosts_writes_are_used(plain):
    assert 5 <= plain.data["counts"]["writes"] <= 20


def test_no_secret_is_in_report_or_output(plain):
    kinds = {name.rstrip("0123456789 ") for name in plain.secrets}
    assert {"zak", "access token", "LIVE_ZOOM_CLIENT_SECRET", "LIVE_ZOOM_HOST"} < kinds
    assert plain.find_leaks() == []


def test_a_planted_secret_is_found(plain):
    """The control of the test above."""
    for name, secret in plain.secrets.items():
        leaky = Run(0, secret, plain.text + secret, {**plain.data, "x": secret}, {name: secret}, [])
        assert leaky.find_leaks() == [(name, "output"), (name, "text"), (name, "data")]


# --- A Zoom that is another -------------------------------------------------------------------


@pytest.fixture(scope="module")
def deviating(tmp_path_factory):
    """One token at a time, another code, a clock that is wrong, and answers of another kind."""
    with Sandbox.running(tls=True, public_url="https://zoom.us") as zoom:
        furnish(zoom, single_token=True, date_skew=300.0)
        zoom.change_account(NARROW["account_id"], scope_code=104)
        zoom.fault("users.list", "html", pattern="status=active", times=1)
        zoom.fault("meetings.delete", "status", status=200, body={"ok": 1}, after=True, times=1)
        yield run(zoom, tmp_path_factory.mktemp("deviating"))


def test_a_failed_case_is_1(deviating):
    assert deviating.code == 1


def test_a_failed_case_is_told_with_its_line_and_no_value(deviating):
    case = deviating.get_case("test_a_deleted_meeting_is_gone")
    assert case["sandbox"]["outcome"] == "passed"
    assert case["live"]["reason"] == "Zoom answered 200, code None; not 204"
    assert case["live"]["where"].startswith("tests/contract/test_meetings.py:")
    assert case["live"]["where"] in deviating.text


@pytest.mark.parametrize(
    "difference",
    [
        ("test_a_new_token_works_whatever_becomes_of_the_old", "status", "", "200", "401"),
        ("test_a_missing_scope_is_named", "code", "", "4711", "104"),
        ("test_a_deleted_meeting_is_gone", "outcome", "", "passed", "failed"),
        ("test_a_deleted_meeting_is_gone", "status", "", "204", "200"),
        ("test_the_clocks_agree", "outcome", "", "passed", "failed"),
    ],
)
def test_a_deviation_is_a_difference(deviating, difference):
    assert difference in deviating.differences
    assert f"| {difference[3]} | {difference[4]} |" in deviating.text


def test_an_answer_of_another_kind_is_a_difference(deviating):
    of_list = [one[1:] for one in deviating.differences if one[0] == "a list of users"]
    assert ("header", "Content-Type", "application/json", "text/html") in of_list
    assert "no JSON" in [there for kind, _, _, there in of_list if kind == "body"]


def test_what_is_alike_is_no_difference(deviating):
    """The control of those above."""
    differing = {difference[0] for difference in deviating.differences}
    assert "test_a_zak_is_given_for_type_and_ttl" not in differing
    assert "a created meeting" not in differing


def test_a_failed_run_leaves_nothing_at_zoom_either(deviating):
    assert deviating.topics == []
    assert deviating.data["counts"].get("left behind", 0) == 0


def test_a_failed_run_tells_no_secret_either(deviating):
    assert deviating.find_leaks() == []


# --- A run that comes to no end ---------------------------------------------------------------

CLEARS_UP = """
import time
try:
    print("began", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("cleared up")
"""
DOES_NOT_END = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("began", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("program", "heard"),
    [(CLEARS_UP, ["began\n", "cleared up\n"]), (DOES_NOT_END, ["began\n"])],
)
def test_a_run_that_takes_too_long_is_ended(program, heard):
    lines: list[str] = []
    command = [sys.executable, "-c", program]
    assert run_child(command, os.environ, seconds=2, last_words=2, hear=lines.append)
    assert lines == heard


def test_an_interruption_is_passed_on_and_waited_for():
    lines: list[str] = []

    def hear(line):
        lines.append(line)
        if line == "began\n":
            raise KeyboardInterrupt

    command = [sys.executable, "-c", CLEARS_UP]
    assert not run_child(command, os.environ, seconds=30, last_words=30, hear=hear)
    assert lines == ["began\n", "cleared up\n"]


def test_an_interrupted_run_leaves_nothing_at_zoom():
    with Sandbox.running(tls=True, public_url="https://zoom.us") as zoom:
        furnish(zoom)
        # Long enough to be interrupted while there is a meeting.
        zoom.fault("meetings.get", "latency", seconds=15, times=1)
        command = [sys.executable, "-m", "pytest", "-q", "tests/contract/test_meetings.py"]
        environment = make_environment(zoom, CONTRACT_TARGET="live")
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=DEVNULL) as process:
            zoom.wait_until(lambda: zoom.ledger("meetings.get"), seconds=60)
            made = zoom.meetings()
            process.send_signal(signal.SIGINT)
        assert (bool(made), zoom.meetings()) == (True, [])


# --- With a browser ---------------------------------------------------------------------------


@pytest.mark.browser
def test_the_host_of_the_environment_comes_in(tmp_path):
    """The portal gets its credentials from the environment, and Chromium another zoom.us."""
    path = tmp_path / "record.json"
    with Sandbox.running(tls=True, public_url="https://zoom.us") as zoom:
        furnish(zoom)
        environment = make_environment(zoom, CONTRACT_TARGET="live", CONTRACT_RECORD=str(path))
        command = [sys.executable, "-m", "pytest", "-q", "tests/contract", "-k", "host_comes_in"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=180)
        verdicts = [entry["detail"]["standing"] for entry in zoom.ledger("web.info")]
        left = zoom.meetings()
    assert done.returncode == 0, done.stdout
    assert Record.load(path).outcomes == {"test_the_host_comes_in": Outcome("passed")}
    assert (verdicts[0], left) == ("host", [])


# --- What is noted ----------------------------------------------------------------------------


def test_a_shape_has_types_and_forms():
    shape = make_shape(
        {"id": 81234567890, "at": "2026-01-01T00:00:00Z", "url": "https://zoom.us/s/1?zak=x",
         "by": "a@b.example", "ok": True, "none": None, "empty": "", "rest": ["x", 1.5]}
    )  # fmt: skip
    assert shape == {
        "at": "string (date-time)", "by": "string (e-mail)", "empty": "string (empty)",
        "id": "integer", "none": "null", "ok": "boolean", "rest": ["number | string (text)"],
        "url": "string (https link)",
    }  # fmt: skip


def test_a_key_that_not_all_have_is_marked():
    shape = make_shape([{"a": 1, "b": ""}, {"a": 1}, {"a": None, "c": 1}])
    assert shape == [{"a": "integer | null", "b?": "string (empty)", "c?": "integer"}]


@pytest.mark.parametrize("key", ["alice@acme.example", "81234567890", "k" * 41])
def test_a_key_that_is_a_value_is_not_noted(key):
    assert make_shape({key: 1}) == {"<key>": "integer"}


def test_of_a_secret_a_class_of_length_is_noted():
    assert get_length_class("x" * 41) == get_length_class("x" * 100) == "41 to 100 characters"


@pytest.mark.parametrize(
    "body",
    [
        {"token": "SECRET"},
        {"code": "SECRET!", "message": "SECRET"},
        {"error": "secret@acme", "reason": "SECRET does not exist"},
        {"code": 1001, "message": "x", "errors": [{"field": "SECRET", "message": "SECRET"}]},
        ["SECRET", {"SECRET@": "SECRET"}],
        "SECRET",
    ],
)
def test_of_an_answer_no_value_is_noted(body):
    noted = describe(400, {"Content-Type": "text/SECRET;<x", "x-zm-trackingid": "SECRET"}, body)
    noted["headers"].pop("Content-Type")
    assert "secret" not in json.dumps(noted).lower()


def test_an_odd_header_is_not_noted():
    noted = describe(200, {"X-RateLimit-Category": "a@b.example"}, None)
    assert noted["headers"] == {"X-RateLimit-Category": "(another value)"}


# --- What is compared -------------------------------------------------------------------------


def make_record(body, status=200, outcome="passed", headers=None):
    record = Record(outcomes={"test_x": Outcome(outcome)})
    record.case = "test_x"
    record.note("GET /x", **describe(status, headers or {}, body))
    return record


SAME = {"id": 1, "settings": {"a": True}, "list": [{"x": 1}]}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"body": {**SAME, "id": "1"}}, [("body", "id", "integer", "string (digits)")]),
        ({"body": {**SAME, "new": 1}}, [("body", "new", "nothing", "integer")]),
        ({"body": {**SAME, "settings": {}}}, [("body", "settings.a", "boolean", "nothing")]),
        ({"body": {**SAME, "list": [{}]}}, [("body", "list[].x", "integer", "nothing")]),
        ({"body": {**SAME, "list": []}}, [("body", "list", "list of object with x", "empty list")]),
        ({"headers": {"Date": "now"}}, [("header", "Date", "nothing", "is there")]),
        ({"outcome": "failed"}, [("outcome", "", "passed", "failed")]),
        ({"outcome": "unconfirmed", "status": 400}, []),
        ({"status": 201}, [("status", "", "200", "201")]),
    ],
)
def test_what_differs_is_found(changes, found):
    differences = compare(make_record(SAME), make_record(**{"body": SAME, **changes}))
    assert [(d.kind, d.where, d.sandbox, d.live) for d in differences] == found


def test_a_call_that_only_one_side_made_is_a_difference():
    one, other = make_record(SAME), make_record(SAME)
    other.note("GET /y", **describe(200, {}, {}))
    expected = Difference("test_x", "GET /y", "call", "", "not asked", "asked")
    assert compare(one, other) == [expected]


def make_report(outcome):
    claims = {"test_file": {"test_x": Claim("It is so", "a page", "H")}}
    sandbox, live = make_record(SAME), make_record(SAME, outcome=outcome)
    sandbox.claims = live.claims = claims
    return Report(sandbox, live, api_host="api.zoom.us", is_zoom=True, day="2026-12-01")


def test_after_a_run_against_zoom_the_lines_for_the_table_are_told():
    row = "| `test_x` | It is so | a page | H | 2026-12-01 |"
    assert row in make_report("passed").as_text()


def test_a_case_that_failed_is_not_confirmed():
    assert "2026-12-01 |" not in make_report("failed").as_text()
