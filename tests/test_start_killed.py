"""A portal that dies in the middle of a start: the attempt says in the middle of what."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from meetings.models import Meeting, StartAttempt
from meetings.services.schedule import Plan, schedule_meeting
from tests.server import running
from tests.sessions import sign_in
from zoomauth.models import AccessToken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
CODE = "7K3M90PQ"


@pytest.fixture
def at_zoom(cast, zoom):
    plan = Plan(
        host=cast.alice_host,
        topic="Rehearsal",
        starts_at=timezone.now() + timedelta(hours=1),
        duration_minutes=45,
    )
    with scope(organization=[cast.acme.pk]):
        return schedule_meeting(plan=plan, user=cast.alice, key=Meeting().pk)


def workers_of(master):
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def press(address, cookie):
    """In a thread of its own, so nothing here may touch the database."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set(cookie.key, cookie.value)
    session.get(address, timeout=30)
    form = {"attempt": CODE, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    return session.post(address, form, timeout=30)


@pytest.mark.parametrize(
    ("call", "step", "reached"),
    [("oauth.token", "token", "signed"), ("users.token", "zak", "token")],
)
def test_a_worker_killed_while_zoom_answers_leaves_the_step(
    cast, at_zoom, zoom, tmp_path, call, step, reached
):
    AccessToken.objects.all().delete()
    zoom.clear_ledger()
    zoom.fault(call, "stall", seconds=20)
    cookie = sign_in(Client(), cast.alice).cookies[settings.SESSION_COOKIE_NAME]
    pid_file = tmp_path / "pid"
    with running(pid_file=pid_file) as base, ThreadPoolExecutor(1) as pool:
        (worker,) = workers_of(int(pid_file.read_text()))
        pressed = pool.submit(press, base + reverse("meetings:start", args=[at_zoom.pk]), cookie)
        zoom.wait_until(lambda: zoom.ledger(call), seconds=20)
        zoom.wait_until(StartAttempt.objects.exclude(**{f"{reached}_at": None}).exists)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(requests.ConnectionError):
            pressed.result()
        attempt = StartAttempt.objects.get()
    outcome, stopped_at = attempt.judge(timezone.now() + timedelta(minutes=3))
    assert (str(outcome), str(stopped_at), attempt.code) == ("stopped", step, CODE)
