"""On a shared account, an organization acts only as the Zoom users the operator assigned to it."""

import pytest

from tests.keys import fetch_zak
from tests.shared import share_account
from zoomauth.errors import ZoomUserNotFound
from zoomauth.models import ZoomUserAssignment

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def shared(cast, zoom):
    """acme and globex on one account of the installation's."""
    return share_account(cast)


def assign(organization, account, zoom_user_id):
    ZoomUserAssignment.objects.create(
        organization=organization, account=account, zoom_user_id=zoom_user_id
    )


def test_an_assigned_user_gets_a_zak(cast, shared):
    assign(cast.acme, shared, "alice")
    assert fetch_zak(organization=cast.acme, zoom_user_id="alice")


def test_one_user_hosts_in_two_organizations(cast, shared, zoom):
    for organization in (cast.acme, cast.globex):
        assign(organization, shared, "alice")
        assert fetch_zak(organization=organization, zoom_user_id="alice")
    assert [zak["user_id"] for zak in zoom.zaks()] == ["alice", "alice"]
    assert zoom.calls().count("oauth.token") == 1


def test_one_user_as_a_host_in_two_organizations_starts_in_both(cast, shared, zoom, signed_in):
    for organization in (cast.acme, cast.globex):
        assign(organization, shared, "alice")
    cast.carol_host.zoom_user_id = "alice"
    cast.carol_host.save(update_fields=["zoom_user_id"])
    for person, meeting in ((cast.alice, cast.meeting), (cast.carol, cast.carols_meeting)):
        answer = signed_in(person).post(f"/meetings/{meeting.pk}/start/")
        assert answer.status_code == 200
        foreign = cast.carols_meeting if meeting == cast.meeting else cast.meeting
        assert signed_in(person).post(f"/meetings/{foreign.pk}/start/").status_code == 404


def test_an_assignment_taken_back_in_one_organization_stays_in_the_other(cast, shared):
    for organization in (cast.acme, cast.globex):
        assign(organization, shared, "alice")
    ZoomUserAssignment.objects.filter(organization=cast.acme).delete()
    with pytest.raises(ZoomUserNotFound):
        fetch_zak(organization=cast.acme, zoom_user_id="alice")
    assert fetch_zak(organization=cast.globex, zoom_user_id="alice")


def test_another_organizations_user_gets_none_and_zoom_is_not_asked(cast, shared, zoom):
    assign(cast.acme, shared, "alice")
    with pytest.raises(ZoomUserNotFound):
        fetch_zak(organization=cast.globex, zoom_user_id="alice")
    assert zoom.calls() == []


def test_the_same_user_under_another_name_gets_none(cast, shared, zoom):
    assign(cast.acme, shared, "alice")
    for alias in ("alice@acme.example", "ALICE", " alice", "me"):
        with pytest.raises(ZoomUserNotFound):
            fetch_zak(organization=cast.acme, zoom_user_id=alias)


def test_a_host_relinked_by_an_admin_starts_nothing(cast, shared, zoom, signed_in):
    assign(cast.acme, shared, "alice")
    cast.alice_host.zoom_user_id = "carol"
    cast.alice_host.save(update_fields=["zoom_user_id"])
    for path in ("start", "open-in-zoom"):
        answer = signed_in(cast.alice).post(f"/meetings/{cast.meeting.pk}/{path}/")
        assert answer.status_code == 502
        assert "Zoom does not know this host" in answer.content.decode()
    assert zoom.calls() == []


def test_an_account_of_their_own_needs_no_assignment(cast, zoom):
    assert fetch_zak(organization=cast.acme, zoom_user_id="alice")
