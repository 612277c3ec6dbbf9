"""Static files: hashed names for ours, plain names for Zoom's SDK."""

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


def _is_sdk_file(name: str) -> bool:
    return name.startswith("zoomsdk/")


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Leaves the SDK's folder alone.

    The SDK builds file names at run time, so hashed ones would not be found; and one of its files
    names a source map that the package does not ship, on which hashing stops.
    """

    manifest_strict = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        ours = {name: source for name, source in paths.items() if not _is_sdk_file(name)}
        yield from super().post_process(ours, dry_run, **options)

    def stored_name(self, name: str) -> str:
        return name if _is_sdk_file(name) else super().stored_name(name)
