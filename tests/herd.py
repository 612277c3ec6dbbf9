"""Many hosts at the same moment: four processes of fifty threads, each thread one call to Zoom.

The processes are `tests.herd_process`.
"""

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from tests.server import ROOT, environment

PROCESSES, THREADS = 4, 50
# As many of a process's threads as in production, where it has 32 of them.
PLACES = THREADS * 3 // 4


class Herd:
    """The processes, ready. Ended by their own process ids."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.herd_process"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._processes = [
            subprocess.Popen(
                command, cwd=ROOT, env=environment(ZOOM_CALLS_AT_ONCE=str(PLACES)), **pipes
            )
            for _ in range(PROCESSES)
        ]

    def __enter__(self) -> Self:
        for process in self._processes:
            assert process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def run(self, accounts: list[str]) -> Counter[str]:
        """Each of these accounts asks Zoom once, all at once; how often each outcome came."""
        assert len(accounts) == PROCESSES * THREADS
        for number, process in enumerate(self._processes):
            process.stdin.write(json.dumps(accounts[number::PROCESSES]) + "\n")
            process.stdin.flush()
        with ThreadPoolExecutor(PROCESSES) as pool:
            answers = list(pool.map(lambda process: process.stdout.readline(), self._processes))
        return Counter(outcome for answer in answers for outcome in json.loads(answer))
