"""What single statements may take of PostgreSQL: time, and a wait for the disk."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from django.db import connection


def give_up_after(milliseconds: int, *, is_durable: bool = True) -> AbstractContextManager[Any]:
    """Inside, each statement that takes longer ends with an `OperationalError`.

    Not `lock_timeout`: that is counted anew for each row. Not durable: what is written need not
    outlast a crash of the database, so that nobody waits until it is on the disk. On SQLite nothing
    of this is: it has one writer at a time, and a patience of its own.
    """
    if connection.vendor != "postgresql":
        return nullcontext()
    # Zero would be no limit at all.
    limits = [f"SET LOCAL statement_timeout = '{max(1, milliseconds)}ms'"]
    if not is_durable:
        limits.insert(0, "SET LOCAL synchronous_commit = off")
    return connection.execute_wrapper(partial(_execute_within, limits))


def _execute_within(
    limits: list[str], execute: Any, sql: str, params: Any, many: bool, context: Any
) -> Any:
    # With the statement, not before it: together they are one way to the database and back.
    # `portal.checks` refuses the database option with which that could not be.
    answer = execute("; ".join([*limits, sql]), params, many, context)
    for _limit in limits:
        context["cursor"].nextset()
    return answer
