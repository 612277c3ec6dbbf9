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
from typing import IO, Any, Self

import requests

from tests.sandbox_webhooks import WebhookControls

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 15.0

ACME: dict[str, Any] = {
    "account_id": "acme-account",
    "client_id": "acme-client",
    "client_secret": "acme-client-secret-0123456789abcdef",
    "sdk_client_id": "acme-sdk",
    "sdk_client_secret": "acme-sdk-secret-0123456789abcdef",
    "webhook_secret": "acme-webhook-secret-0123456789abcdef",
    "plan": "unlimited",  # Tests are faster than any host; the limits have tests of their own.
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
    "plan": "unlimited",
    "users": [
        {"id": "carol", "email": "carol@globex.example", "display_name": "Carol Globex", "type": 2},
    ],
}


class Sandbox(WebhookControls):
    """A running sandbox. Every wait is bounded; it is ended by its own process id."""

    def __init__(
        self, process: subprocess.Popen[bytes], ready: dict[str, Any], errors: IO[str]
    ) -> None:
        self.process = process
        self._errors = errors
        self.pid: int = ready["pid"]
        self.port: int = ready["port"]
        self.tls_port: int | None = ready["tls_port"]
        self.url = f"http://127.0.0.1:{self.port}"
        # Stays open when a planted fault closes the others.
        self.control_url = f"http://127.0.0.1:{ready['control_port']}"
        self.session = requests.Session()
        # No proxy of this machine's stands between a test and the loopback.
        self.session.trust_env = False

    @classmethod
    def start(
        cls,
        *,
        tls: bool = False,
        port: int = 0,
        public_url: str | None = None,
        state: Path | None = None,
    ) -> Self:
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder) / "ready.json"
            command = [sys.executable, "-m", "zoomsandbox", "--port", str(port)]
            command += ["--control-port", "0", "--ready-file", str(ready), "--with-parent"]
            command += ["--tls-port", "0"] if tls else []
            command += ["--public-url", public_url] if public_url else []
            command += ["--state", str(state)] if state else []
            # Not a pipe: nobody reads while a test runs, and a full one would stop the sandbox.
            errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by stop
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors)
            end = time.monotonic() + PATIENCE
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > end:
                    process.kill()
                    process.wait(10)
                    raise RuntimeError(f"the sandbox did not start: {_read_all(errors)}")
                time.sleep(0.02)
            return cls(process, json.loads(ready.read_text()), errors)

    def read_errors(self) -> str:
        """All that it has written to its standard error."""
        return _read_all(self._errors)

    def stop(self) -> int:
        """Ask it to end, insist after ten seconds, and tell its exit code."""
        self.session.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._errors.close()
        return self.process.returncode

    @classmethod
    @contextlib.contextmanager
    def running(cls, **options: Any) -> Iterator[Self]:
        sandbox = cls.start(**options)
        try:
            yield sandbox
        finally:
            sandbox.stop()

    def control(self, method: str, path: str, /, body: Any = None, **query: Any) -> Any:
        """Call ``/_control/<path>``; raises on anything but success."""
        answer = self.session.request(
            method, f"{self.control_url}/_control/{path}", json=body, params=query, timeout=PATIENCE
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

    def sign_out(self, user_id: str, operation: str = "sign_out_from_all_devices") -> None:
        """The user signs out everywhere, or has a new password: every ZAK of theirs ends."""
        self.control("POST", f"users/{user_id}/sign-out", {"operation": operation})

    def crashes(self) -> list[dict[str, str]]:
        """Defects of the sandbox's own: call and traceback of each."""
        return self.control("GET", "crashes")

    def ledger(self, call: str | None = None, **query: Any) -> list[dict[str, Any]]:
        """The calls in their order; those that fit call, path, account, status, since, limit."""
        return self.control("GET", "ledger", **({"call": call} if call else {}), **query)

    def count_calls(self, by: str = "call", **query: Any) -> dict[str, int]:
        """How many calls of each call, account or status."""
        return self.control("GET", "ledger/counts", by=by, **query)["counts"]

    def calls(self) -> list[str]:
        """The names of all calls in their order."""
        return [entry["call"] for entry in self.ledger()]

    def clear_ledger(self) -> None:
        self.control("DELETE", "ledger")

    def snapshot(self, name: str) -> dict[str, Any]:
        """Keep the state under this name."""
        return self.control("POST", "snapshots", {"name": name})

    def restore(self, name: str) -> None:
        self.control("POST", f"snapshots/{name}/restore")

    def fault(self, call: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Plant a fault on calls of this name: times, skip, seconds and what its kind heeds."""
        return self.control("POST", "faults", {"call": call, "kind": kind, **fields})

    def refuse(self, seconds: float) -> dict[str, Any]:
        """Close the public ports; the control port stays open."""
        return self.control("POST", "faults", {"kind": "refuse", "seconds": seconds})

    def faults(self) -> list[dict[str, Any]]:
        return self.control("GET", "faults")

    def clear_faults(self, name: str | None = None) -> None:
        self.control("DELETE", "faults", **({"name": name} if name else {}))

    def fault_kinds(self) -> list[str]:
        return [kind["name"] for kind in self.control("GET", "fault-kinds")]

    def play(self, name: str, **script: Any) -> dict[str, Any]:
        """Play a scenario from now on: one that comes with the sandbox, or one with these steps."""
        return self.control("POST", "scenarios", {"name": name, **script})

    def plays(self) -> list[dict[str, Any]]:
        return self.control("GET", "scenarios")["plays"]

    def stop_plays(self) -> list[str]:
        return self.control("DELETE", "scenarios")["stopped"]

    def clock(self, advance: float) -> float:
        """Move the sandbox's clock; tells its time."""
        return self.control("POST", "clock", {"advance": advance})["now"]

    def freeze(self) -> float:
        """Let the sandbox's clock stand; tells at what time."""
        return self.control("POST", "clock", {"freeze": True})["now"]

    def unfreeze(self) -> None:
        self.control("POST", "clock", {"freeze": False})

    def settle(self) -> None:
        """Wait until nothing that is due, such as a delivery, is still to be done."""
        assert self.control("POST", "settle")["settled"]

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


def _read_all(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
