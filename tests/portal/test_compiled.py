"""A query that is compiled once answers as its query set would, each time it is asked."""

import contextvars
import importlib
import pkgutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from threading import Barrier

import pytest
from django.db import connection, connections, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django_scopes import ScopeError

from meetings import start_queries
from meetings.models import Host
from portal.compiled import CompiledQuery
from portal.tenancy import across_all_organizations, acting_for
from tests.factories import AlternativeHostFactory
from tests.server import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def _compiled_queries():
    """All there are in the portal, by module and name."""
    for app in ("portal", "zoomauth", "meetings"):
        for found in pkgutil.walk_packages([str(ROOT / app)], f"{app}."):
            if ".migrations" not in found.name:
                module = importlib.import_module(found.name)
                for name, value in vars(module).items():
                    if isinstance(value, CompiledQuery):
                        yield f"{found.name}:{name}", value


QUERIES = dict(_compiled_queries())
each_query = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)


@pytest.fixture
def hosts():
    """One that is made for the test: the hosts of a name."""
    return CompiledQuery(hosts_named)


def hosts_named(name):
    return Host.objects.filter(name=name).select_related("organization")


@pytest.fixture
def ids(cast):
    """What the queries of a start are asked about: alice, who hosts a meeting and may start it."""
    host = cast.alice_host
    AlternativeHostFactory(meeting=cast.meeting, host=host)
    return {
        "meeting": cast.meeting.pk, "host": host.pk, "user": cast.alice.pk,
        "zoom_user_id": host.zoom_user_id, "organization": cast.acme.pk,
    }  # fmt: skip


def values_of(query, ids):
    return {name: ids[name] for name in signature(query.make).parameters}


def asked(action):
    """The statements, with their values in them."""
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"] for query in captured]


def everything_in(row, above=()):
    """Its columns and annotations, and the same of the rows that came with it."""
    if row is None or row in above:
        return row
    found = {**vars(row), **row._state.fields_cache}
    del found["_state"]
    # What a filtered relation brings is among the attributes.
    return {
        name: everything_in(value, (*above, row)) if isinstance(value, Model) else value
        for name, value in found.items()
    }


@each_query
@pytest.mark.parametrize("acting", [1, 2])
def test_the_statement_is_the_one_of_the_query_set(cast, ids, query, acting):
    values = values_of(query, ids)
    others = {name: "x" if name == "zoom_user_id" else uuid.uuid4() for name in values}
    with acting_for(*[cast.globex.pk, uuid.uuid4()][:acting]), transaction.atomic():
        query.rows(**others)
    with acting_for(*[cast.acme.pk, cast.globex.pk][:acting]):
        expected = asked(lambda: list(query.make(**values)))
        assert asked(lambda: query.rows(**values)) == [query.reword(sql) for sql in expected]


@each_query
def test_rows_and_what_comes_with_them_are_those_of_the_query_set(ids, query):
    values = values_of(query, ids)
    with transaction.atomic():
        expected = [everything_in(row) for row in query.make(**values)]
        assert [everything_in(row) for row in query.rows(**values)] == expected
    assert expected


def test_it_is_compiled_once(cast):
    made = []

    def make(name):
        made.append(name)
        return hosts_named(name)

    query = CompiledQuery(make)
    assert query.first(name="Alice") == cast.alice_host
    assert query.first(name="Bob") == cast.bob_host
    assert len(made) == 1
    assert made[0] not in ("Alice", "Bob")


def test_the_scope_is_that_of_each_time(cast, hosts):
    with acting_for(cast.acme.pk):
        assert hosts.first(name="Carol") is None
    with acting_for(cast.globex.pk):
        assert hosts.first(name="Carol") == cast.carol_host
    with acting_for(cast.acme.pk, cast.globex.pk):
        assert hosts.first(name="Carol") == cast.carol_host
    with across_all_organizations():
        assert hosts.first(name="Carol") == cast.carol_host
    with acting_for(cast.acme.pk):
        assert hosts.first(name="Carol") is None


def test_without_a_scope_it_raises_whatever_has_been_compiled(cast, hosts):
    with across_all_organizations():
        hosts.rows(name="Alice")
    with acting_for(cast.acme.pk):
        hosts.rows(name="Alice")
    for _each in range(2):
        with pytest.raises(ScopeError):
            contextvars.Context().run(hosts.rows, name="Alice")


def test_who_acts_for_nobody_finds_nothing_and_asks_nothing(cast, hosts, django_assert_num_queries):
    with acting_for(), django_assert_num_queries(0):
        assert hosts.rows(name="Alice") == []


UNFIT = {
    "forgotten": lambda name: Host.objects.all(),
    "escaped": lambda name: Host.objects.filter(name__contains=name),
    "in two forms": lambda name: Host.objects.filter(email=name).exclude(name__contains=name),
    "changed": lambda name: Host.objects.filter(name=name.lower()),
}


@pytest.mark.parametrize("make", UNFIT.values(), ids=UNFIT)
def test_a_value_that_cannot_be_filled_in_is_refused(cast, make):
    with pytest.raises(ValueError, match="cannot be filled in for name"):
        CompiledQuery(make).rows(name="Alice")


def test_without_a_scope_a_query_of_no_values_is_refused_too(cast):
    query = CompiledQuery(lambda: Host.objects.using("default"))
    with pytest.raises(ScopeError):
        contextvars.Context().run(query.rows)


def test_a_value_of_another_kind_is_refused(cast, hosts):
    with pytest.raises(TypeError, match="NoneType"):
        hosts.rows(name=None)


@pytest.mark.django_db(transaction=True)
def test_a_lock_needs_a_transaction_each_time(cast, ids):
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite locks no rows.")
    query = start_queries.MEETING_OF_HOST
    values = values_of(query, ids)
    with transaction.atomic():
        assert query.first(**values) == cast.meeting
    with pytest.raises(TransactionManagementError):
        query.first(**values)


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_at_once_get_their_own_rows(cast, hosts):
    asked_for = {
        "Alice": (cast.acme, cast.alice_host),
        "Bob": (cast.acme, cast.bob_host),
        "Carol": (cast.globex, cast.carol_host),
    }
    barrier = Barrier(len(asked_for))

    def ask(name):
        try:
            with acting_for(asked_for[name][0].pk):
                barrier.wait(timeout=10)
                return [hosts.first(name=name) for _each in range(100)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(asked_for)) as pool:
        for (_organization, host), found in zip(
            asked_for.values(), pool.map(ask, asked_for), strict=True
        ):
            assert set(found) == {host}
