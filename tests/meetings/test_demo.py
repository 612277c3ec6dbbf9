"""`make demo`: the whole product against the sandbox, and nothing left of it afterwards."""

import signal
import socket

import pytest
import requests

from tests.demo import PASSWORD, running_demo, start_demo
from tests.server import free_port


@pytest.fixture
def demo(tmp_path):
    with running_demo(tmp_path) as started:
        yield started


def sign_in(base, email, password):
    http = requests.Session()
    http.trust_env = False
    http.get(f"{base}/accounts/login/", timeout=10)
    form = {"login": email, "password": password, "csrfmiddlewaretoken": http.cookies["csrftoken"]}
    page = http.post(f"{base}/accounts/login/", data=form, timeout=10)
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    return http, page


def test_the_cast_works_in_it_and_ctrl_c_leaves_nothing(demo):
    process, screen, base, sandbox = demo
    for name in ("alice@acme", "bob@acme", "mia@acme", "sam@acme", "ada@acme", "carol@globex",
                 "gus@globex", "operator@greenroom"):  # fmt: skip
        assert f"{name}.example" in screen
    http, page = sign_in(base, "alice@acme.example", PASSWORD)
    assert "Thermodynamics lecture" in page.text
    meetings = http.get(f"{base}/api/v1/meetings/", timeout=10).json()["results"]
    package = http.post(f"{base}/meetings/{meetings[0]['id']}/start/", timeout=10).json()
    assert package["userName"] == "Alice"
    zaks = requests.get(f"{sandbox}/_control/zaks", timeout=10).json()
    assert package["zak"] in {zak["value"] for zak in zaks if zak["user_id"] == "alice-at-zoom"}
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    for address in (base, sandbox):
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=2)


def test_a_busy_port_is_said_plainly(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        process = start_demo(tmp_path / ".demo", port, free_port())
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Port {port} is in use. Choose another: make demo PORT=" in output


@pytest.mark.parametrize(
    "changes",
    [{"ZOOM_SDK_STAND_IN": ""}, {"DATABASE_URL": "sqlite:////somewhere/else.sqlite3"}],
    ids=["development settings", "another database"],
)
def test_it_never_touches_anything_but_its_own(tmp_path, changes):
    process = start_demo(tmp_path / ".demo", free_port(), free_port(), **changes)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Run `make demo`" in output
    assert not (tmp_path / ".demo").exists()
