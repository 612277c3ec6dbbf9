"""The operator's import of a whole shared account, beside the organizations' own look-ups."""

import pytest
from django.utils import timezone

from meetings.models import Host
from portal.models import AuditEvent
from portal.tenancy import acting_for
from tests.factories import ZoomUserAssignmentFactory
from tests.shared import share_account
from zoomauth.importing import (
    due_imports,
    last_account_import,
    last_import,
    start_account_import,
    start_import,
    work_on,
)
from zoomauth.models import ZoomUser, ZoomUserImport
from zoomauth.services import zoom_users_of
from zoomauth.tasks import import_zoom_users_of_all

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def shared(cast, zoom):
    """acme and globex on one account: alice is acme's, bob globex's, sam nobody's."""
    account = share_account(cast)
    for organization, user in ((cast.acme, "alice"), (cast.globex, "bob")):
        assign(organization, account, user)
    return account


def assign(organization, account, zoom_user_id):
    ZoomUserAssignmentFactory(organization=organization, account=account, zoom_user_id=zoom_user_id)


def finish(row, **options):
    while work_on(row.pk, **options):
        pass
    row.refresh_from_db()
    return row


def imported(cast, account):
    return finish(start_account_import(account, actor=cast.operator))


def many(count, status="active"):
    return [
        {
            "id": f"user-{status}-{n:05}", "email": f"{status}{n}@acme.example",
            "display_name": f"Person {n}", "status": status,
        }
        for n in range(count)
    ]  # fmt: skip


def known(**fields):
    return set(ZoomUser.objects.filter(**fields).values_list("zoom_user_id", flat=True))


# --- What comes in, and for whom --------------------------------------------------------------


def test_users_of_every_status_come_in_assigned_or_not(cast, zoom, shared):
    zoom.change_user("bob", status="inactive")
    zoom.change_user("sam", status="pending")
    row = imported(cast, shared)
    assert (row.state, row.done, row.total) == ("done", 3, 3)
    assert set(ZoomUser.objects.values_list("zoom_user_id", "status")) == {
        ("alice", "active"), ("bob", "inactive"), ("sam", "pending"),
    }  # fmt: skip


def test_organizations_see_no_more_than_before(cast, zoom, shared):
    imported(cast, shared)
    assert [user.zoom_user_id for user in zoom_users_of(cast.acme)] == ["alice"]
    assert [user.zoom_user_id for user in zoom_users_of(cast.globex)] == ["bob"]


def test_no_organizations_scope_sees_the_import(cast, zoom, shared):
    imported(cast, shared)
    assert last_import(cast.acme) is None
    with acting_for(cast.acme.pk, cast.globex.pk):
        assert not ZoomUserImport.objects.exists()


def test_it_is_written_down_as_the_installations(cast, zoom, shared):
    imported(cast, shared)
    asked = AuditEvent.objects.get(action="zoomusers.import_asked")
    done = AuditEvent.objects.get(action="zoomusers.imported")
    assert (asked.actor_id, asked.organization_id) == (cast.operator.pk, None)
    assert (done.organization_id, done.detail) == (None, {"users": 3})


def test_an_account_of_an_organizations_own_is_not_the_operators_to_import(cast, zoom):
    with pytest.raises(ValueError, match="installation"):
        start_account_import(cast.acme_account, actor=cast.operator)
    assert not ZoomUserImport.objects.exists()


def test_hosts_of_each_organization_follow(cast, zoom, shared):
    zoom.change_user("alice", email="alice.new@acme.example")
    zoom.change_user("bob", email="bob.new@acme.example")
    Host.objects.filter(pk=cast.carol_host.pk).update(zoom_user_id="bob")
    imported(cast, shared)
    assert Host.objects.get(pk=cast.alice_host.pk).email == "alice.new@acme.example"
    assert Host.objects.get(pk=cast.carol_host.pk).email == "bob.new@acme.example"
    # bob is not assigned to acme, so acme learns nothing of him.
    assert Host.objects.get(pk=cast.bob_host.pk).email != "bob.new@acme.example"


def test_an_account_that_nobody_is_connected_to_can_be_imported(cast, zoom, shared):
    shared.connections.all().delete()
    assert imported(cast, shared).done == 3


# --- Once, and to the end ---------------------------------------------------------------------


def test_two_clicks_are_one_import(cast, zoom, shared):
    first, second = (start_account_import(shared, actor=cast.operator) for _ in range(2))
    assert first.pk == second.pk == last_account_import(shared).pk


def test_it_survives_a_worker_killed_at_any_page(cast, zoom, shared, time_machine):
    zoom.account(users=many(900) + many(310, "inactive") + many(5, "pending"))
    row = start_account_import(shared, actor=cast.operator)
    for _page in range(20):
        work_on(row.pk, seconds=0)
        row.refresh_from_db()
        if not row.is_open:
            break
        row.take(now=timezone.now(), lease=timezone.timedelta(seconds=30))
        time_machine.move_to(timezone.now() + timezone.timedelta(seconds=31), tick=True)
        assert due_imports(timezone.now()) == [row.pk]
    assert (row.state, row.done, row.total) == ("done", 1215, 1215)
    assert ZoomUser.objects.count() == 1215
    assert zoom.calls().count("users.list") == 3 + 2 + 1


def test_who_left_zoom_is_marked_and_nobody_else(cast, zoom, shared):
    imported(cast, shared)
    zoom.delete_user("sam")
    imported(cast, shared)
    assert known(gone_at=None) == {"alice", "bob"}


def test_every_night_those_come_again_that_were_imported_before(cast, zoom, shared):
    imported(cast, shared)
    assert import_zoom_users_of_all() == 1
    row = last_account_import(shared)
    assert (row.state, row.asked_by) == ("waiting", None)
    assert last_import(cast.acme) is None


# --- Two at once ------------------------------------------------------------------------------


def test_an_organizations_look_up_in_between_spoils_nothing(cast, zoom, shared):
    """Nobody is gone, and nobody is asked for twice because the other had asked as well."""
    row = start_account_import(shared, actor=cast.operator)
    assert work_on(row.pk, seconds=0)
    own = finish(start_import(cast.acme, actor=cast.ada))
    finish(row)
    assert (own.state, own.done, row.state, row.done) == ("done", 1, "done", 3)
    assert known(gone_at=None) == {"alice", "bob", "sam"}
    # acme's own look-up of alice, and no other.
    assert zoom.calls().count("users.get") == 1


def test_the_operators_import_in_between_spoils_no_look_up(cast, zoom, shared):
    assign(cast.acme, shared, "sam")
    own = start_import(cast.acme, actor=cast.ada)
    assert work_on(own.pk, seconds=0)
    imported(cast, shared)
    finish(own)
    assert (own.state, own.done, own.total) == ("done", 2, 2)
    assert {user.zoom_user_id for user in zoom_users_of(cast.acme)} == {"alice", "sam"}
    assert known(gone_at=None) == {"alice", "bob", "sam"}


def test_one_user_at_a_time_who_is_new_to_both_is_one_row(cast, zoom, shared):
    row = start_account_import(shared, actor=cast.operator)
    finish(start_import(cast.acme, actor=cast.ada))
    finish(row)
    assert ZoomUser.objects.filter(zoom_user_id="alice").count() == 1


def test_a_user_created_while_the_list_is_read_is_not_gone(cast, zoom, shared):
    """By somebody's look-up it is known here, and the list that was read before has it not."""
    row = start_account_import(shared, actor=cast.operator)
    assert work_on(row.pk, seconds=0)
    zoom.account(
        users=[
            {"id": name, "email": f"{name}@acme.example", "display_name": name}
            for name in ("alice", "bob", "sam", "new")
        ]
    )
    assign(cast.acme, shared, "new")
    finish(start_import(cast.acme, actor=cast.ada))
    finish(row)
    assert known(gone_at=None) == {"alice", "bob", "sam", "new"}
