"""Whether this process can serve: database, migrations, keys. The rest is a warning.

`manage.py doctor` looks closer and says what to do; this is asked every few seconds by programs.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import Error, connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.doctor import get_missing_cache_tables, get_waiting_migrations
from portal.rotation import sealed_columns
from portal.sealing import SealingError
from portal.tenancy import across_all_organizations

# However often it is asked, the database is asked once in this time.
KEPT_SECONDS = 1.0
# An answer that has not come by then will not come.
PATIENCE_SECONDS = 5.0
_BROKER_SECONDS = 0.3

Clock = Callable[[], float]
Look = Callable[[], "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """Names alone, so that anybody may read them."""

    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        return not self.reasons


class Readiness:
    """The latest verdict of this process. Who asks while another looks gets the one before.

    So a crowd of questions takes one thread, also when the database hangs.
    """

    def __init__(self, look: Look, now: Clock = time.monotonic) -> None:
        self._look, self._now = look, now
        self._looking = threading.Lock()
        self._ended_at = now()
        # While somebody looks.
        self._began_at: float | None = None
        self._verdict: Verdict | None = None

    def get(self) -> Verdict:
        if self._verdict is None or self._now() - self._ended_at >= KEPT_SECONDS:
            self._look_unless_somebody_does()
        began_at = self._began_at
        hangs = began_at is not None and self._now() - began_at >= PATIENCE_SECONDS
        if self._verdict is None or hangs:
            return Verdict(reasons=("no_answer_yet",))
        return self._verdict

    def _look_unless_somebody_does(self) -> None:
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._began_at = self._now()
            self._verdict = self._look()
            self._ended_at = self._now()
        finally:
            self._began_at = None
            self._looking.release()


class Probe:
    """One look. What was right once is not looked at again: a process outlives no migration."""

    def __init__(self) -> None:
        self._was_sound = False
        self._broker = _Broker()

    def __call__(self) -> Verdict:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            reasons = () if self._was_sound else tuple(_what_is_wrong())
        except Error:
            return Verdict(reasons=("database",))
        self._was_sound = not reasons
        return Verdict(reasons, warnings=() if self._broker.answers() else ("broker",))


def _what_is_wrong() -> Iterator[str]:
    if get_waiting_migrations():
        # What follows needs their tables.
        yield "migrations"
        return
    if get_missing_cache_tables():
        yield "cache"
    if not _keys_open():
        yield "keys"


def _keys_open() -> bool:
    """Whether the keys are those under which this database was sealed.

    Not whether all of it opens: one text that was lost must not stop everybody.
    """
    found = opened = 0
    with across_all_organizations():
        for column in sealed_columns():
            # The latest by its key, whatever is in it: no search through a long table.
            row = column.model._default_manager.order_by("-pk").first()
            if row is None or not row.__dict__[column.field.attname]:
                continue
            found += 1
            try:
                opened += bool(getattr(row, column.field.name))
            except SealingError:
                continue
    return bool(opened) or not found


class _Broker:
    """Starting meetings does not need it, so neither its absence nor its silence may cost time.

    It is asked in a thread, one at a time, as nothing else ends the look-up of a name.
    """

    def __init__(self) -> None:
        self._asking: threading.Thread | None = None
        self._answered = False

    def answers(self) -> bool:
        if self._asking is None or not self._asking.is_alive():
            self._answered = False
            self._asking = threading.Thread(target=self._ask, name="broker-probe", daemon=True)
            self._asking.start()
        self._asking.join(2 * _BROKER_SECONDS)
        return self._answered

    def _ask(self) -> None:
        self._answered = _broker_answers()


def _broker_answers() -> bool:
    url = settings.CELERY_BROKER_URL
    if not url.startswith(("redis://", "rediss://")):
        return True
    try:
        with redis.Redis.from_url(
            url,
            socket_connect_timeout=_BROKER_SECONDS,
            socket_timeout=_BROKER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as broker:
            broker.ping()
    except (redis.RedisError, OSError):
        return False
    return True
