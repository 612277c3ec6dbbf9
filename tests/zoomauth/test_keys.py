"""The keys of a start: the signature is made first, and what it takes to get a ZAK."""

import pytest
from django_scopes import scope

from portal.models import Organization
from tests.shared import share_account
from zoomauth.errors import ZoomNotConnected, ZoomUserNotFound
from zoomauth.models import AccessToken, ZoomAccount
from zoomauth.services import WITH_ACCOUNT, fetch_keys

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def fetch(organization, **more):
    return fetch_keys(
        organization=organization, zoom_user_id="alice", meeting_number=81234567890, role=1, **more
    )


def test_without_a_signature_no_zak_is_fetched(cast, zoom):
    foreign = cast.globex_account.__dict__["sdk_client_secret"]
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(sdk_client_secret=foreign)
    acme = Organization.objects.get(pk=cast.acme.pk)
    with pytest.raises(ZoomNotConnected):
        fetch(acme)
    assert zoom.calls() == []


def test_the_caller_hears_of_a_token_to_be_minted_before_zoom_does(cast, zoom):
    heard = []
    fetch(cast.acme, before_mint=lambda: heard.append(zoom.calls()))
    assert heard == [[]]
    assert zoom.calls() == ["oauth.token", "users.token"]


def test_with_a_token_in_stock_the_caller_hears_nothing(cast, zoom):
    fetch(cast.acme)
    heard = []
    fetch(cast.acme, before_mint=lambda: heard.append(1))
    assert heard == []


def test_a_token_that_zoom_refuses_is_told_once(cast, zoom):
    fetch(cast.acme)
    body = {"code": 124, "message": "Invalid"}
    zoom.fault("users.token", "status", status=401, body=body, times=1)
    heard = []
    fetch(cast.acme, before_mint=lambda: heard.append(1))
    assert heard == [1]


def test_what_the_caller_raises_stops_it(cast, zoom):
    def refuse():
        raise PermissionError

    with pytest.raises(PermissionError):
        fetch(cast.acme, before_mint=refuse)
    assert zoom.calls() == []


def test_for_nobody_assigned_no_token_is_minted_and_none_is_heard_of(cast, zoom):
    share_account(cast)
    heard = []
    with pytest.raises(ZoomUserNotFound):
        fetch(cast.acme, before_mint=lambda: heard.append(1))
    assert (zoom.calls(), heard) == ([], [])


def read_along(cast):
    with scope(organization=[cast.acme.pk]):
        return Organization.objects.select_related(WITH_ACCOUNT).get(pk=cast.acme.pk)


def test_an_account_read_along_is_not_read_again(cast, zoom, django_assert_num_queries):
    fetch(cast.acme)
    acme = read_along(cast)
    with django_assert_num_queries(0):
        fetch(acme)


def test_an_inactive_organization_reaches_none_read_along_either(cast, zoom):
    Organization.objects.filter(pk=cast.acme.pk).update(is_active=False)
    acme = read_along(cast)
    with pytest.raises(ZoomNotConnected):
        fetch(acme)
    assert zoom.calls() == []


def test_no_connection_read_along_is_none(cast, zoom):
    cast.acme.zoom_connection.delete()
    acme = read_along(cast)
    with pytest.raises(ZoomNotConnected):
        fetch(acme)


def test_the_keys_are_not_in_their_repr(cast, zoom):
    keys = fetch(cast.acme)
    assert keys.zak not in repr(keys)
    assert keys.signature not in repr(keys)
    assert AccessToken.objects.count() == 1
