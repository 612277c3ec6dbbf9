"""What `manage.py doctor` looks at: settings and files, the database, the broker.

Django's system checks say what can be told from the settings alone. What has to be asked of a
database, a broker or Zoom is a probe; `DOCTOR_PROBES` names those of all apps, in order.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError

from portal.celery import app

Text = str | Promise

_SECONDS = 3


class Result(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. No secret belongs in here."""

    subject: Text
    result: Result
    meaning: Text
    fix: Text = ""
    code: str = ""
    tracking_id: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def settings_and_files(*, fresh: bool) -> Iterator[Finding]:
    """Django's checks and ours: settings, sealing keys, browser files, and how it is deployed."""
    messages = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    serious = [m for m in messages if m.level >= checks.WARNING and not m.is_silenced()]
    for message in serious:
        hint = str(message.hint or "")
        yield Finding(_("Settings"), Result.FAIL, message.msg, hint, code=message.id or "")
    if not serious:
        yield Finding(_("Settings"), Result.PASS, _("Settings, keys and browser files are right."))


def database(*, fresh: bool) -> Iterator[Finding]:
    """Whether it answers, is migrated, and has the table in which sign-in limits are counted."""
    name = _("Database")
    try:
        connection.ensure_connection()
        waiting = get_waiting_migrations()
        missing = get_missing_cache_tables()
    except DatabaseError as error:
        fix = _("Start it, or correct DATABASE_URL.")
        # The kind alone: drivers put the whole address into their words.
        yield Finding(name, Result.FAIL, _("It does not answer."), fix, code=type(error).__name__)
        return
    yield Finding(name, Result.PASS, _("It answers."))
    if waiting:
        meaning = _("%(count)d migrations have not been applied.") % {"count": len(waiting)}
        yield Finding(_("Migrations"), Result.FAIL, meaning, "python manage.py migrate")
    else:
        yield Finding(_("Migrations"), Result.PASS, _("All are applied."))
    if missing:
        meaning = _("The table of the cache is missing.")
        yield Finding(_("Cache"), Result.FAIL, meaning, "python manage.py createcachetable")
    else:
        yield Finding(_("Cache"), Result.PASS, _("Its table is there."))


def get_waiting_migrations() -> list[str]:
    """Those of this code that this database has not seen; it may have seen later ones."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _backwards in plan]


def get_missing_cache_tables() -> list[str]:
    tables = connection.introspection.table_names()
    wanted = [
        str(entry["LOCATION"])
        for entry in settings.CACHES.values()
        if str(entry["BACKEND"]).endswith("DatabaseCache")
    ]
    return [table for table in wanted if table not in tables]


def broker(*, fresh: bool) -> Iterator[Finding]:
    """Whether Celery's broker answers. Starting meetings does not need it; what is timely does."""
    timeouts = {"socket_connect_timeout": _SECONDS, "socket_timeout": _SECONDS}
    is_redis = settings.CELERY_BROKER_URL.startswith(("redis", "rediss"))
    options = timeouts if is_redis else {}
    try:
        with app.connection(
            settings.CELERY_BROKER_URL, connect_timeout=_SECONDS, transport_options=options
        ) as link:
            link.ensure_connection(max_retries=1, timeout=_SECONDS)
    except (OSError, KombuError) as error:
        yield Finding(
            _("Broker"),
            Result.FAIL,
            _("It does not answer. Tokens are not refreshed ahead, and nothing runs at night."),
            _("Start it, or correct BROKER_URL."),
            code=type(error).__name__,
        )
    else:
        yield Finding(_("Broker"), Result.PASS, _("It answers."))
