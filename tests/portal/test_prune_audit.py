"""`manage.py prune_audit`: old events go by this one way, and the table is append-only again."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.append_only import lifted
from portal.audit import record
from portal.models import AuditEvent
from tests.factories import OrganizationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TABLE = AuditEvent._meta.db_table


def event(days_ago, action="test.done"):
    moment = timezone.now() - timedelta(days=days_ago)
    organization = OrganizationFactory()
    return AuditEvent.objects.create(
        at=moment, action=action, result="done", organization_id=organization.pk
    )


def prune(days_ago, *arguments):
    out = StringIO()
    before = (timezone.now() - timedelta(days=days_ago)).date().isoformat()
    call_command("prune_audit", "--before", before, *arguments, stdout=out)
    return out.getvalue()


def assert_append_only():
    record("test.last", organization=None, actor=None)
    for statement in (f"DELETE FROM {TABLE}", f"UPDATE {TABLE} SET action = 'x'"):  # noqa: S608
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)


def test_what_is_older_goes_and_what_is_younger_stays():
    event(400, "test.old")
    event(100, "test.young")
    assert "1 events deleted." in prune(365)
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {
        "test.young",
        "audit.pruned",
    }
    assert_append_only()


def test_the_pruning_is_audited_with_what_went():
    old = event(400)
    prune(365)
    told = AuditEvent.objects.get(action="audit.pruned")
    assert told.detail["count"] == 1
    assert told.detail["first"] == old.at.isoformat()


def test_events_of_a_pruning_outlive_the_next():
    event(800, "audit.pruned")
    event(700)
    prune(365)
    assert AuditEvent.objects.filter(action="audit.pruned").count() == 2


def test_the_last_ninety_days_stay():
    event(80)
    with pytest.raises(CommandError, match="90 days"):
        prune(70)
    assert AuditEvent.objects.count() == 1


def test_a_dry_run_counts_and_deletes_nothing():
    event(400)
    assert "1 events before" in prune(365, "--dry-run")
    assert AuditEvent.objects.get().action == "test.done"


def test_it_goes_in_parts_and_each_is_told():
    for _ in range(5):
        event(400)
    prune(365, "--batch-size", "2")
    counts = AuditEvent.objects.filter(action="audit.pruned").values_list("detail", flat=True)
    assert sorted(detail["count"] for detail in counts) == [1, 2, 2]


def test_what_fails_in_between_changes_nothing_and_leaves_the_table_guarded():
    event(400)

    def fail():
        with lifted(AuditEvent):
            AuditEvent.objects.all().delete()
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError):
        fail()
    assert AuditEvent.objects.get().action == "test.done"
    assert_append_only()


def test_the_rule_is_lifted_in_a_transaction_of_its_own_only():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), lifted(AuditEvent):
        pass
    assert_append_only()


def test_nothing_to_prune_is_no_event():
    prune(365)
    assert not AuditEvent.objects.exists()
