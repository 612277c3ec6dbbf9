"""A page of nobody's that joins a meeting with Zoom's own SDK, or with the sandbox's stand-in."""

import functools
import http.server
import json
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules/@zoom/meetingsdk"
VENDORS = ("react", "react-dom", "redux", "redux-thunk", "lodash")
SCRIPT = """
window.seen = [];
const note = (name) => (value) => seen.push([name, value]);
ZoomMtg.setZoomJSLib(location.origin + "/lib", "/av");
ZoomMtg.preLoadWasm();
ZoomMtg.prepareWebSDK();
window.start = (join) => ZoomMtg.init({
  leaveUrl: "/left",
  disablePreview: true,
  isShowJoiningErrorDialog: false,
  success: () => ZoomMtg.join({ ...join, success: note("joined"), error: note("error") }),
});
"""


class SdkPage:
    """Serves the pages at /real and /stand-in, and the files of Zoom's package."""

    def __init__(self, sandbox_url: str) -> None:
        version = json.loads((PACKAGE / "package.json").read_text())["version"]
        real = [f"/lib/vendor/{name}.min.js" for name in VENDORS]
        real.append(f"/zoom-meeting-{version}.min.js")
        texts = {
            "/real": ("text/html", _make_page(real)),
            "/stand-in": ("text/html", _make_page([f"{sandbox_url}/sdk/zoom-stand-in.js"])),
            "/start.js": ("text/javascript", SCRIPT),
        }
        handler = functools.partial(_Handler, texts, directory=str(PACKAGE / "dist"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def join(self, page: Page, kind: str, package: dict[str, Any]) -> dict[str, Any]:
        """What the callback of ``join`` is given, success or error."""
        page.goto(f"{self.url}/{kind}")
        page.evaluate("join => start(join)", package)
        page.wait_for_function("seen.length > 0")
        [name, answer] = page.evaluate("seen[0]")
        return {"callback": name, **(answer or {})}


def _make_page(scripts: list[str]) -> str:
    tags = "".join(f'<script src="{src}"></script>' for src in [*scripts, "/start.js"])
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title>{tags}'


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, texts: dict[str, tuple[str, str]], *args: Any, **options: Any) -> None:
        self.texts = texts
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        if self.path not in self.texts:
            super().do_GET()
            return
        kind, text = self.texts[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass
