"""The Chromium of the tests: headless, with a camera and a microphone that are none."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def make_flags(zoom_at: str) -> list[str]:
    """With `zoom_at` as host:port that is Zoom, the rest of the world does not exist.

    An empty `zoom_at` leaves the world as it is.
    """
    if not zoom_at:
        return [*_FLAGS]
    rules = f"MAP zoom.us:443 {zoom_at},MAP *.zoom.us:443 {zoom_at},MAP * ~NOTFOUND,"
    mapped = f"--host-resolver-rules={rules}EXCLUDE localhost,EXCLUDE 127.0.0.1"
    return [mapped, "--ignore-certificate-errors", *_FLAGS]
