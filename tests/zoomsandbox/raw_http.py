"""HTTP as it stands on the wire: what is asked is sent as it is, well formed or not."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

PATIENCE = 20


@dataclass(frozen=True)
class Answer:
    """``asked`` is everything the client said, to be searched for what the answer repeats."""

    method: str
    target: str
    asked: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return json.loads(self.content)

    def __str__(self) -> str:
        return f"{self.asked[:400]!r} -> {self.status} {self.content[:300]!r}"


class Wire:
    """One keep-alive connection. A server that hangs up without an answer raises."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        connection = self._connection
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value.encode("utf-8", "surrogatepass"))
            if body or method not in ("GET", "DELETE", "HEAD"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            told = connection.getresponse()
            content = told.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise AssertionError(f"no answer to {method} {target}: {error!r}") from error
        asked = f"{method} {target} {body.decode('utf-8', 'replace')}"
        return Answer(method, target, asked, told.status, dict(told.getheaders()), content)

    def upgrade(self, target: str) -> int:
        """Open a WebSocket on another connection, wait for its first byte, and go away."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._connection.port, timeout=PATIENCE
        )
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "c2FuZGJveC10ZXN0LWtleQ==",
        }
        connection.request("GET", target, headers=headers)
        told = connection.getresponse()
        if told.status == HTTPStatus.SWITCHING_PROTOCOLS:
            told.fp.read(1)
        connection.close()
        return told.status

    def close(self) -> None:
        self._connection.close()
