"""The audit trail cannot be rewritten."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from portal.audit import record
from portal.models import AuditEvent
from tests.factories import OrganizationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TABLE = AuditEvent._meta.db_table


@pytest.fixture
def event():
    return record("test.done", organization=OrganizationFactory(), actor=UserFactory())


@pytest.mark.parametrize(
    "statement",
    [f"UPDATE {TABLE} SET action = 'other'", f"DELETE FROM {TABLE}"],
)
def test_raw_sql_cannot_change_or_delete(event, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditEvent.objects.get().action == "test.done"


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no TRUNCATE")
def test_truncate_is_refused(event):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(f"TRUNCATE {TABLE}")


def test_the_orm_cannot_change_either(event):
    event.action = "other"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save(update_fields=["action"])


def test_triggers_are_there_after_all_migrations():
    table = "pg_trigger" if connection.vendor == "postgresql" else "sqlite_master"
    column = "tgname" if connection.vendor == "postgresql" else "name"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {column} LIKE '{TABLE}\\_%' ESCAPE '\\'"
                       + (" AND NOT tgisinternal" if table == "pg_trigger" else " AND type = 'trigger'"))
        assert len(cursor.fetchall()) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_transactional_tests_still_tear_down(event, run):
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_triggers_hold_in_transactional_tests_too(event):
    with pytest.raises(DatabaseError, match="append-only"):
        connection.cursor().execute(f"DELETE FROM {TABLE}")


def test_an_event_outlives_its_organization(event):
    from portal.models import Organization

    Organization.objects.all().delete()
    assert AuditEvent.objects.get().organization_name
