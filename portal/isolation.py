"""Response headers for the SDK's files, so that the isolated start page may run them.

Imports nothing: the settings hand the function itself to WhiteNoise.
"""

from wsgiref.headers import Headers


def add_headers(headers: Headers, path: str, url: str) -> None:
    """Mark the SDK's files as loadable under `Cross-Origin-Embedder-Policy: require-corp`.

    A worker started from a page under that policy must itself carry it (HTML standard, worker
    processing model).
    """
    if "/zoomsdk/" in url:
        headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
