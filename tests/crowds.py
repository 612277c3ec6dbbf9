"""Many rows at once, copied in the database from one that a factory made (PostgreSQL)."""

from django.db import connection, models


def multiply(row: models.Model, count: int, **changed: str) -> None:
    """`count` copies of the row, with new keys; `changed` has SQL over `n`, from 1 to `count`."""
    fields = [field for field in row._meta.concrete_fields if not field.generated]
    changed.setdefault(row._meta.pk.column, "gen_random_uuid()")
    columns = [field.column for field in fields]
    assert set(changed) <= set(columns), set(changed) - set(columns)
    table, key = row._meta.db_table, row._meta.pk.column
    values = ", ".join(changed.get(column, f'one."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {values} '  # noqa: S608 - our own names
            f'FROM "{table}" one, generate_series(1, %s) n WHERE one."{key}" = %s',
            [count, row.pk],
        )
