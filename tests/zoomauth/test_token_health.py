"""A failed token request is one request: kept, shared, backed off from, and told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.sealing import SealBroken
from zoomauth.accounts import client_for
from zoomauth.credentials import change_account
from zoomauth.errors import (
    ZoomAppDeactivated,
    ZoomCredentialsRejected,
    ZoomError,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomUnavailable,
)
from zoomauth.models import AccessToken, Health, ZoomAccount
from zoomauth.refresh_duty import take_due
from zoomauth.services import refresh_account
from zoomauth.token_health import describe_health, explain_health, make_error, make_failure
from zoomauth.tokens import get_access_token

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
RIGHT = "acme-client-secret-0123456789abcdef"


@pytest.fixture
def account(cast, zoom):
    return cast.acme_account


@pytest.fixture
def rejected(account, zoom):
    """Zoom has just refused the credentials; its ledger is empty again."""
    zoom.change_account(client_secret="another-secret")
    with pytest.raises(ZoomCredentialsRejected):
        get(account)
    zoom.clear_ledger()
    return account


def get(account):
    fresh = ZoomAccount.objects.select_related("access_token").get(pk=account.pk)
    return get_access_token(fresh, client_for(fresh))


def probe(account):
    refresh_account(ZoomAccount.objects.select_related("access_token").get(pk=account.pk))


def row():
    return AccessToken.objects.get()


def later(seconds):
    """The last refusal was that long ago."""
    AccessToken.objects.update(failed_at=timezone.now() - timedelta(seconds=seconds))


# --- What is kept -----------------------------------------------------------------------------


def test_a_temporary_failure_is_kept_with_what_zoom_said(account, zoom):
    zoom.fault("oauth.token", "status", status=503, times=1)
    with pytest.raises(ZoomUnavailable):
        get(account)
    kept = row()
    assert (kept.health, kept.failures, kept.error_slug) == ("failing", 1, "zoom_unavailable")
    assert "WEB_" in kept.tracking_id
    assert kept.failing_since == kept.failed_at


def test_refused_credentials_block_the_account(rejected):
    assert row().health == Health.BLOCKED


def test_failures_are_counted_and_the_first_one_is_remembered(account, zoom):
    zoom.fault("oauth.token", "status", status=503, times=2)
    for _ in range(2):
        with pytest.raises(ZoomUnavailable):
            get(account)
    kept = row()
    assert kept.failures == 2
    assert kept.failing_since < kept.failed_at


def test_a_token_ends_it(rejected, zoom):
    zoom.change_account(client_secret=RIGHT)
    probe(rejected)
    kept = row()
    assert (kept.health, kept.failures, kept.error_slug) == ("healthy", 0, "")
    assert kept.failing_since is None
    assert kept.notice_due_at is None


def test_zoom_being_down_does_not_hide_that_the_credentials_are_wrong(rejected, zoom):
    zoom.fault("oauth.token", "status", status=503, times=1)
    with pytest.raises(ZoomUnavailable):
        probe(rejected)
    kept = row()
    assert (kept.health, kept.error_slug) == ("blocked", "zoom_credentials_rejected")
    assert kept.failures == 2


def test_a_secret_that_cannot_be_unsealed_blocks_the_account(account, zoom):
    foreign = account.__dict__["sdk_client_secret"]
    ZoomAccount.objects.filter(pk=account.pk).update(client_secret=foreign)
    with pytest.raises(SealBroken):
        get(account)
    assert row().health == Health.BLOCKED
    with pytest.raises(ZoomNotConnected):
        get(account)


@pytest.mark.parametrize("kind", [ZoomUnavailable, ZoomAppDeactivated, ZoomRateLimited])
def test_a_failure_is_said_again_as_it_was(account, kind):
    failure = make_failure(kind(call="oauth.token", code=4700, tracking_id="WEB_1"))
    kept = AccessToken(
        account=account,
        error_slug=failure.slug,
        error_code=failure.code,
        tracking_id=failure.tracking_id,
    )
    said = make_error(kept)
    assert type(said) is kind
    assert str(said) == "call request_access_token, Zoom code 4700, tracking id WEB_1"


def test_every_kind_of_error_has_a_slug_of_its_own():
    kinds, waiting = [], [ZoomError]
    while waiting:
        kind = waiting.pop()
        kinds.append(kind)
        waiting.extend(kind.__subclasses__())
    assert len({kind.slug for kind in kinds}) == len(kinds)


# --- When Zoom is asked again -----------------------------------------------------------------


def test_a_temporary_failure_is_tried_again_within_half_a_minute(account, zoom):
    zoom.fault("oauth.token", "status", status=503, times=1)
    with pytest.raises(ZoomUnavailable):
        get(account)
    wait = row().next_refresh_at - timezone.now()
    assert timedelta(seconds=10) < wait < timedelta(seconds=31)


def test_refused_credentials_are_tried_again_after_about_an_hour(rejected):
    wait = row().next_refresh_at - timezone.now()
    assert timedelta(minutes=29) < wait < timedelta(minutes=61)


def test_zoom_is_not_asked_again_right_after_it_refused(rejected, zoom):
    for _ in range(20):
        with pytest.raises(ZoomCredentialsRejected):
            get(rejected)
    assert zoom.calls() == []


def test_some_seconds_later_it_is(rejected, zoom):
    later(16)
    with pytest.raises(ZoomCredentialsRejected):
        get(rejected)
    assert zoom.calls() == ["oauth.token"]


def test_a_refusal_from_a_clock_that_runs_ahead_holds_no_longer(rejected, zoom):
    later(-3600)
    with pytest.raises(ZoomCredentialsRejected):
        get(rejected)
    assert zoom.calls() == ["oauth.token"]


def test_a_probe_asks_at_once(rejected, zoom):
    zoom.change_account(client_secret=RIGHT)
    probe(rejected)
    assert zoom.calls() == ["oauth.token"]
    assert get(rejected).token


def test_a_temporary_failure_keeps_nobody_from_asking(account, zoom):
    zoom.fault("oauth.token", "status", status=503, times=1)
    with pytest.raises(ZoomUnavailable):
        get(account)
    assert get(account).token


def test_a_blocked_account_uses_up_the_token_it_has(account, zoom):
    good = get(account)
    zoom.change_account(client_secret="another-secret")
    with pytest.raises(ZoomCredentialsRejected):
        probe(account)
    assert row().health == Health.BLOCKED
    assert get(account) == good


def test_new_credentials_end_it_and_are_due_at_once(rejected, zoom):
    zoom.change_account(client_secret="the-new-secret-of-this-account-00")
    rejected.client_secret = "the-new-secret-of-this-account-00"
    change_account(rejected, ["client_secret"], actor=None)
    kept = row()
    assert (kept.health, kept.failures, kept.notice_due_at) == ("healthy", 0, None)
    assert len(take_due(timezone.now())) == 1
    assert get(rejected).token


def test_a_failure_of_the_credentials_before_is_not_held_against_the_new_ones(account, zoom):
    before, _ = AccessToken.objects.get_or_create(account=account)
    now = timezone.now()
    holder = before.take_lease(now=now, longest=timedelta(seconds=10))
    change_account(account, ["client_id"], actor=None)
    late = make_failure(ZoomCredentialsRejected())
    assert not before.note_failure(holder=holder, failure=late, now=now, next_refresh_at=now)
    assert row().health == Health.HEALTHY


# --- Many at once -----------------------------------------------------------------------------


def together(account, count):
    """How many tokens and which errors that many callers get, all at the same moment."""
    start = threading.Barrier(count)

    def one(_):
        start.wait(10)
        try:
            with scopes_disabled():
                return "token" if get(account).token else ""
        except ZoomError as error:
            return error.slug
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_a_refusal_that_many_wait_for_is_one_request(account, zoom):
    zoom.change_account(client_secret="another-secret")
    zoom.fault("oauth.token", "latency", seconds=1, times=1)
    assert set(together(account, 12)) == {"zoom_credentials_rejected"}
    assert zoom.calls() == ["oauth.token"]


@pytest.mark.django_db(transaction=True)
def test_a_silence_that_many_wait_for_is_one_request(account, zoom, settings):
    settings.ZOOM_READ_TIMEOUT = 1.0
    zoom.fault("oauth.token", "latency", seconds=3, times=1)
    assert set(together(account, 12)) == {"zoom_timeout"}
    assert zoom.calls() == ["oauth.token"]


# --- In words ---------------------------------------------------------------------------------


def test_words_for_each_state(account):
    assert str(describe_health(None)) == "No access token yet"
    kept = AccessToken(account=account, generation=1)
    assert str(describe_health(kept)) == "Healthy"
    assert explain_health(kept) == ""
    kept.health, kept.error_slug = Health.FAILING, "zoom_unavailable"
    assert "tried again" in str(describe_health(kept))
    assert str(explain_health(kept)).startswith(str(ZoomUnavailable.admin_message))
    kept.health, kept.error_slug = Health.BLOCKED, "zoom_credentials_rejected"
    assert str(describe_health(kept)).startswith("Blocked")
    assert explain_health(kept) == ZoomCredentialsRejected.admin_message


def test_a_secret_that_cannot_be_read_says_to_enter_it_again(account):
    kept = AccessToken(account=account, health=Health.BLOCKED, error_code="sealing")
    assert "Enter the secrets again" in str(explain_health(kept))
