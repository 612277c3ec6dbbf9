"""Static files: hashed names for ours, plain names for Zoom's SDK, gzip beside all of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


def _is_sdk_file(name: str) -> bool:
    return name.startswith("zoomsdk/")


class BrowserFilesConfig(StaticFilesConfig):
    """Leaves out the SDK's three bundles that the page does not load.

    They are the component view and what a bundler would take, 12 MB of 108. Everything else the
    client view may ask for at run time.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "zoom-meeting-embedded-ES5.min.js",
        "zoomus-websdk.umd.min.js",
        "zoomus-websdk-embedded.umd.min.js",
    ]


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Compresses everything, and leaves the names in the SDK's folder alone.

    The SDK builds file names at run time, so hashed ones would not be found; and one of its files
    names a source map that the package does not ship, on which hashing stops.
    """

    manifest_strict = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        ours = {name: source for name, source in paths.items() if not _is_sdk_file(name)}
        yield from super().post_process(ours, dry_run=dry_run, **options)
        if not dry_run:
            for name, compressed in self.compress_files(filter(_is_sdk_file, paths)):
                yield name, compressed, True

    def stored_name(self, name: str) -> str:
        return name if _is_sdk_file(name) else super().stored_name(name)

    def create_compressor(self, **options: Any) -> Compressor:
        return _Gzip(use_brotli=False, **options)


class _Gzip(Compressor):  # type: ignore[misc]
    """Compresses only what has changed: the SDK takes seconds, and changes with its version."""

    def compress(self, path: str) -> list[str]:
        compressed = Path(f"{path}.gz")
        # WhiteNoise gives both files the same time.
        if compressed.exists() and compressed.stat().st_mtime == os.stat(path).st_mtime:
            return []
        written: list[str] = super().compress(path)
        return written
