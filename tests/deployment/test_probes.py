"""/healthz and /readyz: what they look at, what they cost, and to whom they answer."""

import base64
import secrets
import socket
import threading

import pytest
import requests
from django.db import connection
from django.test import Client

from portal.readiness import KEPT_SECONDS, PATIENCE_SECONDS, Probe, Readiness, Verdict
from tests.factories import ZoomAccountFactory
from tests.server import running

pytestmark = pytest.mark.django_db
READY = {"ready": True, "reasons": [], "warnings": []}
OTHER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def silent_port():
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# --- To whom ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
class TestAProbe:
    def test_needs_no_host_name_no_https_and_no_session(self, settings, path):
        settings.SECURE_SSL_REDIRECT = True
        assert Client(HTTP_HOST="10.0.0.7:8000").get(path).status_code == 200

    def test_is_never_answered_from_a_cache(self, path):
        assert "no-store" in Client().get(path)["Cache-Control"]

    def test_sets_no_cookie_and_shows_no_secret(self, path):
        answer = Client().get(path)
        assert (dict(answer.cookies), len(answer.content) < 100) == ({}, True)


def test_other_paths_still_check_the_host(settings):
    assert Client(HTTP_HOST="10.0.0.7:8000").get("/accounts/login/").status_code == 400


def test_living_costs_no_query_whoever_asks(cast, signed_in, django_assert_num_queries):
    client = signed_in(cast.alice)
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_being_ready_costs_one_query_once_all_was_right(django_assert_num_queries):
    probe = Probe()
    probe()
    with django_assert_num_queries(1):
        probe()


# --- What is looked at --------------------------------------------------------------------------


@pytest.mark.both_databases
class TestReadiness:
    def test_a_sound_installation_is_ready(self, cast):
        assert Probe()() == Verdict()

    def test_a_missing_migration(self):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'zoomauth'")
        assert Probe()().reasons == ("migrations",)

    def test_a_later_migration_is_a_newer_codes_and_no_reason(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) "
                "VALUES ('meetings', '9999_later', CURRENT_TIMESTAMP)"
            )
        assert Probe()().is_ready

    def test_a_missing_cache_table(self):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE django_cache RENAME TO django_cache_gone")
        assert Probe()().reasons == ("cache",)

    def test_what_is_put_right_is_seen(self):
        probe = Probe()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE django_cache RENAME TO django_cache_gone")
            assert not probe().is_ready
            cursor.execute("ALTER TABLE django_cache_gone RENAME TO django_cache")
        assert probe().is_ready

    @pytest.mark.parametrize("key_id", ["test", "another"])
    def test_keys_that_open_nothing(self, cast, settings, key_id):
        settings.SEALING_KEYS = f"{key_id}={OTHER_KEY}"
        assert Probe()().reasons == ("keys",)

    def test_one_lost_text_stops_nobody(self):
        ZoomAccountFactory()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE zoomauth_zoomaccount SET client_secret = sdk_client_secret")
        assert Probe()().is_ready

    def test_an_empty_database_has_nothing_to_open(self, settings):
        settings.SEALING_KEYS = f"another={OTHER_KEY}"
        assert Probe()().is_ready


def test_a_broker_that_is_down_is_a_warning(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    assert Probe()() == Verdict(warnings=("broker",))


def test_a_broker_that_says_nothing_is_a_warning_too(settings, silent_port):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{silent_port}/0"
    assert Probe()() == Verdict(warnings=("broker",))


def test_a_broker_whose_name_nobody_looks_up_is_one_and_leaves_one_thread(settings, monkeypatch):
    settings.CELERY_BROKER_URL = "redis://broker.example:6379/0"
    over = threading.Event()

    def look_up(*_args, **_kwargs):
        over.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    probe = Probe()
    try:
        assert [probe().warnings for _ in range(3)] == [("broker",)] * 3
        assert sum(thread.name == "broker-probe" for thread in threading.enumerate()) == 1
    finally:
        over.set()
        for thread in threading.enumerate():
            if thread.name == "broker-probe":
                thread.join(10)


# --- Over HTTP ----------------------------------------------------------------------------------


def test_it_is_told_as_json(served):
    answer = requests.get(f"{served}/readyz", timeout=30)
    assert (answer.status_code, answer.json()) == (200, READY)


@pytest.mark.parametrize("how", ["gone", "silent"])
def test_without_a_database_it_lives_and_is_not_ready(django_db_setup, silent_port, how):
    """The silent one is told by `connect_timeout`, within the time a proxy waits."""
    port = silent_port if how == "silent" else 9
    with running(DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/nothing") as base:
        assert requests.get(f"{base}/healthz", timeout=30).status_code == 200
        answer = requests.get(f"{base}/readyz", timeout=30)
    unready = {"ready": False, "reasons": ["database"], "warnings": []}
    assert (answer.status_code, answer.json()) == (503, unready)


# --- However often it is asked ------------------------------------------------------------------


class Look:
    """Counts, and can be held."""

    def __init__(self):
        self.count, self.clock = 0, 0.0
        self.held, self.began = threading.Event(), threading.Event()
        self.held.set()

    def __call__(self):
        self.count += 1
        self.began.set()
        assert self.held.wait(30)
        return Verdict(warnings=(str(self.count),))


@pytest.fixture
def look():
    return Look()


@pytest.fixture
def readiness(look):
    return Readiness(look, now=lambda: look.clock)


def test_a_hundred_questions_within_a_second_are_one_look(look, readiness):
    assert {readiness.get().warnings for _ in range(100)} == {("1",)}
    assert look.count == 1


def test_after_a_second_it_looks_again(look, readiness):
    readiness.get()
    look.clock = KEPT_SECONDS
    assert readiness.get().warnings == ("2",)


@pytest.fixture
def hanging(look, readiness):
    """A thread that is held while it looks, after a first look that went well."""
    readiness.get()
    look.clock = KEPT_SECONDS
    look.held.clear()
    look.began.clear()
    thread = threading.Thread(target=readiness.get)
    thread.start()
    assert look.began.wait(30)
    yield
    look.held.set()
    thread.join()


def test_who_asks_while_somebody_looks_gets_the_verdict_before(look, readiness, hanging):
    assert readiness.get().warnings == ("1",)
    assert look.count == 2


def test_a_look_that_hangs_is_not_ready_and_holds_nobody_else(look, readiness, hanging):
    look.clock = KEPT_SECONDS + PATIENCE_SECONDS
    assert readiness.get() == Verdict(reasons=("no_answer_yet",))
    assert look.count == 2
