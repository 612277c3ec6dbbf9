"""Worker and beat as processes of their own, which can be killed alone or together."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.server import ROOT, environment


class Background:
    """A worker with one child, and a beat. What was killed is started again by `revive`."""

    def __init__(self, **changes: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._environment = environment(**changes)
        self._worker: subprocess.Popen[bytes] | None = None
        self._beat: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.revive()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        self.kill("group")
        self._folder.cleanup()

    def revive(self) -> None:
        """Start what does not run, as whoever supervises processes does."""
        if self._worker is None or self._worker.poll() is not None:
            self._worker = self._start("worker", "--concurrency", "1")
        if self._beat is None or self._beat.poll() is not None:
            schedule = Path(self._folder.name) / "beat"
            self._beat = self._start("beat", "--schedule", str(schedule), "--pidfile=")

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (Path(self._folder.name) / f"{arguments[0]}.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "portal", *arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, what: str) -> None:
        """With -9: the worker's child, the worker alone, beat, or all of them at once."""
        {
            "child": self._kill_child,
            "worker": lambda: self._kill_process(self._worker),
            "beat": lambda: self._kill_process(self._beat),
            "group": self._kill_groups,
        }[what]()

    def _kill_child(self) -> None:
        assert self._worker is not None
        listed = Path(f"/proc/{self._worker.pid}/task/{self._worker.pid}/children").read_text()
        for pid in listed.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def _kill_process(self, process: subprocess.Popen[bytes] | None) -> None:
        assert process is not None
        process.kill()
        process.wait(10)

    def _kill_groups(self) -> None:
        for process in (self._worker, self._beat):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def wait_until(check: Callable[[], bool], seconds: float) -> float:
    """How many seconds it took; fails after `seconds`."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() < began + seconds, f"not within {seconds} seconds"
        time.sleep(0.05)
    return time.monotonic() - began
