"""A Redis of a test's own, to be ended, halted and started anew without data."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Self

from tests.server import free_port

PATIENCE = 10.0


class Broker:
    """Nothing is kept on disk, so a restart is a flush."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Return once it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            command, cwd=self._folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < end, "redis-server did not start"
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """From now on it refuses, and what it held is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def halt(self) -> None:
        """From now on its system accepts for it, and nobody answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)
