"""Workers and beats die at any moment; hosts do not notice, and the token is replaced all the same.

Here one kill of each sort at the worst moment, while Zoom is being asked. `tests/token_kills.py`
kills at random moments, for `make trust`.
"""

import pytest
from django.utils import timezone

from portal.celery import QUEUES, app
from tests.background import Background, wait_until
from zoomauth.models import AccessToken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]


@pytest.fixture
def background(zoom):
    with app.connection_for_read() as broker:
        for name in QUEUES:
            with broker.SimpleQueue(name) as queue:
                queue.clear()
    # A short deadline, so that what a killed minter holds is free after seconds.
    with Background(TOKEN_SWEEP_SECONDS="1", ZOOM_DEADLINE="2") as running:
        yield running


@pytest.mark.parametrize("what", ["child", "group"])
def test_a_kill_while_zoom_is_asked_is_made_up_for(cast, zoom, background, what):
    zoom.fault("oauth.token", "latency", seconds=20, times=1)
    AccessToken.objects.create(account=cast.acme_account, next_refresh_at=timezone.now())
    zoom.wait_until(lambda: zoom.calls() == ["oauth.token"], seconds=60)
    background.kill(what)
    background.revive()
    wait_until(lambda: AccessToken.objects.get().generation == 1, seconds=60)
    assert zoom.calls() == ["oauth.token"] * 2
    assert AccessToken.objects.get().failures == 0
