"""`make demo` as a process, on free ports."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.server import ROOT, free_port

PASSWORD = "another-password"
PATIENCE = 90


class Demo(NamedTuple):
    """A running demo: its process, what it has printed, its address and the sandbox's."""

    process: subprocess.Popen[str]
    screen: str
    base: str
    sandbox: str


def demo_environment(folder: Path, port: int, sandbox_port: int) -> dict[str, str]:
    """What the Makefile sets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "DEBUG": "true",
        "BASE_URL": f"http://localhost:{port}",
        "DATABASE_URL": f"sqlite:///{folder}/greenroom.sqlite3",
        "BROKER_URL": f"sqla+sqlite:///{folder}/broker.sqlite3",
        "ZOOM_API_URL": f"http://localhost:{sandbox_port}/v2",
        "ZOOM_OAUTH_URL": f"http://localhost:{sandbox_port}/oauth/token",
        "ZOOM_LINK_HOSTS": "localhost",
        "ZOOM_SDK_STAND_IN": f"http://localhost:{sandbox_port}",
        "EMAIL_URL": f"filemail:///{folder}/mail",
        "LOG_LEVEL": "WARNING",
        "DEMO_PASSWORD": PASSWORD,
    }


def start_demo(folder: Path, port: int, sandbox_port: int, **changes: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "demo", "--folder", str(folder)]
    return subprocess.Popen(
        [*command, "--sandbox-port", str(sandbox_port)],
        cwd=ROOT,
        env={**demo_environment(folder, port, sandbox_port), **changes},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextlib.contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """A demo that is ready; ended with all its processes."""
    port, sandbox_port = free_port(), free_port()
    process = start_demo(folder / ".demo", port, sandbox_port)
    assert process.stdout is not None
    screen, end = "", time.monotonic() + PATIENCE
    try:
        while "Ctrl-C ends everything" not in screen:
            line = process.stdout.readline()
            screen += line
            assert line, screen
            assert time.monotonic() < end, screen
        yield Demo(process, screen, f"http://localhost:{port}", f"http://localhost:{sandbox_port}")
    finally:
        # Asked, not killed: it ends the processes that it has started.
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        process.stdout.close()
