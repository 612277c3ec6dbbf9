"""A real worker with beat keeps tokens fresh, over the broker that answers here."""

import time

import pytest
from django.utils import timezone

from portal.celery import app
from tests.server import worker
from zoomauth.accounts import client_for
from zoomauth.models import AccessToken
from zoomauth.tasks import sweep_access_tokens
from zoomauth.tokens import get_access_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def due(cast, zoom):
    """acme's token, whose time to be replaced has come."""
    get_access_token(cast.acme_account, client_for(cast.acme_account))
    AccessToken.objects.update(next_refresh_at=timezone.now())
    return AccessToken.objects.get()


@pytest.fixture
def empty_queue():
    with app.connection_for_read() as connection, connection.SimpleQueue("refresh") as queue:
        queue.clear()
        yield queue
        queue.clear()


def test_beat_sweeps_and_the_worker_refreshes(due, empty_queue):
    with worker(TOKEN_SWEEP_SECONDS="1"):
        end = time.monotonic() + 45
        while AccessToken.objects.get().generation == due.generation:
            assert time.monotonic() < end, "no refresh within 45 seconds"
            time.sleep(0.2)
    assert AccessToken.objects.get().next_refresh_at > timezone.now()


def test_the_message_names_the_account_and_holds_no_secret(cast, due, empty_queue):
    assert sweep_access_tokens() == 1
    message = empty_queue.get(timeout=5)
    text = f"{message.headers} {message.body} {message.payload}"
    assert str(cast.acme_account.pk) in text
    for secret in ("client_secret", "sdk_client_secret", "webhook_secret"):
        assert getattr(cast.acme_account, secret) not in text


def test_accounts_that_nobody_uses_are_not_swept(cast, zoom, empty_queue):
    assert sweep_access_tokens() == 0
