"""The portal as its users meet it: gunicorn processes with production settings."""

import contextlib
import fcntl
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.db import connection

from tests.settings import BUILD, ENVIRONMENT, RUN

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0


def database_url() -> str:
    """The test database, for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    host, user = connection.settings_dict["HOST"], connection.settings_dict["USER"]
    return f"postgres://{user}@{host}:5432/{name}" if host else f"postgres:///{name}"


def environment(**changes: str) -> dict[str, str]:
    """What the portal's other processes see: this test run's settings, as environment."""
    return {
        **os.environ,
        **ENVIRONMENT,
        "DATABASE_URL": database_url(),
        "ZOOM_API_URL": settings.ZOOM_API_URL,
        "ZOOM_OAUTH_URL": settings.ZOOM_OAUTH_URL,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        **changes,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.cache
def collect_static() -> None:
    """Static files as production has them, once a run. Links: the SDK alone is over 100 MB."""
    stamp = BUILD / f"collected-{os.environ.get('PYTEST_XDIST_TESTRUNUID', RUN)}"
    with (BUILD / "collect.lock").open("w") as lock:
        # The processes of one run share the folder; the second must not write while one serves.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists():
            return
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--link", "-v0"],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "portal.settings"},
            check=True,
            timeout=120,
        )
        for earlier in BUILD.glob("collected-*"):
            earlier.unlink()
        stamp.touch()


@contextlib.contextmanager
def worker(**changes: str) -> Iterator[Path]:
    """A Celery worker with beat; yields its log. Ended by its own process id."""
    path = BUILD / f"worker-{os.getpid()}.log"
    command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "-B", "--concurrency", "1"]
    command += ["--loglevel", "DEBUG", "--schedule", str(BUILD / f"beat-{os.getpid()}")]
    path.unlink(missing_ok=True)
    with path.open("a") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(**changes),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield path
        finally:
            _end(process)
            _wait_for_its_children(process)


def _wait_for_its_children(process: subprocess.Popen[Any]) -> None:
    """A pool's process outlives the worker for seconds, and holds the test database meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        end = time.monotonic() + 15
        while time.monotonic() < end:
            os.killpg(process.pid, 0)
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def running(
    *,
    workers: int = 1,
    threads: int = 8,
    base: str = "",
    pid_file: Path | None = None,
    **changes: str,
) -> Iterator[str]:
    """A portal on a free port; yields its address. Ended by its own process id.

    `base`: the address that people type, if there is a proxy in front. `pid_file` gets the process
    id of the master, whose only children are the workers.
    """
    collect_static()
    port = free_port()
    address = f"http://localhost:{port}"
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", str(threads), "--timeout", "60"]
    # Longer than a test: a connection closed at the moment of its reuse fails a test at random.
    command += ["--keep-alive", "75"]
    command += ["--pid", str(pid_file)] if pid_file else []
    log = (BUILD / f"server-{port}.log").open("w+")
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(BASE_URL=base or address, **changes),
        stdout=log,
        stderr=log,
    )
    try:
        _wait_until_it_answers(process, address)
        yield address
    finally:
        _end(process)
        log.close()


def _end(process: subprocess.Popen[Any]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def _wait_until_it_answers(process: subprocess.Popen[Any], address: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{address}/accounts/login/", timeout=PATIENCE)
            return
        time.sleep(0.1)
    raise RuntimeError("the portal did not start; see build/server-*.log")
