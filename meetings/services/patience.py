"""How long the black box waits for its own table: somebody may have locked it."""

from contextlib import AbstractContextManager
from typing import Any

from portal.statements import give_up_after

_MOST_MS = 1000


def in_time() -> AbstractContextManager[Any]:
    """Inside, a statement that takes too long ends with a `DatabaseError`.

    A database that crashes may forget the last of the steps; a host does not wait for the disk.
    """
    return give_up_after(_MOST_MS, is_durable=False)
