"""A fresh acme (alice, bob, sam) and globex (carol) for every test, in one sandbox."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest

from tests.sandbox import ACME, GLOBEX, Sandbox


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.running(tls=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    running_sandbox.account()
    running_sandbox.globex()
    return running_sandbox


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return sandbox.ask_token(ACME).json()["access_token"]


@pytest.fixture
def foreign_token(sandbox: Sandbox) -> str:
    return sandbox.ask_token(GLOBEX).json()["access_token"]


@pytest.fixture
def create(sandbox: Sandbox, token: str) -> Callable[..., Any]:
    """Create a meeting of alice's with these fields and give back Zoom's answer."""

    def call(host: str = "alice", **fields: Any) -> Any:
        return sandbox.api("POST", f"/users/{host}/meetings", token, json=fields)

    return call


@pytest.fixture
def meeting(create: Callable[..., Any]) -> dict[str, Any]:
    """A meeting of alice's with bob as alternative host."""
    settings = {"alternative_hosts": "bob@acme.example"}
    return create(topic="Weekly", password="a_B*1", settings=settings).json()


@pytest.fixture
def fetch_zak(sandbox: Sandbox, token: str) -> Callable[..., str]:
    def call(user: str = "alice", kind: str = "zak", **query: Any) -> str:
        answer = sandbox.api("GET", f"/users/{user}/token", token, params={"type": kind, **query})
        return answer.json()["token"]

    return call


@pytest.fixture
def ask(sandbox: Sandbox) -> Callable[..., dict[str, Any]]:
    """Ask to be let in, as the SDK does."""

    def call(form: dict[str, str]) -> dict[str, Any]:
        answer = sandbox.session.post(f"{sandbox.url}/api/v1/wc/info", data=form, timeout=10)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.json()

    return call


@pytest.fixture
def enter(sandbox: Sandbox) -> Callable[..., Any]:
    """Open the WebSocket an answer allows, do something there, close it."""

    def call(answer: dict[str, Any], doing: Callable[..., Any], zak: str = "") -> Any:
        async def session() -> Any:
            number = answer["result"]["meetingNumber"]
            address = f"{sandbox.url}/wc/api/{number}"
            query = {"auth": answer["result"]["auth"], "zak": zak}
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, params=query) as socket,
            ):
                hello = await socket.receive_json(timeout=5)
                done = doing(hello)
                return await done(socket) if callable(done) else done

        return asyncio.run(session())

    return call
