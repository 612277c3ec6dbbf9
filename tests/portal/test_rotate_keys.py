"""`manage.py rotate_keys`: nothing is left under the old key, and nobody notices."""

import base64
import hashlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
import requests
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, models
from django.test import Client, override_settings

from meetings.models import Host, Meeting
from portal.identity import second_factors
from portal.models import AuditEvent
from portal.rotation import all_sealings
from portal.sealing import SealedTextField, seal
from tests.factories import MeetingFactory, UserFactory, ZoomAccountFactory
from tests.portal.rows import OUR_MODELS
from tests.server import ROOT, environment, running
from zoomauth.models import AccessToken, ZoomAccount


def a_key(name):
    """Each run the same, and as random as a server wants it."""
    return f"{name}=" + base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


OLD, NEW, LOST = a_key("old"), a_key("new"), a_key("lost")
pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def rotating(settings):
    """`rotating()` puts the new key first; what was made before is under the old one."""
    settings.SEALING_KEYS = OLD

    def put_new_key_first():
        settings.SEALING_KEYS = f"{NEW},{OLD}"

    return put_new_key_first


def seed_of(user, text="JBSWY3DPEHPK3PXP"):
    place = second_factors.place_of(user.pk)
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": seal(text, place).ciphertext}
    )


def run(*arguments: str) -> tuple[int, str, str]:
    out, error, status = StringIO(), StringIO(), 0
    try:
        call_command("rotate_keys", *arguments, stdout=out, stderr=error)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue(), error.getvalue()


def keys_in_use() -> Counter[str]:
    """Under which key how many texts are, read from the columns past the ORM."""
    found: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for model in OUR_MODELS:
            for field in model._meta.concrete_fields:
                if isinstance(field, SealedTextField):
                    table, column = model._meta.db_table, field.column
                    cursor.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - our own names
                    found.update(text.split(".")[1] for (text,) in cursor.fetchall() if text)
    return found


def put(row: models.Model, column: str, text: str) -> None:
    """Past the sealing, as a faulty import would."""
    table, key = row._meta.db_table, row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {key.column} = %s",  # noqa: S608
            [text, key.get_db_prep_value(row.pk, connection)],
        )


def test_every_sealed_column_there_is_is_rotated():
    ours = {
        f"{model._meta.label}.{field.name}"
        for model in OUR_MODELS
        for field in model._meta.concrete_fields
        if isinstance(field, SealedTextField)
    }
    assert {str(sealing) for sealing in all_sealings()} == ours | {"mfa.Authenticator.data"}


def test_everything_is_under_the_new_key_and_reads_as_before(rotating, cast):
    seed = seed_of(cast.ada)
    AccessToken.objects.create(account=cast.acme_account, token="a-token")
    rotating()
    status, out, _ = run()
    assert status == 0
    assert "Everything is under new." in out
    assert set(keys_in_use()) == {"new"}
    assert ZoomAccount.objects.get(pk=cast.acme_account.pk).client_secret.startswith("acme-client")
    assert Meeting.objects.get(pk=cast.meeting.pk).passcode == "pass123"
    assert AccessToken.objects.get().token == "a-token"
    seed.refresh_from_db()
    assert second_factors.key_ids(seed) == {"new"}


def test_the_old_key_can_go_afterwards(rotating, cast, settings):
    rotating()
    run()
    settings.SEALING_KEYS = NEW
    assert Meeting.objects.get(pk=cast.meeting.pk).passcode == "pass123"


def test_a_second_run_writes_nothing(rotating, cast):
    rotating()
    run()
    before = Meeting.objects.get(pk=cast.meeting.pk).__dict__["passcode"]
    assert run()[0] == 0
    assert Meeting.objects.get(pk=cast.meeting.pk).__dict__["passcode"] == before
    assert AuditEvent.objects.filter(action="keys.rotated").latest("at").detail["done"] == {}


def test_a_dry_run_counts_by_column_and_key_and_writes_nothing(rotating, cast):
    rotating()
    MeetingFactory()
    _, out, _ = run("--dry-run")
    assert "Writing key: new" in out
    assert "meetings.Meeting.passcode: new 1, old 3" in out
    assert "mfa.Authenticator.data: nothing" in out
    assert keys_in_use()["new"] == 2
    assert not AuditEvent.objects.filter(action__startswith="keys.").exists()


def test_a_key_id_that_differs_in_case_is_another_key(settings):
    settings.SEALING_KEYS = OLD.replace("old", "KEY")
    MeetingFactory()
    settings.SEALING_KEYS = f"{NEW.replace('new', 'key')},{OLD.replace('old', 'KEY')}"
    assert run()[0] == 0
    assert set(keys_in_use()) == {"key"}


def test_empty_texts_stay_empty(rotating):
    account = ZoomAccountFactory(webhook_secret="")
    rotating()
    run()
    assert ZoomAccount.objects.get(pk=account.pk).webhook_secret == ""


def test_a_broken_seal_is_told_and_stops_nobody(rotating, cast):
    foreign = cast.carols_meeting.__dict__["passcode"].ciphertext
    put(cast.meeting, "passcode", foreign)
    rotating()
    status, _, error = run("--batch-size", "1")
    assert status == 1
    assert f"meetings.Meeting.passcode {cast.meeting.pk} cannot be unsealed" in error
    assert keys_in_use()["old"] == 1
    event = AuditEvent.objects.get(action="keys.rotated")
    assert (event.result, event.detail["left"]) == ("failed", {"meetings.Meeting.passcode": 1})


def test_a_text_under_a_key_that_is_gone_is_told(rotating, cast, settings):
    settings.SEALING_KEYS = LOST
    meeting = MeetingFactory()
    rotating()
    _, counted, _ = run("--dry-run")
    assert "meetings.Meeting.passcode: old 3, ? 1" in counted
    status, _, error = run()
    assert status == 1
    assert str(meeting.pk) in error


def test_what_somebody_else_wrote_meanwhile_is_kept(rotating, cast):
    rotating()
    (column,) = [s for s in all_sealings() if str(s) == "meetings.Meeting.passcode"]
    row = column.left().get(pk=cast.meeting.pk)
    edited = Meeting.objects.get(pk=cast.meeting.pk)
    edited.passcode = "newer"
    edited.save(update_fields=["passcode"])
    assert column.reseal(row).name == "CHANGED"
    assert Meeting.objects.get(pk=cast.meeting.pk).passcode == "newer"


def test_a_code_that_is_used_meanwhile_stays_used(rotating):
    seed = seed_of(UserFactory())
    rotating()
    (seeds,) = [s for s in all_sealings() if str(s) == "mfa.Authenticator.data"]
    row = seeds.left().get()
    Authenticator.objects.filter(pk=seed.pk).update(data={**seed.data, "used": 1})
    assert seeds.reseal(row).name == "CHANGED"
    assert run()[0] == 0
    seed.refresh_from_db()
    assert (seed.data["used"], second_factors.key_ids(seed)) == (1, {"new"})


def test_begin_and_end_are_in_the_audit_trail_and_no_key_is(rotating, cast):
    rotating()
    run()
    begun, ended = AuditEvent.objects.filter(action__startswith="keys.").order_by("at")
    assert (begun.action, ended.action) == ("keys.rotation_begun", "keys.rotated")
    assert ended.detail["done"]["meetings.Meeting.passcode"] == 3
    assert base64.b64encode(b"n" * 32).decode() not in json.dumps([begun.detail, ended.detail])


# --- killed, again and again, while meetings are started ---------------------------------------

KILLS = 20
# More than a rotation gets done before it is killed, even if the killer is kept waiting.
ROWS = 1000


class Starts:
    """Somebody who starts a meeting again and again, at a portal that runs."""

    def __init__(self, base: str, user: Any, meeting: Meeting) -> None:
        self.url = f"{base}/meetings/{meeting.pk}/start/"
        client = Client()
        client.force_login(user)
        self.http = requests.Session()
        self.http.trust_env = False
        name = django_settings.SESSION_COOKIE_NAME
        self.http.cookies.set(name, client.cookies[name].value)
        self.http.cookies.set("csrftoken", "c" * 32)
        self.statuses: Counter[int] = Counter()
        self.over = threading.Event()

    def loop(self) -> None:
        while not self.over.is_set():
            answer = self.http.post(self.url, headers={"X-CSRFToken": "c" * 32}, timeout=30)
            self.statuses[answer.status_code] += 1
            # Rotation gets its turns too; this machine has two cores.
            time.sleep(0.02)

    @contextmanager
    def going_on(self) -> Any:
        thread = threading.Thread(target=self.loop)
        thread.start()
        try:
            yield self.statuses
        finally:
            self.over.set()
            thread.join()


def _rotate_and_kill(lines: int, seconds: float) -> int:
    """The command as a process of its own, killed after so many lines; its exit status."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--batch-size", "2"],
        cwd=ROOT,
        env=environment(SEALING_KEYS=f"{NEW},{OLD}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        for _ in range(lines):
            process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    return process.returncode


def _fill_up(rows: int, host: Host) -> int:
    """So much is left to do that no rotation is done before it is killed; how much."""
    with override_settings(SEALING_KEYS=OLD):
        short = rows - keys_in_use()["old"]
        MeetingFactory.create_batch(max(0, short) // 2, host=host)
    return keys_in_use()["old"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.storm
def test_killed_twenty_times_while_starts_go_on(rotating, cast, zoom, record_property):
    zoom.account()
    rotating()
    chance = random.Random(20)
    done = []
    with (
        running(SEALING_KEYS=f"{NEW},{OLD}") as base,
        Starts(base, cast.alice, cast.meeting).going_on() as statuses,
    ):
        for _ in range(KILLS):
            before = _fill_up(ROWS, cast.bob_host)
            status = _rotate_and_kill(chance.randrange(1, 10), chance.random() * 0.02)
            assert status == -signal.SIGKILL, "it ended before it was killed: make more rows"
            done.append(before - keys_in_use()["old"])
        assert run()[0] == 0
    assert min(done) >= 0
    assert sum(map(bool, done)) > KILLS // 2
    record_property("G7.kills", KILLS)
    record_property("G7.failed_starts", sum(statuses.values()) - statuses[200])
    record_property("G7.rows_on_the_old_key", keys_in_use()["old"])
    assert set(statuses) == {200}
    assert statuses[200] > KILLS
    assert keys_in_use()["old"] == 0
