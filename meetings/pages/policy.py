"""What the browser may do on the pages that lead to Zoom."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE, WASM_UNSAFE_EVAL
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]

# Zoom answers with the hosts of the meeting at run time, so they cannot be named more closely.
_ZOOM = ["https://zoom.us", "https://*.zoom.us"]


def _links() -> list[str]:
    """Where a form may lead: Chromium checks `form-action` on redirects too."""
    stand_in = [settings.ZOOM_SDK_STAND_IN] if settings.ZOOM_SDK_STAND_IN else []
    return [SELF, *_ZOOM, *stand_in]


def may_leave_to_zoom(view: View) -> View:
    """Let "Open in Zoom app" redirect to Zoom."""
    return csp_update({"form-action": _links()[1:]})(view)


def _start_page_policy() -> dict[str, list[str]]:
    stand_in = settings.ZOOM_SDK_STAND_IN
    scripts = [SELF, "blob:", WASM_UNSAFE_EVAL]
    connect = [SELF, *_ZOOM, "wss://*.zoom.us"]
    if stand_in:
        scripts.append(stand_in)
        connect += [stand_in, stand_in.replace("http", "ws", 1)]
    return {
        "default-src": ["'none'"],
        # blob: the SDK's media workers are blobs and load further ones. No 'unsafe-eval': the SDK
        # probes for it twice and works without. Nor zoom.us: the SDK's fallback for a failed
        # request is a script whose address would carry the ZAK.
        "script-src": scripts,
        "worker-src": ["blob:"],
        # The SDK makes its own style elements.
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": connect,
        "form-action": _links(),
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }


def start_page_policy(view: View) -> View:
    """The start page's own policy: isolated, and as open as the SDK needs, on this page only.

    Never add a report address to it: a report holds the blocked address, with what is in it.
    """

    @wraps(view)
    def isolated(*args: Any, **kwargs: Any) -> HttpResponseBase:
        response = csp_replace(_start_page_policy())(view)(*args, **kwargs)
        # Isolation gives the SDK SharedArrayBuffer: gallery view, 720p, backgrounds.
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        response["Permissions-Policy"] = (
            "camera=(self), microphone=(self), display-capture=(self), geolocation=()"
        )
        # Not "no-referrer": Chromium then sends `Origin: null` with forms, and Django's CSRF check
        # refuses "Open in Zoom app". Zoom gets no referrer either way.
        response["Referrer-Policy"] = "same-origin"
        return response

    return isolated
