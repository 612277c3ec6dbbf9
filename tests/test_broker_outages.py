"""Whatever befalls Redis, meetings are started, pages answer, and the worker comes back."""

import re
import shutil
import time

import pytest
import requests
from celery.signals import before_task_publish
from django.utils import timezone

from portal.celery import app
from tests.broker import Broker
from tests.factories import PASSWORD, MeetingFactory
from tests.server import running, worker
from zoomauth.models import AccessToken
from zoomauth.tasks import give_token_duties

needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
# Far above what any of these takes, far below what a silent broker would.
SOON = 10


# --- A start publishes nothing ----------------------------------------------------------------


@pytest.fixture
def published():
    """The names of the tasks that are published meanwhile."""
    names: list[str] = []

    def note(sender: str, **_: object) -> None:
        names.append(sender)

    before_task_publish.connect(note, weak=False)
    yield names
    before_task_publish.disconnect(note)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["warm", "cold"])
def test_a_start_publishes_nothing(cast, zoom, signed_in, published, token):
    meeting = MeetingFactory(host=cast.alice_host)
    alice = signed_in(cast.alice)
    if token == "warm":
        alice.post(f"/meetings/{meeting.pk}/start/")
    for path in (f"/meetings/{meeting.pk}/start/", f"/api/v1/meetings/{meeting.pk}/start/"):
        assert alice.post(path).status_code == 200
    assert alice.get(f"/meetings/{meeting.pk}/start/").status_code == 200
    assert published == []


@pytest.mark.django_db
def test_the_control_what_is_published_is_seen(published):
    give_token_duties.delay()
    assert published == ["zoomauth.tasks.give_token_duties"]
    with app.connection_for_read() as broker, broker.SimpleQueue("refresh") as queue:
        queue.clear()


# --- Redis is down, silent, or empty ----------------------------------------------------------


def sign_in(base, email):
    http = requests.Session()
    http.trust_env = False
    http.get(f"{base}/accounts/login/", timeout=SOON)
    form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": http.cookies["csrftoken"]}
    http.post(f"{base}/accounts/login/", data=form, timeout=SOON)
    http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
    return http


@needs_redis
@pytest.mark.django_db(transaction=True)
def test_starts_pages_and_api_work_without_redis(cast, zoom, record_property):
    meeting = MeetingFactory(host=cast.alice_host)
    answers, slowest = 0, 0.0
    with Broker() as redis, running(BROKER_URL=redis.url) as base:
        for befalls in (redis.halt, redis.go_on, redis.kill, redis.start):
            befalls()
            AccessToken.objects.all().delete()
            alice = sign_in(base, "alice@acme.example")
            for method, path in (
                ("GET", "/meetings/"),
                ("GET", f"/meetings/{meeting.pk}/start/"),
                ("POST", f"/meetings/{meeting.pk}/start/"),
                ("GET", "/api/v1/meetings/"),
                ("POST", f"/api/v1/meetings/{meeting.pk}/start/"),
            ):
                answer = alice.request(method, base + path, timeout=SOON)
                assert answer.status_code == 200, (befalls.__name__, path)
                answers += 1
                slowest = max(slowest, answer.elapsed.total_seconds())
    record_property("G11.answers_without_redis", answers)
    record_property("G11.slowest_answer", f"{slowest:.3f}")


@needs_redis
@pytest.mark.django_db(transaction=True)
def test_what_needs_a_worker_says_so_soon_while_redis_is_silent(cast, zoom):
    with Broker() as redis, running(BROKER_URL=redis.url) as base:
        ada = sign_in(base, "ada@acme.example")
        redis.halt()
        page = f"{base}/admin/meetings/tomorrowreport/run/"
        answer = ada.post(page, timeout=SOON)
        assert answer.status_code == 200
        assert re.search("cannot be made now", answer.text)


@needs_redis
@pytest.mark.storm
@pytest.mark.django_db(transaction=True)
def test_a_worker_comes_back_when_redis_does_and_nothing_due_is_lost(cast, zoom, record_property):
    AccessToken.objects.create(account=cast.acme_account, next_refresh_at=timezone.now())

    def wait_for(generation):
        end = time.monotonic() + 60
        while AccessToken.objects.get().generation < generation:
            assert time.monotonic() < end, f"no token {generation} within 60 seconds"
            time.sleep(0.2)

    def become_due():
        AccessToken.objects.update(next_refresh_at=timezone.now())

    with Broker() as redis, worker(BROKER_URL=redis.url, TOKEN_SWEEP_SECONDS="1"):
        wait_for(1)
        redis.kill()
        become_due()
        time.sleep(3)
        redis.start()
        wait_for(2)
        redis.halt()
        become_due()
        time.sleep(5)
        redis.go_on()
        wait_for(3)
    record_property("G11.recoveries", 2)
