"""Moments as Zoom writes them: in UTC, to the second."""

from datetime import UTC, datetime


def write_time(moment: datetime | float) -> str:
    """A number is in seconds since the epoch."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def read_time(text: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def count_minutes(start: float, end: float) -> int:
    """Begun minutes, at least one: how Zoom tells the length of a meeting."""
    return max(1, -int(-(end - start) // 60))
