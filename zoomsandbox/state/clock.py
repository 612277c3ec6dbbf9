"""The sandbox's own time, which a test can turn and stop."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's time plus what it was turned by, or a moment at which it stands.

    ``offset`` is in seconds; of a clock that stands it tells what it was when it was stopped.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self._stands_at: float | None = None

    @property
    def is_still(self) -> bool:
        return self._stands_at is not None

    def now(self) -> float:
        """Seconds since the epoch."""
        if self._stands_at is not None:
            return self._stands_at
        return time.time() + self.offset

    def today(self) -> str:
        """The date in UTC: Zoom's daily counters begin anew at 00:00 UTC."""
        return datetime.fromtimestamp(self.now(), UTC).date().isoformat()

    def stand(self, moment: float) -> None:
        """Set it to this moment, at which it stays until :meth:`go_on`."""
        self._stands_at = moment
        self.offset = moment - time.time()

    def go_on(self) -> None:
        """Run again, from where it stands."""
        self.offset = self.now() - time.time()
        self._stands_at = None
