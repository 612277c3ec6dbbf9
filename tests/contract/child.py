"""A process that is asked to end in time, and made to."""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Timer
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run_child(
    command: list[str],
    environment: Mapping[str, str],
    *,
    seconds: float,
    last_words: float,
    hear: Callable[[str], None],
) -> bool:
    """Run it and `hear` each line of its output; False if this process was interrupted meanwhile.

    After `seconds`, or when this process is interrupted, it gets one SIGINT and then `last_words`
    seconds to clear up. Two of them would break off the clearing up, so no terminal reaches it.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell starts what it runs in the background so, and the child would be deaf as well.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            with _ended_after(process, seconds, last_words):
                _listen(process, hear)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            with _ended_after(process, last_words, 0):
                _listen(process, hear)
            return False
    return True


def _listen(process: subprocess.Popen[str], hear: Callable[[str], None]) -> None:
    for line in process.stdout or ():
        hear(line)
    process.wait()


@contextlib.contextmanager
def _ended_after(
    process: subprocess.Popen[Any], seconds: float, last_words: float
) -> Iterator[None]:
    timers = [
        Timer(seconds, process.send_signal, [signal.SIGINT]),
        Timer(seconds + last_words, process.kill),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
