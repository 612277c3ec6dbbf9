"""One account for which Zoom is slow does not take all threads of a process."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from zoomauth.accounts import ask
from zoomauth.connection_check.rows import Result
from zoomauth.connection_check.steps import check_account
from zoomauth.containment import PATIENCE, place_for
from zoomauth.errors import ZoomError, ZoomTooManyAtOnce
from zoomauth.models import ZoomAccount

ACME, GLOBEX = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def _four_places(settings):
    settings.ZOOM_CALLS_AT_ONCE = 4


@pytest.fixture
def full():
    """All of acme's places are held; popping gives one back."""
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(place_for(ACME))
        yield held


def test_the_fifth_is_refused_when_four_hang(full):
    with pytest.raises(ZoomTooManyAtOnce), place_for(ACME):
        pytest.fail("let in")


def test_once_one_hangs_nobody_waits_any_more(full):
    time.sleep(PATIENCE)
    begun = time.monotonic()
    with pytest.raises(ZoomTooManyAtOnce), place_for(ACME):
        pytest.fail("let in")
    assert time.monotonic() - begun < PATIENCE / 2


def test_the_fifth_gets_the_place_that_is_given_back_meanwhile(full):
    threading.Timer(PATIENCE / 10, full.close).start()
    with place_for(ACME):
        pass


def test_another_account_has_its_own_places(full):
    with place_for(GLOBEX):
        pass


def test_a_place_is_given_back_whatever_happens():
    for _ in range(9):
        with pytest.raises(ValueError, match="planted"), place_for(ACME):
            raise ValueError("planted")


@pytest.mark.django_db(transaction=True)
def test_four_of_twelve_calls_reach_a_stalled_zoom_and_another_account_is_served(
    cast, zoom, settings
):
    settings.ZOOM_DEADLINE = 4.0
    rows = ZoomAccount.objects.select_related("access_token")
    acme, globex = (rows.get(pk=account.pk) for account in (cast.acme_account, cast.globex_account))
    ask(acme, lambda client, token: None)
    ask(globex, lambda client, token: None)
    acme, globex = (rows.get(pk=account.pk) for account in (acme, globex))
    zoom.fault("users.get", "stall", account="acme-account")
    zoom.clear_ledger()

    def press(_number):
        with scopes_disabled():
            try:
                get_user(acme, "alice")
            except ZoomError as error:
                return error.slug
            finally:
                connection.close()

    with ThreadPoolExecutor(12) as pool:
        came = pool.map(press, range(12))
        zoom.wait_until(lambda: len(zoom.ledger("users.get")) == 4)
        assert get_user(globex, "carol").id == "carol"
        assert sorted(came) == ["zoom_timeout"] * 4 + ["zoom_too_many_at_once"] * 8
    assert len(zoom.ledger("users.get")) == 5


@pytest.mark.django_db
def test_a_check_of_the_connection_takes_a_place_too(cast, zoom):
    account = cast.acme_account
    with ExitStack() as held, scopes_disabled():
        for _ in range(4):
            held.enter_context(place_for(account.pk))
        row = check_account(account, timezone.now())[0]
    assert (row.name, row.result, zoom.calls()) == ("token", Result.FAIL, [])


def get_user(account, user_id):
    return ask(
        account, lambda client, token: client.get_user(access_token=token, id_or_email=user_id)
    )
