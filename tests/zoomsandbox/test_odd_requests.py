"""Requests that once broke something: found by random calls and under load."""

import contextlib
import socket
import time

import pytest
import requests

from tests.zoomsandbox.raw_http import Wire

CREATE = "/v2/users/alice/meetings"


@pytest.fixture
def wire(sandbox):
    wire = Wire(sandbox.port)
    yield wire
    wire.close()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
def test_compressed_body_is_no_json_and_the_connection_stays(wire, token, encoding):
    headers = {"Authorization": f"Bearer {token}", "Content-Encoding": encoding}
    refused = wire.ask("POST", CREATE, headers, b"not compressed")
    assert (refused.status, refused.json()["code"]) == (400, 300)
    assert wire.ask("POST", CREATE, {"Authorization": f"Bearer {token}"}, b"{}").status == 201


def test_line_break_in_a_path_is_an_unknown_endpoint(wire):
    answer = wire.ask("PUT", "/v2/users/a%0Ab")
    assert (answer.status, answer.json()["code"]) == (404, 2300)


@pytest.mark.parametrize("path", ["/api/v1/wc/info", "/wc/profile/get"])
def test_form_of_another_type_has_no_fields(sandbox, wire, path):
    answer = wire.ask("POST", path, {"Content-Type": "multipart/form-data"}, b"zak=x")
    assert answer.status == 200
    assert sandbox.crashes() == []


def test_client_that_goes_in_the_middle_of_a_body_is_no_defect(sandbox, token):
    before = sandbox.read_errors()
    head = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.port)) as client:
        client.sendall(f"{head}Content-Length: 9\r\n\r\n{{".encode())
        sandbox.wait_until(lambda: sandbox.ledger("meetings.create"))
    # Nothing tells that the sandbox has given up but what it must not write.
    time.sleep(0.5)
    assert (sandbox.read_errors(), sandbox.crashes()) == (before, [])


def test_latency_keeps_the_answer_back_and_not_the_work(sandbox, token):
    sandbox.fault("meetings.create", "latency", seconds=5)
    with contextlib.suppress(requests.Timeout):
        header = {"Authorization": f"Bearer {token}"}
        sandbox.session.post(f"{sandbox.url}{CREATE}", json={}, headers=header, timeout=0.3)
    assert len(sandbox.meetings()) == 1
