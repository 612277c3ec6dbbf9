"""What single statements may take of PostgreSQL."""

import pytest
from django.db import OperationalError, connection, transaction

from portal.statements import give_up_after

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL alone"),
]


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_a_statement_that_takes_too_long_is_given_up():
    with give_up_after(20), pytest.raises(OperationalError), transaction.atomic():
        ask("SELECT pg_sleep(20)")


@pytest.mark.parametrize("milliseconds", [0, -5])
def test_no_time_left_is_not_no_limit(milliseconds):
    with give_up_after(milliseconds):
        assert ask("SHOW statement_timeout") == "1ms"


@pytest.mark.parametrize(("is_durable", "waits"), [(True, "on"), (False, "off")])
def test_only_what_may_be_forgotten_does_not_wait_for_the_disk(is_durable, waits):
    with give_up_after(1000, is_durable=is_durable):
        assert ask("SHOW synchronous_commit") == waits


@pytest.mark.django_db(transaction=True)
def test_what_comes_after_has_no_limit_and_waits_for_the_disk():
    with give_up_after(1000, is_durable=False):
        ask("SELECT 1")
    assert [ask("SHOW statement_timeout"), ask("SHOW synchronous_commit")] == ["0", "on"]
