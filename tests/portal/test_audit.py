"""The audit trail cannot be rewritten."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from portal.audit import record
from portal.models import AuditEvent, Organization
from tests.factories import OrganizationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TABLE = AuditEvent._meta.db_table


@pytest.fixture
def event():
    return record("test.done", organization=OrganizationFactory(), actor=UserFactory())


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET action = 'other'",  # noqa: S608 - our own name
        f"DELETE FROM {TABLE}",  # noqa: S608 - our own name
    ],
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
    names = {
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    }
    with connection.cursor() as cursor:
        cursor.execute(names[connection.vendor])
        ours = [name for (name,) in cursor.fetchall() if name.startswith(f"{TABLE}_")]
    assert len(ours) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_transactional_tests_still_tear_down(event, run):
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_triggers_hold_in_transactional_tests_too(event):
    with pytest.raises(DatabaseError, match="append-only"):
        connection.cursor().execute(f"DELETE FROM {TABLE}")  # noqa: S608 - our own name


def test_an_event_outlives_its_organization(event):
    Organization.objects.all().delete()
    assert AuditEvent.objects.get().organization_name
