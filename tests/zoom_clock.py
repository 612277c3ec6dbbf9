"""A Zoom whose clock is wrong: it passes every call on to the sandbox and changes the Date."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

_PASSED_ON = ("Authorization", "Content-Type", "Accept")


@contextlib.contextmanager
def skewed(behind: str, *, seconds: float | None) -> Iterator[str]:
    """The address of a Zoom in front of `behind`, ahead by `seconds`; None: it tells no time."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
            answer = requests.request(
                self.command, behind + self.path, data=body, headers=headers, timeout=10
            )
            self.send_response_only(answer.status_code)
            if seconds is not None:
                date = datetime.now(UTC) + timedelta(seconds=seconds)
                self.send_header("Date", format_datetime(date, usegmt=True))
            self.send_header("x-zm-trackingid", answer.headers.get("x-zm-trackingid", ""))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass_on  # noqa: N815 - the names that the base class calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
