"""The cast, the sandbox, and what every test needs around it."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django.plugin import blocking_manager_key

from portal.append_only import drop_statements, trigger_statements
from portal.models import AuditEvent
from tests.cast import Cast, make_cast
from tests.sandbox import Sandbox
from tests.sessions import sign_in


def pytest_report_header() -> list[str]:
    database = django_settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    broker = django_settings.CELERY_BROKER_URL.partition(":")[0]
    return [f"greenroom: database {database}, broker {broker}"]


@pytest.fixture(autouse=True)
def _outside_any_organization() -> Iterator[None]:
    """Tests arrange rows of all tenants; requests and tasks open their own scope."""
    with scopes_disabled():
        yield


@pytest.fixture(autouse=True)
def _flushable_audit(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lift the audit triggers right before a transactional test is flushed, and only then."""
    yield
    if _is_transactional(request.node):
        _run(drop_statements)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, Any, Any]:
    """Put them back once it has been; after the last test there is no database left."""
    outcome = yield
    if nextitem is not None and _is_transactional(item):
        with item.config.stash[blocking_manager_key].unblock():
            _run(trigger_statements)
            # While Playwright's loop runs, Django's connections are others than after it: nobody
            # would find this one again to close it, and the database could not be dropped.
            connection.close()
    return outcome


def _is_transactional(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    asked = bool(marker and marker.kwargs.get("transaction"))
    return asked or "transactional_db" in getattr(item, "fixturenames", ())


def _run(statements: Any) -> None:
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, AuditEvent._meta.db_table):
            cursor.execute(statement)


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, in the database alone."""
    cache.clear()
    return make_cast()


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    with Sandbox.running(tls=True, public_url="https://zoom.us") as sandbox:
        yield sandbox


@pytest.fixture
def zoom(_sandbox_process: Sandbox, settings: Any) -> Sandbox:
    """The sandbox with acme's and globex's accounts, and the portal pointed at it."""
    sandbox = _sandbox_process
    sandbox.reset()
    sandbox.account()
    sandbox.globex()
    settings.ZOOM_API_URL = f"{sandbox.url}/v2"
    settings.ZOOM_OAUTH_URL = f"{sandbox.url}/oauth/token"
    return sandbox


@pytest.fixture
def signed_in() -> Any:
    """A client signed in as a person: `signed_in(cast.alice)`."""
    return lambda user: sign_in(Client(), user)
