"""The broker is nobody's bottleneck: what is published, where to, and what if nobody answers."""

import contextlib
import fnmatch
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings

from portal.celery import QUEUES, ROUTES, VISIBILITY_SECONDS, app
from tests.server import ROOT, environment

app.loader.import_default_modules()
OURS = sorted(name for name in app.tasks if not name.startswith("celery."))


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accepts every connection and never says a word; yields its port."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for one in kept:
            one.close()


def publish_to(broker: str) -> str:
    """What a process gets that publishes to this broker, which must be soon."""
    script = (
        "import django; django.setup(); from zoomauth.tasks import give_token_duties as task\n"
        "try: task.delay(); print('sent')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment(BROKER_URL=broker),
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    return done.stdout.strip()


# --- Nobody waits for a broker ----------------------------------------------------------------


def test_a_broker_that_refuses_is_an_error_at_once(db):
    assert publish_to("redis://127.0.0.1:9/0") == "OperationalError"


def test_a_broker_that_is_silent_is_an_error_soon(db):
    with silent_server() as port:
        assert publish_to(f"redis://127.0.0.1:{port}/0") == "OperationalError"


# --- Where to, and for how long ---------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_a_task_goes_to_a_queue_that_workers_take_from(name):
    queue = app.amqp.router.route({}, name).get("queue", app.amqp.queues["celery"])
    assert queue.name in QUEUES
    assert queue.name in app.amqp.queues.consume_from


@pytest.mark.parametrize("pattern", ROUTES)
def test_a_route_fits_a_task(pattern):
    assert fnmatch.filter(OURS, pattern)


def test_the_sweep_waits_behind_no_import():
    routed = {name: app.amqp.router.route({}, name).get("queue") for name in OURS}
    assert routed["zoomauth.tasks.sweep_access_tokens"].name == "refresh"
    assert routed["zoomauth.tasks.refresh_access_token"].name == "refresh"
    assert routed["zoomauth.tasks.import_zoom_users"].name == "sync"
    assert routed["zoomauth.tasks.prune_webhook_events"].name == "webhooks"


@pytest.mark.parametrize("name", OURS)
def test_a_task_ends_before_its_message_is_handed_out_again(name):
    task = app.tasks[name]
    assert task.soft_time_limit < task.time_limit < VISIBILITY_SECONDS / 2


@pytest.mark.parametrize("name", OURS)
def test_a_task_is_done_when_it_has_ended(name):
    task = app.tasks[name]
    assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True)


def test_beat_piles_nothing_up_while_no_worker_runs():
    assert set(app.conf.beat_schedule) == set(settings.CELERY_BEAT_SCHEDULE)
    assert all(entry["options"]["expires"] for entry in app.conf.beat_schedule.values())


def test_only_json_is_read_and_nothing_is_taken_ahead():
    assert app.conf.accept_content == ["json"]
    assert app.conf.worker_prefetch_multiplier == 1
