"""Databases of several sizes beside each other: made once, compared round by round, dropped."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import sql

from benchmarks.servers import connect_to_server


@contextmanager
def copied_database(label: str) -> Iterator[str]:
    """A copy of the database in use, which must be as `migrate` left it; dropped in the end."""
    source = connection.settings_dict["NAME"]
    name = f"{source}_{label}"
    _run("CREATE DATABASE {} TEMPLATE {}", name, source)
    try:
        yield name
    finally:
        _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def using_database(name: str) -> Iterator[None]:
    """This process, and the servers it starts meanwhile, work on that database."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _run(statement: str, *names: str) -> None:
    # A copy is made of a database in which nobody is.
    connection.close()
    with connect_to_server() as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
