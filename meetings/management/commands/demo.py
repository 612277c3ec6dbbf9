"""Run the whole product on this machine, against the bundled Zoom sandbox."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from meetings.demo import OPERATOR, PEOPLE, make_world

_PATIENCE = 60.0


class Command(BaseCommand):
    """`make demo` sets the environment; this makes the world and keeps its processes."""

    help = "Run the demo (use `make demo`)."
    # The database is made here.
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, required=True)
        parser.add_argument("--sandbox-port", type=int, required=True)

    def handle(self, *, folder: Path, sandbox_port: int, **options: Any) -> None:
        port = int(settings.BASE_URL.rpartition(":")[2])
        self._refuse_unless_demo(folder)
        _refuse_busy_port(port, "PORT")
        _refuse_busy_port(sandbox_port, "SANDBOX_PORT")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _end)
        with contextlib.ExitStack() as stack:
            # Ctrl-C is how people end it, so it is no error at any moment.
            stack.enter_context(contextlib.suppress(KeyboardInterrupt))
            processes = stack.enter_context(_processes(folder))
            self._make(processes, folder, port, sandbox_port)
            self._show(port, sandbox_port, folder)
            _watch(processes)
        self.stdout.write("\nThe demo has ended.")

    def _refuse_unless_demo(self, folder: Path) -> None:
        name = settings.DATABASES["default"]["NAME"]
        # Accounts with a known password must never meet a database that is somebody's own.
        if not settings.DEBUG or not settings.ZOOM_SDK_STAND_IN or folder.name != ".demo":
            raise CommandError("The demo has settings of its own. Run `make demo`.")
        if Path(name).parent != folder:
            raise CommandError("The demo uses its own database only. Run `make demo`.")

    def _make(self, processes: dict[str, Any], folder: Path, port: int, sandbox_port: int) -> None:
        self._say("1/4  Zoom sandbox")
        sandbox = f"http://localhost:{sandbox_port}"
        address = ("--port", str(sandbox_port), "--public-url", sandbox)
        processes["sandbox"] = _start(
            folder, "sandbox", "-m", "zoomsandbox", *address, "--with-parent"
        )
        _wait_for(f"{sandbox}/", processes)
        self._say("2/4  Database, made anew: the sandbox forgets its meetings too")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        self._say("3/4  People and meetings")
        make_world(sandbox=sandbox, password=_password())
        self._say("4/4  Web server, Celery worker and beat")
        processes["worker"] = _start(folder, "worker", "-m", "celery", "-A", "portal", "worker",
                                     "--concurrency", "2", "--loglevel", "INFO")  # fmt: skip
        processes["beat"] = _start(folder, "beat", "-m", "celery", "-A", "portal", "beat",
                                   "--schedule", str(folder / "beat"))  # fmt: skip
        processes["web"] = _start(folder, "web", "-m", "gunicorn", "portal.wsgi", "--workers",
                                  "1", "--threads", "8", "--bind", f"127.0.0.1:{port}")  # fmt: skip
        _wait_for(f"{settings.BASE_URL}/accounts/login/", processes)

    def _show(self, port: int, sandbox_port: int, folder: Path) -> None:
        rows = [(person.email, person.what) for person in PEOPLE]
        rows.append((OPERATOR, "operator of the installation"))
        width = max(len(email) for email, _ in rows)
        logins = "\n".join(f"    {email:<{width}}   {what}" for email, what in rows)
        self.stdout.write(
            f"\n  Greenroom is running. Zoom is the bundled sandbox: no audio or video.\n\n"
            f"    Portal    http://localhost:{port}/\n"
            f"    Admin     http://localhost:{port}/admin/        (ada, gus, operator)\n"
            f"    API       http://localhost:{port}/api/v1/docs/  (once signed in)\n"
            f"    Sent mail http://localhost:{port}/_demo/mail/\n"
            f"    Sandbox   http://localhost:{sandbox_port}/   who is in which room, as what\n\n"
            f"  Sign in with the password  {_password()}  as\n\n{logins}\n\n"
            f"  Try: sign in as alice, open the lecture, press Start.\n"
            f"  Logs are in {folder.name}/. Ctrl-C ends everything.\n"
        )
        self.stdout.flush()

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()


def _password() -> str:
    return os.environ.get("DEMO_PASSWORD") or "greenroom-demo"


def _refuse_busy_port(port: int, name: str) -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                raise CommandError(
                    f"Port {port} is in use. Choose another: make demo {name}={port + 10}"
                )


@contextlib.contextmanager
def _processes(folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The demo's processes, in a fresh folder; all ended on the way out, last started first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        yield running
    finally:
        # A second Ctrl-C must not leave processes behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(running.values()):
            process.terminate()
        for process in running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _start(folder: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we end them in order.
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *arguments], stdout=log, stderr=log, start_new_session=True
        )


def _wait_for(url: str, processes: dict[str, Any]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        _refuse_dead(processes)
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        time.sleep(0.1)
    raise CommandError(f"{url} did not answer within {_PATIENCE:.0f} seconds.")


def _watch(processes: dict[str, Any]) -> None:
    while True:
        _refuse_dead(processes)
        time.sleep(0.5)


def _refuse_dead(processes: dict[str, Any]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise CommandError(f"The {name} process has ended; the reason is in .demo/{name}.log")


def _end(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
