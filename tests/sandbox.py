"""The Zoom sandbox as a process of its own, and the hand on its controls."""

import base64
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import requests

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 15.0

ACME: dict[str, Any] = {
    "account_id": "acme-account",
    "client_id": "acme-client",
    "client_secret": "acme-client-secret-0123456789abcdef",
    "sdk_client_id": "acme-sdk",
    "sdk_client_secret": "acme-sdk-secret-0123456789abcdef",
    "webhook_secret": "acme-webhook-secret-0123456789abcdef",
    "users": [
        {"id": "alice", "email": "alice@acme.example", "display_name": "Alice Acme", "type": 2},
        {"id": "bob", "email": "bob@acme.example", "display_name": "Bob Acme", "type": 2},
        {"id": "sam", "email": "sam@acme.example", "display_name": "Sam Acme", "type": 1},
    ],
}
GLOBEX: dict[str, Any] = {
    "account_id": "globex-account",
    "client_id": "globex-client",
    "client_secret": "globex-client-secret-0123456789abcdef",
    "sdk_client_id": "globex-sdk",
    "sdk_client_secret": "globex-sdk-secret-0123456789abcdef",
    "webhook_secret": "globex-webhook-secret-0123456789abcdef",
    "users": [
        {"id": "carol", "email": "carol@globex.example", "display_name": "Carol Globex", "type": 2},
    ],
}


class Sandbox:
    """A running sandbox. Every wait is bounded; it is ended by its own process id."""

    def __init__(self, process: subprocess.Popen[str], ready: dict[str, Any]) -> None:
        self.process = process
        self.pid: int = ready["pid"]
        self.port: int = ready["port"]
        self.tls_port: int | None = ready["tls_port"]
        self.url = f"http://127.0.0.1:{self.port}"
        self.session = requests.Session()
        # No proxy of this machine's stands between a test and the loopback.
        self.session.trust_env = False

    @classmethod
    def start(cls, *, tls: bool = False, port: int = 0, public_url: str | None = None) -> Self:
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder) / "ready.json"
            command = [sys.executable, "-m", "zoomsandbox", "--port", str(port)]
            command += ["--ready-file", str(ready), "--with-parent"]
            command += ["--tls-port", "0"] if tls else []
            command += ["--public-url", public_url] if public_url else []
            process = subprocess.Popen(
                command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            end = time.monotonic() + PATIENCE
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > end:
                    process.kill()
                    raise RuntimeError(f"the sandbox did not start: {process.communicate()[1]}")
                time.sleep(0.02)
            return cls(process, json.loads(ready.read_text()))

    def stop(self) -> int:
        """Ask it to end, insist after ten seconds, and tell its exit code."""
        self.session.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        if self.process.stderr:
            self.process.stderr.close()
        return self.process.returncode

    @classmethod
    @contextlib.contextmanager
    def running(cls, **options: Any) -> Iterator[Self]:
        sandbox = cls.start(**options)
        try:
            yield sandbox
        finally:
            sandbox.stop()

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call ``/_control/<path>``; raises on anything but success."""
        answer = self.session.request(
            method, f"{self.url}/_control/{path}", json=body, params=query, timeout=PATIENCE
        )
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def reset(self) -> None:
        self.control("POST", "reset")

    def account(self, **fields: Any) -> dict[str, Any]:
        """Create or replace an account: acme's fields, changed by those given."""
        return self.control("POST", "accounts", {**ACME, **fields})

    def globex(self, **fields: Any) -> dict[str, Any]:
        return self.control("POST", "accounts", {**GLOBEX, **fields})

    def accounts(self) -> list[dict[str, Any]]:
        return self.control("GET", "accounts")

    def change_account(self, account_id: str = "acme-account", **changes: Any) -> dict[str, Any]:
        return self.control("PATCH", f"accounts/{account_id}", changes)

    def change_user(self, user_id: str, **changes: Any) -> dict[str, Any]:
        return self.control("PATCH", f"users/{user_id}", changes)

    def delete_user(self, user_id: str) -> None:
        """Gone from the account at Zoom, with all meetings of that host."""
        self.control("DELETE", f"users/{user_id}")

    def ledger(self, call: str | None = None) -> list[dict[str, Any]]:
        return self.control("GET", "ledger", **({"call": call} if call else {}))

    def calls(self) -> list[str]:
        """The names of all calls in their order."""
        return [entry["call"] for entry in self.ledger()]

    def clear_ledger(self) -> None:
        self.control("DELETE", "ledger")

    def fault(self, call: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Plant a fault: status, body, headers, seconds, times, after."""
        return self.control("POST", "faults", {"call": call, "kind": kind, **fields})

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def clock(self, advance: float) -> float:
        """Move the sandbox's clock; tells its time."""
        return self.control("POST", "clock", {"advance": advance})["now"]

    def rooms(self) -> list[dict[str, Any]]:
        return self.control("GET", "rooms")

    def people(self, number: int | str) -> list[tuple[str, str]]:
        """Name and standing of everybody in this meeting now."""
        rooms = [room for room in self.rooms() if room["number"] == int(number)]
        return [(p["name"], p["as"]) for room in rooms for p in room["people"]]

    def end(self, number: int | str) -> bool:
        return self.control("POST", f"rooms/{number}/end")["ended"]

    def meetings(self) -> list[dict[str, Any]]:
        return self.control("GET", "meetings")

    def delete_meeting(self, number: int | str) -> None:
        self.control("DELETE", f"meetings/{number}")

    def zaks(self, user_id: str | None = None) -> list[dict[str, Any]]:
        return [z for z in self.control("GET", "zaks") if user_id in (None, z["user_id"])]

    def wait_until(self, check: Callable[[], Any], seconds: float = 5.0) -> Any:
        """The first truthy answer of ``check``; fails when the time is over."""
        end = time.monotonic() + seconds
        while True:
            answer = check()
            if answer:
                return answer
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s")
            time.sleep(0.02)

    def ask_token(self, account: dict[str, Any] = ACME, **changes: str) -> requests.Response:
        """What the token endpoint answers to these credentials."""
        given = {**account, **changes}
        pair = f"{given['client_id']}:{given['client_secret']}".encode()
        form = {
            "grant_type": given.get("grant_type", "account_credentials"),
            "account_id": given["account_id"],
        }
        header = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return self.session.post(
            f"{self.url}/oauth/token", data=form, headers=header, timeout=PATIENCE
        )

    def api(self, method: str, path: str, token: str, **options: Any) -> requests.Response:
        """One REST call with this access token."""
        header = {"Authorization": f"Bearer {token}"}
        return self.session.request(
            method, f"{self.url}/v2{path}", headers=header, timeout=PATIENCE, **options
        )
