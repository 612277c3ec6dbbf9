"""Servers as production runs them, all by the same line: gunicorn, threads, PostgreSQL."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connection

from tests.server import ROOT, _end, _wait_until_it_answers, environment, free_port
from tests.settings import BUILD

WORKERS, THREADS = 2, 32


@contextlib.contextmanager
def serving(
    app: str = "portal.wsgi",
    *,
    workers: int = WORKERS,
    threads: int = THREADS,
    access_log: Path | None = None,
    **changes: str,
) -> Iterator[int]:
    """A server of this application on a free port, which it yields."""
    port = free_port()
    base = f"http://localhost:{port}"
    command = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", str(threads)]
    command += ["--no-control-socket"]
    if access_log is not None:
        command += [
            "--access-logfile",
            str(access_log),
            "--access-logformat",
            "%(s)s %({content-length}o)s %(U)s",
        ]
    # As production has it; no organization of a benchmark asks for a second factor.
    env = environment(BASE_URL=base, LOG_LEVEL="WARNING", MFA_ENFORCED="true", **changes)
    with (BUILD / f"bench-server-{port}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            _wait_until_it_answers(process, base)
            yield port
        finally:
            _end(process)


def free_connections() -> None:
    """End all connections to the database but our own: two full servers need more than there are.

    The servers open new ones in the warm-up, all sides alike.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def connect_to_server() -> psycopg.Connection:
    """A connection to the database server outside any database of ours."""
    given = connection.settings_dict
    return psycopg.connect(
        dbname="postgres",
        host=given["HOST"] or None,
        user=given["USER"] or None,
        autocommit=True,
    )
