"""The process itself: ports, readiness, a prompt end."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from tests.sandbox import ROOT, Sandbox
from zoomsandbox import __version__


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zoomsandbox", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


def test_busy_port_is_said_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    sentence = f"Port {port} is already in use; choose another with --port.\n"
    assert (ended.returncode, ended.stderr) == (2, sentence)


def test_only_loopback_is_listened_on():
    ended = run("--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert ended.returncode == 2
    assert "loopback only" in ended.stderr


def test_impossible_port_is_said_plainly():
    ended = run("--port", "70000")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_promptly_and_cleanly(number):
    sandbox = Sandbox.start()
    assert sandbox.pid == sandbox.process.pid
    begun = time.monotonic()
    sandbox.process.send_signal(number)
    assert sandbox.process.wait(10) == 0
    assert time.monotonic() - begun < 3
    assert sandbox.read_errors() == ""
    sandbox.stop()


def test_stalled_call_does_not_hold_up_the_end():
    sandbox = Sandbox.start()
    sandbox.fault("*", "stall")
    with contextlib.suppress(requests.Timeout):
        sandbox.session.get(f"{sandbox.url}/v2/users", timeout=0.2)
    begun = time.monotonic()
    assert sandbox.stop() == 0
    assert time.monotonic() - begun < 3


def test_it_ends_with_the_process_that_started_it(tmp_path):
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "zoomsandbox", "--port", "0", "--with-parent"]
    command += ["--ready-file", str(ready)]
    script = (
        f"import subprocess, time, pathlib; subprocess.Popen({command})\n"
        f"while not pathlib.Path({str(ready)!r}).exists(): time.sleep(0.02)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=20, check=True)
    port = json.loads(ready.read_text())["port"]
    end = time.monotonic() + 5
    while is_open(port) and time.monotonic() < end:
        time.sleep(0.1)
    assert not is_open(port)


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_public_url_is_the_base_of_links():
    with Sandbox.running(public_url="https://zoom.example/") as sandbox:
        sandbox.account()
        assert sandbox.ask_token().json()["api_url"] == "https://zoom.example"


def test_a_state_that_is_not_there_is_said_in_one_sentence(tmp_path):
    ended = run("--port", "0", "--state", str(tmp_path / "nothing.json"))
    assert ended.returncode == 2
    assert re.fullmatch(r"Cannot read \S+nothing.json: No such file or directory\.\n", ended.stderr)


@pytest.mark.parametrize("text", ["", "{}", "[[", "[" * 100_000, '{"zoom_sandbox": 99}'])
def test_a_state_that_is_none_is_said_in_one_sentence(tmp_path, text):
    state = tmp_path / "state.json"
    state.write_text(text)
    ended = run("--port", "0", "--state", str(state))
    assert ended.returncode == 2
    assert re.fullmatch(r"\S+state.json holds no state of a sandbox: .+\.\n", ended.stderr)


def test_the_version_is_told():
    assert run("--version").stdout == f"Zoom sandbox {__version__}\n"


def test_the_control_port_answers_too():
    with Sandbox.running() as sandbox:
        assert sandbox.control_url != sandbox.url
        for url in (sandbox.url, sandbox.control_url):
            assert requests.get(f"{url}/_control/clock", timeout=5).status_code == 200
