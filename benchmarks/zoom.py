"""The sandbox in the place of Zoom, for a part of the benchmarks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test.utils import override_settings

from tests.sandbox import Sandbox


@contextmanager
def zoom_sandbox(**options: Any) -> Iterator[Sandbox]:
    """A sandbox of its own, to which the portal of this process and of all servers then speaks."""
    with (
        Sandbox.running(public_url="https://zoom.us", **options) as zoom,
        override_settings(
            ZOOM_API_URL=f"{zoom.url}/v2",
            ZOOM_OAUTH_URL=f"{zoom.url}/oauth/token",
        ),
    ):
        yield zoom
