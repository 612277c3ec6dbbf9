"""`manage.py doctor`: what it finds, what it says, and how it ends."""

import json
import socket
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from portal.doctor import database
from tests.sandbox import ACME
from zoomauth.connection_check import run_check
from zoomauth.models import ConnectionCheck, ZoomAccount, ZoomConnection

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor(cast, zoom, settings, tmp_path):
    """Run it; its exit status and what it printed."""
    settings.CELERY_BROKER_URL = f"sqla+sqlite:///{tmp_path}/broker.sqlite3"
    # What the tests' own environment lacks is not looked for here.
    settings.DOCTOR_PROBES = [
        path for path in settings.DOCTOR_PROBES if path != "portal.doctor.settings_and_files"
    ]

    def run(*options):
        out = StringIO()
        try:
            call_command("doctor", *options, stdout=out)
        except SystemExit as end:
            return end.code, out.getvalue()
        return 0, out.getvalue()

    return run


@pytest.fixture
def checked(cast, zoom):
    """Both accounts, checked, and without a webhook to be validated."""
    ZoomAccount.objects.update(webhook_secret="")
    for account in (cast.acme_account, cast.globex_account):
        run_check(account, actor=None)


def test_a_sound_installation_ends_with_0(doctor, checked):
    status, text = doctor()
    assert (status, "FAIL" in text) == (0, False)
    for subject in ("Database", "Migrations", "Cache", "Broker", "Zoom: Acme", "Zoom: Globex"):
        assert f"ok   {subject}" in text


def test_it_tells_the_last_check_without_asking_zoom(doctor, checked, zoom):
    zoom.clear_ledger()
    doctor()
    assert zoom.calls() == []


def test_fresh_asks_zoom_now(doctor, checked, zoom):
    zoom.change_account(client_secret="another")
    assert doctor()[0] == 0
    status, text = doctor("--fresh")
    assert status == 1
    assert "FAIL Zoom: Acme, Zoom, Access token" in text
    assert "Copy all three again" in text
    assert "ok   Zoom: Globex" in text


def test_fresh_keeps_what_it_found(doctor, checked, zoom):
    zoom.change_account(client_secret="another")
    doctor("--fresh")
    assert doctor()[0] == 1


def test_an_account_that_was_never_checked_is_no_failure(doctor, checked, cast):
    ConnectionCheck.objects.filter(account=cast.acme_account).delete()
    status, text = doctor()
    assert status == 0
    assert "-    Zoom: Acme, Zoom: It has not been checked." in text


def test_an_account_that_nobody_uses_is_left_out(doctor, checked, cast):
    ZoomConnection.objects.filter(organization=cast.acme).delete()
    assert "Zoom: Acme" not in doctor()[1]


def test_json_is_the_same_as_a_list(doctor, checked, zoom):
    zoom.change_account(app_state="disabled")
    status, text = doctor("--fresh", "--json")
    (row,) = (row for row in json.loads(text) if row["result"] == "fail")
    assert status == 1
    assert (row["subject"], row["code"]) == ("Zoom: Acme, Zoom, Access token", "4717")
    assert row["tracking_id"]
    assert "Activate it" in row["fix"]


def test_a_broker_that_is_down_is_told(doctor, checked, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    status, text = doctor()
    assert status == 1
    assert "FAIL Broker" in text
    assert "correct BROKER_URL" in text


def test_a_broker_that_answers_nothing_does_not_hang_it(doctor, checked, settings, silent_port):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{silent_port}/0"
    assert doctor()[0] == 1


@pytest.fixture
def silent_port():
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_missing_cache_table_is_told(doctor, checked):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_cache RENAME TO django_cache_gone")
    status, text = doctor()
    assert status == 1
    assert "manage.py createcachetable" in text


def test_a_missing_migration_is_told(db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'zoomauth'")
    findings = {str(finding.subject): finding for finding in database(fresh=False)}
    assert (findings["Migrations"].result, findings["Migrations"].fix) == (
        "fail", "python manage.py migrate"
    )  # fmt: skip


def test_what_the_system_checks_say_is_told(doctor, settings):
    settings.SEALING_KEYS = "k1=short"
    settings.DOCTOR_PROBES = ["portal.doctor.settings_and_files"]
    status, text = doctor()
    assert status == 1
    assert "portal.E001" in text
    assert "short" not in text


def test_it_tells_no_secret(doctor, checked):
    for options in ((), ("--fresh",), ("--json",)):
        text = doctor(*options)[1]
        assert not any(ACME[name] in text for name in ACME if name.endswith("secret"))
