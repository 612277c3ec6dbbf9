"""Append-only tables, enforced by the database.

On SQLite an altered table loses its triggers, so whoever alters such a table ends the migration
with `AppendOnly` again; a test counts the triggers after all migrations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION greenroom_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def trigger_statements(vendor: str, table: str) -> list[str]:
    """The statements that make `table` append-only; safe to run again."""
    if vendor == "postgresql":
        return [
            _POSTGRESQL_FUNCTION,
            f"DROP TRIGGER IF EXISTS {table}_rows ON {table}",
            f"DROP TRIGGER IF EXISTS {table}_truncate ON {table}",
            f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION greenroom_append_only()",
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION greenroom_append_only()",
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, 'table {table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def drop_statements(vendor: str, table: str) -> list[str]:
    """The statements that lift the rule."""
    if vendor == "postgresql":
        return [
            f"DROP TRIGGER IF EXISTS {table}_{kind} ON {table}" for kind in ("rows", "truncate")
        ]
    return [f"DROP TRIGGER IF EXISTS {table}_{verb}" for verb in ("update", "delete")]


@contextmanager
def lifted(model: type[models.Model]) -> Iterator[None]:
    """One transaction in which rows of `model` can be deleted. For `manage.py prune_audit` alone.

    Nobody else writes to the table meanwhile, and whatever happens in here, the rule is back.
    """
    table = model._meta.db_table
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        for statement in drop_statements(connection.vendor, table):
            cursor.execute(statement)
        yield
        for statement in trigger_statements(connection.vendor, table):
            cursor.execute(statement)


class AppendOnly(Operation):
    """Migration operation: rows of the model can be added and read, nothing else."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        self._run(trigger_statements, app_label, schema_editor, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        self._run(drop_statements, app_label, schema_editor, from_state)

    def _run(
        self, statements: Any, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: Any
    ) -> None:
        table = state.apps.get_model(app_label, self.model_name)._meta.db_table
        for statement in statements(schema_editor.connection.vendor, table):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Make {self.model_name} append-only"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_append_only"
