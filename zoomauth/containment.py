"""How many of one account's calls may be under way in one process.

A call holds the thread of whoever waits for it. If Zoom is slow for one account, all threads of a
web process would soon wait for that account, and nobody else's page would be served.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.conf import settings

from zoomauth.errors import ZoomTooManyAtOnce

# Where Zoom answers within it, as it does on all but bad days, a crowd passes without a refusal.
PATIENCE: Final = 1.0

_changed = threading.Condition()
# By account: when each call under way began, the oldest first.
_under_way: dict[UUID, dict[object, float]] = defaultdict(dict)


@contextmanager
def place_for(account_id: UUID) -> Iterator[None]:
    """Inside, one of the account's `ZOOM_CALLS_AT_ONCE` places is held.

    Raises `ZoomTooManyAtOnce` when all are taken and the calls in them hang: at once if one has
    taken more than `PATIENCE` seconds, and after that time at the latest.
    """
    place = object()
    with _changed:
        _wait_for_room(account_id)
        _under_way[account_id][place] = time.monotonic()
    try:
        yield
    finally:
        with _changed:
            places = _under_way[account_id]
            del places[place]
            if not places:
                del _under_way[account_id]
            _changed.notify_all()


def _wait_for_room(account_id: UUID) -> None:
    came_at = time.monotonic()
    while len(places := _under_way.get(account_id, {})) >= settings.ZOOM_CALLS_AT_ONCE:
        oldest = next(iter(places.values()), came_at)
        left = min(came_at, oldest) + PATIENCE - time.monotonic()
        if left <= 0:
            raise ZoomTooManyAtOnce(call="containment")
        _changed.wait(left)
