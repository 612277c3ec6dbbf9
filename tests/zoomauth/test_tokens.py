"""One minter at a time, and no newer token is ever overwritten."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from portal.sealing import SealBroken, Sealed
from zoomauth.accounts import client_for
from zoomauth.errors import ZoomCredentialsRejected, ZoomTimeout
from zoomauth.models import AccessToken, Failure, ZoomAccount
from zoomauth.tokens import get_access_token, refresh_access_token

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def account(cast, zoom):
    return cast.acme_account


def get(account):
    fresh = ZoomAccount.objects.get(pk=account.pk)
    return get_access_token(fresh, client_for(fresh))


def test_the_first_call_mints_and_the_second_reads(account, zoom):
    assert get(account).token == get(account).token
    assert zoom.calls() == ["oauth.token"]


def test_the_stored_token_is_sealed(account):
    token = get(account).token
    assert token not in str(AccessToken.objects.values_list("token", flat=True)[0].ciphertext)


def test_a_token_near_its_end_is_replaced(account, zoom):
    first = get(account)
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    second = get(account)
    assert second.token != first.token
    assert second.generation == first.generation + 1


def test_whoever_waited_for_a_token_that_hardly_lives_takes_no_other(account, zoom):
    stale = get(account).generation - 1
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    refresh_access_token(account, client_for(account), stale=stale)
    assert zoom.calls() == ["oauth.token"]


def test_the_end_is_counted_from_before_zoom_was_asked(account):
    before = timezone.now()
    get(account)
    assert AccessToken.objects.get().expires_at <= before + timedelta(seconds=3602)


def test_a_second_caller_with_the_same_stale_token_mints_nothing(account, zoom):
    stale = get(account).generation
    client = client_for(account)
    first = refresh_access_token(account, client, stale=stale)
    second = refresh_access_token(account, client, stale=stale)
    assert first == second
    assert zoom.calls() == ["oauth.token"] * 2


def test_a_held_lease_is_waited_for_until_the_deadline(account, zoom, settings):
    settings.ZOOM_DEADLINE = 0.3
    row, _ = AccessToken.objects.get_or_create(account=account)
    row.take_lease(now=timezone.now(), longest=timedelta(seconds=3))
    with pytest.raises(ZoomTimeout):
        get(account)
    assert zoom.calls() == []


def test_a_lease_whose_holder_died_runs_out(account, zoom):
    row, _ = AccessToken.objects.get_or_create(account=account)
    row.take_lease(now=timezone.now() - timedelta(seconds=61), longest=timedelta(seconds=60))
    assert get(account).token
    assert zoom.calls() == ["oauth.token"]


def test_the_lease_has_one_winner(account):
    row, _ = AccessToken.objects.get_or_create(account=account)
    longest = timedelta(seconds=60)
    winners = [row.take_lease(now=timezone.now(), longest=longest) for _ in range(3)]
    assert [bool(winner) for winner in winners] == [True, False, False]


def test_a_late_minter_does_not_overwrite_a_newer_token(account):
    late, _ = AccessToken.objects.get_or_create(account=account)
    long_ago = timezone.now() - timedelta(seconds=61)
    holder = late.take_lease(now=long_ago, longest=timedelta(seconds=60))
    newer = get(account)
    soon = timezone.now() + timedelta(hours=1)
    stored = late.store(
        holder=holder, token="late", scopes=(), expires_at=soon, next_refresh_at=soon
    )
    assert not stored
    assert get(account) == newer


def test_a_holder_that_lost_its_lease_cannot_release_the_next_one(account):
    row, _ = AccessToken.objects.get_or_create(account=account)
    row.take_lease(now=timezone.now(), longest=timedelta(seconds=60))
    now, late = timezone.now(), Failure(slug="zoom_timeout", is_lasting=False)
    assert not row.note_failure(holder=uuid4(), failure=late, now=now, next_refresh_at=now)
    after = AccessToken.objects.get()
    assert after.lease_holder is not None
    assert after.failures == 0


def test_no_lease_is_won_by_what_was_read_before_a_failure(account):
    before, _ = AccessToken.objects.get_or_create(account=account)
    AccessToken.objects.update(failures=1)
    assert before.take_lease(now=timezone.now(), longest=timedelta(seconds=60)) is None


def test_no_lease_is_won_by_what_was_read_before_a_newer_token(account, zoom):
    before, _ = AccessToken.objects.get_or_create(account=account)
    get(account)
    assert before.take_lease(now=timezone.now(), longest=timedelta(seconds=60)) is None


def test_a_failed_mint_gives_the_lease_back(account, zoom):
    zoom.change_account(client_secret="another-secret")
    with pytest.raises(ZoomCredentialsRejected):
        get(account)
    assert AccessToken.objects.get().lease_holder is None


def test_a_lease_from_a_clock_that_runs_ahead_is_free(account, zoom):
    row, _ = AccessToken.objects.get_or_create(account=account)
    ahead = timezone.now() + timedelta(hours=1)
    row.take_lease(now=ahead, longest=timedelta(seconds=10))
    assert get(account).token


def test_a_token_that_cannot_be_unsealed_is_replaced(account, zoom, caplog):
    get(account)
    AccessToken.objects.update(token=Sealed("v1.test.bm90IHNlYWxlZCBmb3IgdGhpcyByb3c="))
    assert get(account).generation == 2
    assert "zoomauth.accesstoken.token" in caplog.text


def test_a_secret_that_cannot_be_unsealed_gives_the_lease_back(account, zoom):
    foreign = account.__dict__["sdk_client_secret"]
    ZoomAccount.objects.filter(pk=account.pk).update(client_secret=foreign)
    with pytest.raises(SealBroken):
        get(account)
    assert AccessToken.objects.get().lease_holder is None


def test_the_minter_uses_the_credentials_of_the_moment_it_won(account, zoom):
    AccessToken.objects.create(account=account)
    read_before = ZoomAccount.objects.get(pk=account.pk)
    zoom.change_account(client_secret="the-new-secret-of-this-account-00")
    account.client_secret = "the-new-secret-of-this-account-00"
    account.save(update_fields=["client_secret"])
    assert refresh_access_token(read_before, client_for(read_before), stale=0).token
