"""The sandbox's own time, which a test can turn."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's time plus what it was advanced by."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def today(self) -> str:
        """The date in UTC: Zoom's daily counters begin anew at 00:00 UTC."""
        return datetime.fromtimestamp(self.now(), UTC).date().isoformat()
