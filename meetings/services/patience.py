"""How long the black box waits for its own table: somebody may have locked it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connection

_MOST_MS = 1000


def in_time() -> AbstractContextManager[Any]:
    """Inside, a statement that takes too long ends with a `DatabaseError`.

    On PostgreSQL; SQLite has one writer at a time, and a patience of its own.
    """
    if connection.vendor != "postgresql":
        return nullcontext()
    return connection.execute_wrapper(_give_up_early)


def _give_up_early(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    # With the statement, not before it: together they are one way to the database and back.
    answer = execute(f"SET LOCAL statement_timeout = '{_MOST_MS}ms'; {sql}", params, many, context)
    context["cursor"].nextset()
    return answer
