"""Looking for secrets where none may be, in every form they could take."""

import base64
import json
import sqlite3
import subprocess
from urllib.parse import quote

from django.db import connection

# Base64 as it stands in addresses.
_URL_SAFE = str.maketrans("+/", "-_")


def forms_of(secret: str) -> set[str]:
    """The secret as it may stand in a sink."""
    raw = secret.encode()
    # Base64 of a longer text holds the secret in one of three ways, by where it begins; the
    # characters at both ends also depend on what stands beside it.
    shifted = {
        base64.b64encode(b"x" * lead + raw).decode().rstrip("=")[start:-2]
        for lead, start in ((0, 0), (1, 2), (2, 3))
    }
    return {
        secret,
        raw.hex(),
        raw.hex().upper(),
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret[::-1],
        *shifted,
        *(part.translate(_URL_SAFE) for part in shifted),
    }


def find_leaks(secrets: dict[str, str], sinks: dict[str, str]) -> list[tuple[str, str]]:
    """(name of the secret, name of the sink) for each secret that stands in a sink."""
    return [
        (name, sink)
        for name, secret in secrets.items()
        for sink, text in sinks.items()
        if any(form in text for form in forms_of(secret))
    ]


def dump_database() -> str:
    """Everything that is in the test database, as somebody with a backup reads it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        with sqlite3.connect(f"file:{name}?mode=ro", uri=True) as database:
            return "\n".join(database.iterdump())
    command = ["pg_dump", "--data-only", "--inserts", "--dbname", str(name)]
    if host := connection.settings_dict["HOST"]:
        command += ["--host", host, "--username", connection.settings_dict["USER"]]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
