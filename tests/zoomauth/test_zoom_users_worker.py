"""A real worker imports 5,000 users; it is killed in the middle, and another one ends it."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from django.utils import timezone

from portal.celery import app
from tests.server import ROOT, environment
from tests.settings import BUILD
from zoomauth.importing import start_import
from zoomauth.models import ZoomUser, ZoomUserImport
from zoomauth.tasks import sweep_zoom_user_imports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def empty_queue():
    with app.connection_for_read() as connection, connection.SimpleQueue("sync") as queue:
        queue.clear()
        yield
        queue.clear()


@contextlib.contextmanager
def worker():
    """Without beat, in a process group of its own, which can be killed as a whole."""
    command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "--concurrency", "1"]
    with (BUILD / f"import-worker-{os.getpid()}.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            kill(process)


def kill(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def wait_until(check, seconds=45):
    end = time.monotonic() + seconds
    while not check(ZoomUserImport.objects.get()):
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.05)


def test_5000_users_survive_a_killed_worker(cast, zoom, empty_queue):
    zoom.account(users=[
        {"id": f"user-{n:05}", "email": f"u{n}@acme.example", "display_name": f"User {n}"}
        for n in range(5000)
    ])  # fmt: skip
    start_import(cast.acme, actor=cast.ada)
    with worker() as first:
        wait_until(lambda row: row.done >= 900)
        kill(first)
    killed_at = ZoomUserImport.objects.get()
    assert killed_at.state == "running"
    assert 900 <= killed_at.done < 5000
    # Nobody waits here for the lease to end.
    ZoomUserImport.objects.update(due_at=timezone.now())
    assert sweep_zoom_user_imports() == 1
    with worker():
        wait_until(lambda row: row.state == "done")
    row = ZoomUserImport.objects.get()
    assert (row.done, row.total, ZoomUser.objects.count()) == (5000, 5000, 5000)
    # 17 pages and the two other statuses, and at most the one page again that died with its worker.
    assert zoom.calls().count("users.list") <= 17 + 2 + 1
