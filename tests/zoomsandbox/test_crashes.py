"""Defects of the sandbox's own: answered, counted, shown; and bodies that must not cause any."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from zoomsandbox.middleware import make_recorder
from zoomsandbox.rest.errors import invalid
from zoomsandbox.state.world import WORLD, World


async def crash(request):
    raise RuntimeError("a planted defect")


async def refuse(request):
    raise invalid("x")


async def crash_late(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half")
    raise RuntimeError("a planted defect")


def ask(handler, name="some.call"):
    """What a client gets from this handler, and the world after it."""
    world = World()

    async def run():
        app = web.Application(middlewares=[make_recorder({handler: name} if name else {})])
        app[WORLD] = world
        app.router.add_get("/", handler)
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/")
            return answer, await answer.read()

    return *asyncio.run(run()), world


def test_a_crash_is_answered_in_zooms_shape():
    answer, body, _ = ask(crash)
    assert (answer.status, answer.content_type) == (500, "application/json")
    assert body == b'{"code": 500, "message": "Internal error of the sandbox."}'
    assert "x-zm-trackingid" in answer.headers


def test_a_crash_is_kept_with_its_call_and_traceback():
    *_, world = ask(crash)
    [kept] = world.crashes
    assert kept["call"] == "some.call"
    assert "RuntimeError: a planted defect" in kept["traceback"]


def test_the_ledger_tells_the_crash():
    *_, world = ask(crash)
    assert [entry.status for entry in world.ledger] == [500]


def test_a_refusal_is_no_crash():
    answer, _, world = ask(refuse)
    assert (answer.status, world.crashes) == (400, [])


def test_a_crash_of_a_page_is_kept_too():
    answer, _, world = ask(crash, name=None)
    assert (answer.status, world.crashes[0]["call"]) == (500, "GET /")


def test_a_crash_in_mid_answer_breaks_the_connection():
    with pytest.raises(Exception, match="payload is not completed"):
        ask(crash_late)


def test_the_sandbox_tells_its_crashes(sandbox, token):
    sandbox.api("GET", "/users/alice", token)
    assert sandbox.crashes() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
        {"Content-Type": "application/json; charset=nonsense"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "\xff"},
        {"Authorization": "Bearer \xff"},
        {"Authorization": "Basic \xff"},
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/v2/users", "/v2/users/alice/meetings"])
def test_no_header_brings_the_sandbox_down(sandbox, token, path, headers):
    everything = {"Authorization": f"Bearer {token}", **headers}
    body = b"\xff\xfe{"
    answer = sandbox.session.post(f"{sandbox.url}{path}", data=body, headers=everything, timeout=10)
    assert 400 <= answer.status_code < 500
    assert sandbox.crashes() == []


@pytest.mark.parametrize(
    "user", ["%00", "%ff", "%2F", "..%2f..", "a" * 4000, "%F0%9F%92%A9", "me", "-1", "%ED%A0%80"]
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_no_user_brings_the_sandbox_down(sandbox, token, method, user):
    answer = sandbox.api(method, f"/users/{user}", token, json={"dept": "\ud800"})
    assert 400 <= answer.status_code < 500
    assert sandbox.crashes() == []
