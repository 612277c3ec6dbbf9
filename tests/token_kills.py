"""`make trust`: twenty kills at random moments while hosts go on starting. Minutes long.

Not collected by itself: `python -m pytest tests/token_kills.py`.
"""

import functools
import os
import random
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.celery import QUEUES, app
from tests.background import Background, wait_until
from zoomauth.accounts import ask, client_for
from zoomauth.errors import ZoomError
from zoomauth.models import AccessToken, ZoomAccount
from zoomauth.tokens import get_access_token

KILLS = 20
RECOVERY_SECONDS = 60
SORTS = ("child", "worker", "beat", "group")


class Hosts(threading.Thread):
    """Starts, one after the other, until told to end. Counts what came of them."""

    def __init__(self, account):
        super().__init__()
        self.account, self.over, self.came = account, threading.Event(), Counter()

    def run(self):
        while not self.over.wait(0.05):
            with scopes_disabled():
                account = ZoomAccount.objects.select_related("access_token").get(pk=self.account.pk)
                try:
                    ask(account, lambda client, token: client.list_users(access_token=token))
                    self.came["answered"] += 1
                except ZoomError as error:
                    self.came[error.slug] += 1
        connection.close()


@pytest.fixture
def hosts(cast, zoom):
    thread = Hosts(cast.acme_account)
    thread.start()
    yield thread
    thread.over.set()
    thread.join(30)


@pytest.fixture
def background(zoom):
    with app.connection_for_read() as broker:
        for name in QUEUES:
            with broker.SimpleQueue(name) as queue:
                queue.clear()
    with Background(TOKEN_SWEEP_SECONDS="1") as running:
        yield running


def grow_old(zoom):
    """Most of an hour passes, at Zoom and here: every token has two minutes left, and is due.

    Hosts start at acme. Nobody does at globex, so there only a worker can replace the token.
    """
    zoom.clock(3480)
    now = timezone.now()
    AccessToken.objects.update(next_refresh_at=now, expires_at=now + timedelta(seconds=120))


def generations():
    return list(AccessToken.objects.order_by("pk").values_list("generation", flat=True))


def all_newer(past):
    return all(now > before for now, before in zip(generations(), past, strict=True))


def has_recovered(background, past):
    """Supervised all the while: a worker whose child is killed as it begins ends a moment later."""
    background.revive()
    return all_newer(past)


def refused_calls(zoom):
    """Calls with a token that had ended. No other reason for a 401 is in this story."""
    return [call for call in zoom.ledger(status=401) if call["call"] != "oauth.token"]


@pytest.mark.django_db(transaction=True)
def test_kills_at_random_moments(cast, zoom, hosts, background, record_property):
    seed = int(os.environ.get("KILL_SEED", random.randrange(10**6)))
    chance, slowest = random.Random(seed), 0.0
    get_access_token(cast.globex_account, client_for(cast.globex_account))
    wait_until(lambda: hosts.came["answered"] > 0, seconds=30)
    first = AccessToken.objects.get(account=cast.acme_account).token
    for number in range(KILLS):
        before = generations()
        zoom.fault("oauth.token", "latency", seconds=chance.uniform(0, 1), times=1)
        grow_old(zoom)
        time.sleep(chance.uniform(0, 2.5))
        background.kill(SORTS[number % len(SORTS)])
        recovered = functools.partial(has_recovered, background, before)
        slowest = max(slowest, wait_until(recovered, seconds=RECOVERY_SECONDS))
    hosts.over.set()
    hosts.join(30)
    record_property("G10.kills", KILLS)
    record_property("G10.slowest_recovery", round(slowest))
    record_property("G10.calls_with_an_ended_token", len(refused_calls(zoom)))
    record_property("G10.starts", hosts.came["answered"])
    record_property("G10.failed_starts", hosts.came.total() - hosts.came["answered"])
    assert set(hosts.came) == {"answered"}, (seed, hosts.came)
    assert refused_calls(zoom) == []
    # The control: one call with the first token of the day is found.
    zoom.api("GET", "/users", first)
    record_property("G10.planted_ended_token_found", len(refused_calls(zoom)))
    assert len(refused_calls(zoom)) == 1
