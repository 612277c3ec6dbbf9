"""Two hundred calls at once over four processes: one token request for each account, no failure.

In all of them Zoom gives each account one living token, so that a superfluous request would end
the token that the others use.

On SQLite, which has one writer at a time, `make trust` runs it alone: beside other tests a crowd
waits there for the disk, and part of it is told to come again.
"""

import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import ZoomAccountFactory
from tests.herd import PROCESSES, THREADS, Herd
from tests.sandbox import ACME
from tests.server import ROOT, environment
from zoomauth.accounts import client_for
from zoomauth.errors import ZoomTimeout
from zoomauth.models import AccessToken, ZoomAccount
from zoomauth.tokens import get_access_token, longest_lease

pytestmark = pytest.mark.django_db(transaction=True)
# A little more than Zoom takes: whoever comes meanwhile waits in one of the account's places.
TOKEN_SECONDS = 0.2
ALL = PROCESSES * THREADS


@pytest.fixture(scope="module")
def started():
    """The herd of this module, once a test has asked for it."""
    herds: list[Herd] = []
    yield herds
    for herd in herds:
        herd.__exit__()


@pytest.fixture
def herd(zoom, started):
    if not started:
        started.append(Herd().__enter__())
    return started[0]


@pytest.fixture
def account(cast, zoom):
    zoom.change_account(single_token=True)
    return cast.acme_account


def token_requests(zoom):
    return zoom.calls().count("oauth.token")


def test_a_cold_start_of_all_is_one_token_request(account, zoom, herd, record_property):
    zoom.fault("oauth.token", "latency", seconds=TOKEN_SECONDS)
    outcomes = herd.run([str(account.pk)] * ALL)
    record_property("G9.cold_starts", outcomes["answered"])
    record_property("G9.token_requests", token_requests(zoom))
    assert outcomes == {"answered": ALL}
    assert token_requests(zoom) == 1
    assert zoom.count_calls(status=401) == {}


@pytest.mark.storm
def test_a_token_that_ends_under_load_is_one_token_request(account, zoom, herd, record_property):
    get_access_token(account, client_for(account))
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    zoom.clear_ledger()
    zoom.fault("oauth.token", "latency", seconds=TOKEN_SECONDS)
    assert herd.run([str(account.pk)] * ALL) == {"answered": ALL}
    record_property("G9.token_requests_at_expiry", token_requests(zoom))
    assert token_requests(zoom) == 1


@pytest.mark.storm
def test_a_token_that_zoom_ended_is_one_token_request(account, zoom, herd, record_property):
    get_access_token(account, client_for(account))
    # Another program of the account's has got itself one.
    assert zoom.ask_token(ACME).ok
    zoom.clear_ledger()
    zoom.fault("oauth.token", "latency", seconds=TOKEN_SECONDS)
    assert herd.run([str(account.pk)] * ALL) == {"answered": ALL}
    record_property("G9.token_requests_at_401", token_requests(zoom))
    assert token_requests(zoom) == 1
    assert zoom.count_calls(status=401)["users.list"] > 1


@pytest.mark.storm
def test_as_many_accounts_are_as_many_token_requests(cast, zoom, herd, record_property):
    accounts = ZoomAccountFactory.create_batch(ALL, organization=cast.acme)
    for account in accounts:
        names = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
        fields = {name: getattr(account, name) for name in names}
        zoom.account(**fields, single_token=True, users=[])
    assert herd.run([str(account.pk) for account in accounts]) == {"answered": ALL}
    record_property("G9.token_requests_of_200_accounts", token_requests(zoom))
    assert token_requests(zoom) == ALL
    assert set(zoom.count_calls("account", call="oauth.token").values()) == {1}


@pytest.mark.storm
def test_a_failure_of_all_is_one_token_request(account, zoom, herd, record_property):
    zoom.change_account(client_secret="another-secret")
    zoom.fault("oauth.token", "latency", seconds=TOKEN_SECONDS)
    assert herd.run([str(account.pk)] * ALL) == {"zoom_credentials_rejected": ALL}
    record_property("G9.token_requests_refused", token_requests(zoom))
    assert token_requests(zoom) == 1


# --- A minter is killed -----------------------------------------------------------------------

MINT = """
import sys, django
django.setup()
from django_scopes import scopes_disabled
from zoomauth.accounts import client_for
from zoomauth.models import ZoomAccount
from zoomauth.tokens import get_access_token
with scopes_disabled():
    account = ZoomAccount.objects.get(pk=sys.argv[1])
    get_access_token(account, client_for(account))
"""


def test_a_lease_ends_in_time_for_the_next_mint():
    assert longest_lease() <= timedelta(seconds=13)


@pytest.mark.storm
def test_a_killed_minter_keeps_nobody_from_minting_for_longer_than_its_lease(
    account, zoom, record_property
):
    """With the deadline of an installation, on which the length of the lease rests."""
    zoom.fault("oauth.token", "latency", seconds=10, times=1)
    command = [sys.executable, "-c", MINT, str(account.pk)]
    minter = subprocess.Popen(command, cwd=ROOT, env=environment())
    zoom.wait_until(lambda: zoom.calls() == ["oauth.token"], seconds=30)
    minter.kill()
    minter.wait(10)
    killed_at = time.monotonic()
    while time.monotonic() < killed_at + 15:
        try:
            fresh = ZoomAccount.objects.get(pk=account.pk)
            assert get_access_token(fresh, client_for(fresh)).generation == 1
            break
        except ZoomTimeout:
            continue
    took = time.monotonic() - killed_at
    record_property("G9.seconds_after_a_killed_minter", round(took))
    assert zoom.calls() == ["oauth.token"] * 2
