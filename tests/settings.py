"""Production settings, read from a test environment: PostgreSQL and Redis where they answer.

Only the environment differs from production, and below it what a test run needs to own: names of
test databases, and static file names without hashes.
"""

import os
import socket
from pathlib import Path

import psycopg

BUILD = Path(__file__).resolve().parent.parent / "build"
BUILD.mkdir(exist_ok=True)
RUN = f"{os.getpid()}"


TEST_DATABASE = os.environ.get("TEST_DATABASE", "")
if TEST_DATABASE not in ("", "sqlite", "postgresql"):
    raise SystemExit("TEST_DATABASE must be sqlite, postgresql or empty.")


def _find_postgresql() -> str | None:
    for url in ("postgres:///postgres", "postgres://postgres@127.0.0.1:5432/postgres"):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            continue
        return url.removesuffix("postgres") + "greenroom"
    return None


def _find_broker() -> str:
    in_a_file = f"sqla+sqlite:///{BUILD / f'test-broker-{RUN}.sqlite3'}"
    if TEST_DATABASE == "sqlite":
        return in_a_file
    try:
        socket.create_connection(("127.0.0.1", 6379), timeout=1).close()
    except OSError:
        return in_a_file
    # One of Redis's numbered databases for each run that goes on at the same time.
    return f"redis://127.0.0.1:6379/{os.getpid() % 15 + 1}"


_postgresql = None if TEST_DATABASE == "sqlite" else _find_postgresql()
if TEST_DATABASE == "postgresql" and _postgresql is None:
    raise SystemExit("TEST_DATABASE=postgresql, but no PostgreSQL answers.")

ENVIRONMENT = {
    "DEBUG": "false",
    "SECRET_KEY": "test-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz",
    "BASE_URL": "http://localhost",
    "DATABASE_URL": _postgresql or f"sqlite:///{BUILD / 'unused.sqlite3'}",
    "BROKER_URL": _find_broker(),
    "SEALING_KEYS": "test=" + "dGVzdC1zZWFsaW5nLWtleS10aGF0LWlzLTMyYnl0ZXM=",
    # Most tests are about something else than how their admins signed in.
    "MFA_ENFORCED": "false",
    # The discard port: a test that forgot the sandbox is refused at once.
    "ZOOM_API_URL": "http://127.0.0.1:9/v2",
    "ZOOM_OAUTH_URL": "http://127.0.0.1:9/oauth/token",
    # The sync Playwright API runs an event loop in the test's thread.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}
os.environ.update(ENVIRONMENT)

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, STORAGES  # noqa: E402

DATABASES["default"]["TEST"] = {
    # The process id keeps runs that go on at the same time apart.
    "NAME": f"test_greenroom_{RUN}" if _postgresql else str(BUILD / f"test-{RUN}.sqlite3"),
}
if _postgresql:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
}
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
