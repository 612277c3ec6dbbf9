"""On a shared account an organization imports and sees its own Zoom users alone."""

import pytest

from portal.tenancy import acting_for
from tests.factories import ZoomUserAssignmentFactory
from zoomauth.importing import start_import, work_on
from zoomauth.models import INSTALLATION, ZoomAccount, ZoomConnection, ZoomUser, ZoomUserImport
from zoomauth.services import zoom_users_of

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def shared(cast, zoom):
    """acme and globex on one account: alice is acme's, bob globex's, sam nobody's."""
    ZoomConnection.objects.all().delete()
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    values = {name: getattr(cast.acme_account, name) for name in fields}
    account = ZoomAccount.objects.create(organization=None, name="Shared", **values)
    for organization, user in ((cast.acme, "alice"), (cast.globex, "bob")):
        ZoomConnection.objects.create(
            organization=organization, account=account, owner_key=INSTALLATION
        )
        assign(organization, account, user)
    return account


def assign(organization, account, zoom_user_id):
    ZoomUserAssignmentFactory(organization=organization, account=account, zoom_user_id=zoom_user_id)


def imported(organization):
    row = start_import(organization, actor=None)
    while work_on(row.pk):
        pass
    return ZoomUserImport.objects.get(pk=row.pk)


def ids(organization):
    return set(zoom_users_of(organization).values_list("zoom_user_id", flat=True))


def test_only_ones_own_users_are_asked_for_stored_and_counted(cast, zoom, shared):
    row = imported(cast.acme)
    assert (row.state, row.done, row.total) == ("done", 1, 1)
    assert set(ZoomUser.objects.values_list("zoom_user_id", flat=True)) == {"alice"}
    assert "users.list" not in zoom.calls()


def test_each_organization_sees_its_own(cast, zoom, shared):
    imported(cast.acme)
    imported(cast.globex)
    assert (ids(cast.acme), ids(cast.globex)) == ({"alice"}, {"bob"})


def test_a_user_of_both_is_seen_by_both(cast, zoom, shared):
    assign(cast.globex, shared, "alice")
    imported(cast.acme)
    imported(cast.globex)
    assert "alice" in ids(cast.acme) & ids(cast.globex)


def test_a_user_who_is_taken_away_is_seen_no_more(cast, zoom, shared):
    imported(cast.acme)
    cast.acme.zoom_user_assignments.all().delete()
    assert ids(cast.acme) == set()


def test_no_scope_sees_the_users_of_a_shared_account(cast, zoom, shared):
    imported(cast.acme)
    with acting_for(cast.acme.pk, cast.globex.pk):
        assert not ZoomUser.objects.exists()


def test_an_assigned_user_who_left_zoom_is_marked(cast, zoom, shared):
    imported(cast.acme)
    zoom.delete_user("alice")
    imported(cast.acme)
    assert zoom_users_of(cast.acme).get().is_gone


def test_an_assignment_by_address_is_passed_over_and_told(cast, zoom, shared):
    assign(cast.acme, shared, "sam@acme.example")
    row = imported(cast.acme)
    assert (row.state, row.done, row.skipped) == ("done", 2, 1)
    assert ids(cast.acme) == {"alice"}


@pytest.mark.parametrize("name", ["me", "..", "a user"])
def test_an_assignment_that_names_nobody_does_not_stop_the_others(cast, zoom, shared, name):
    assign(cast.acme, shared, name)
    row = imported(cast.acme)
    assert (row.state, row.skipped) == ("done", 1)
    assert ids(cast.acme) == {"alice"}


def test_many_users_of_ones_own_survive_stops(cast, zoom, shared):
    zoom.account(users=[
        {"id": f"u{n:03}", "email": f"u{n}@acme.example", "display_name": f"U {n}"}
        for n in range(12)
    ])  # fmt: skip
    for n in range(0, 12, 2):
        assign(cast.acme, shared, f"u{n:03}")
    row = start_import(cast.acme, actor=None)
    for _ in range(20):
        work_on(row.pk, seconds=0)
    row.refresh_from_db()
    assert (row.state, row.done, row.total) == ("done", 7, 7)
    assert zoom.calls().count("users.get") == 7
