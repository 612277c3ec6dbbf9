"""An endpoint that is told of events: it knows what is genuine, and can be made to misbehave."""

import contextlib
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

Answer = tuple[int, bytes]


def compute_hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@dataclass
class Post:
    """One POST as it came in."""

    headers: dict[str, str]
    raw: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)

    @property
    def event(self) -> str:
        return self.body["event"]

    @property
    def about(self) -> dict[str, Any]:
        return self.body["payload"]["object"]

    @property
    def timestamp(self) -> int:
        return int(self.headers["x-zm-request-timestamp"])

    def is_signed_with(self, secret: str) -> bool:
        """By what Zoom writes about it: HMAC-SHA256 of version, timestamp and the raw body."""
        stamp = self.headers["x-zm-request-timestamp"].encode()
        expected = "v0=" + compute_hmac(secret, b"v0:" + stamp + b":" + self.raw)
        return hmac.compare_digest(expected, self.headers["x-zm-signature"])


class Receiver:
    """Answers challenges rightly and events with 200, unless told otherwise.

    ``statuses`` are for the next events, ``status`` is for all others; ``delay`` is in seconds.
    ``answer_challenge`` makes the answer to a plain token.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.posts: list[Post] = []
        self.challenges: list[Post] = []
        self.status = 200
        self.statuses: list[int] = []
        self.location = ""
        self.delay = 0.0
        self.answer_challenge: Callable[[str], Answer] = self.pass_challenge
        self.most_at_once = 0
        self._now_here = 0
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/zoom"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @classmethod
    @contextlib.contextmanager
    def running(cls, secret: str) -> Iterator[Self]:
        receiver = cls(secret)
        receiver._thread.start()
        try:
            yield receiver
        finally:
            receiver.stop()

    def stop(self) -> None:
        """Close the port: from then on connections are refused. May be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(5)

    @property
    def events(self) -> list[str]:
        return [post.event for post in self.posts]

    def pass_challenge(self, plain: str) -> Answer:
        encrypted = compute_hmac(self.secret, plain.encode())
        return 200, json.dumps({"plainToken": plain, "encryptedToken": encrypted}).encode()

    def _receive(self, post: Post) -> Answer:
        if post.event == "endpoint.url_validation":
            self.challenges.append(post)
            time.sleep(self.delay)
            return self.answer_challenge(post.body["payload"]["plainToken"])
        with self._lock:
            self.posts.append(post)
            status = self.statuses.pop(0) if self.statuses else self.status
            self._now_here += 1
            self.most_at_once = max(self.most_at_once, self._now_here)
        time.sleep(self.delay)
        with self._lock:
            self._now_here -= 1
        return status, b""

    def _make_handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, body = receiver._receive(Post(headers, raw))
                # The sandbox may have lost its patience meanwhile.
                with contextlib.suppress(ConnectionError):
                    self.send_response(status)
                    if receiver.location:
                        self.send_header("Location", receiver.location)
                    if status != 204:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        return Handler
