"""When a token is replaced, and when Zoom is asked again after it did not give one. Pure.

Time and chance are passed in, so that a test or a simulation has both in its hand.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

# Of the token's life. Late enough to cost Zoom little, early enough for an outage of minutes; and
# spread, so that accounts that were entered together part.
EARLIEST, LATEST = 0.5, 0.8
# A short-lived token is replaced while it can still be handed out for some sweeps.
MARGIN = timedelta(minutes=2)
# Whatever life Zoom gives, an account is not asked for more often than this.
SHORTEST_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True)
class Backoff:
    """Pauses that double from `first` up to `longest`, each cut by up to a half by chance."""

    first: timedelta
    longest: timedelta

    def pause(self, failures: int, rng: random.Random) -> timedelta:
        """How long to wait after so many failures in a row, of which there is at least one."""
        # Beyond ten doublings nothing changes but the size of the number.
        whole: timedelta = min(self.first * 2 ** min(failures - 1, 10), self.longest)
        part: float = rng.uniform(0.5, 1.0)
        return whole * part


# Zoom is down, slow or unreachable: it ends by itself.
TEMPORARY = Backoff(timedelta(seconds=30), timedelta(minutes=15))
# Somebody must enter or change something; until then every call is a wrong password at Zoom.
LASTING = Backoff(timedelta(hours=1), timedelta(hours=6))


def next_refresh(*, issued_at: datetime, expires_at: datetime, rng: random.Random) -> datetime:
    """When to replace a token that lives from `issued_at` to `expires_at`."""
    life = expires_at - issued_at
    wanted = issued_at + life * rng.uniform(EARLIEST, LATEST)
    return max(min(wanted, expires_at - MARGIN), issued_at + SHORTEST_PAUSE)


def next_attempt(
    *,
    now: datetime,
    failures: int,
    is_lasting: bool,
    expires_at: datetime | None,
    not_before: datetime | None,
    rng: random.Random,
) -> datetime:
    """When to ask again after `failures` in a row, the last of them at `now`.

    A temporary failure does not pause beyond half of what the stored token, which ends at
    `expires_at`, still has to live. `not_before` is Zoom's word for when it takes the next call;
    it is kept, up to the longest pause there is.
    """
    backoff = LASTING if is_lasting else TEMPORARY
    pause = backoff.pause(failures, rng)
    if not is_lasting and expires_at is not None and expires_at - MARGIN > now:
        pause = max(min(pause, (expires_at - MARGIN - now) / 2), TEMPORARY.first / 2)
    if not_before is not None:
        pause = max(pause, min(not_before - now, LASTING.longest))
    return now + pause
