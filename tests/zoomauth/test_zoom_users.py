"""Importing an account's Zoom users: all of them, once, whatever dies on the way."""

import pytest
from django.utils import timezone

from portal.models import AuditEvent
from tests.factories import MembershipFactory
from zoomauth.errors import ZoomNotConnected
from zoomauth.importing import due_imports, last_import, start_import, work_on
from zoomauth.models import ZoomConnection, ZoomUser, ZoomUserImport
from zoomauth.services import zoom_users_of
from zoomauth.tasks import import_zoom_users, import_zoom_users_of_all, sweep_zoom_user_imports

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def many(count, status="active"):
    return [
        {
            "id": f"user-{status}-{n:05}", "email": f"{status}{n}@acme.example",
            "display_name": f"Person {n}", "status": status,
        }
        for n in range(count)
    ]  # fmt: skip


def imported(cast, **options):
    """A whole import of acme's, as a worker makes it."""
    row = start_import(cast.acme, actor=cast.ada)
    while work_on(row.pk, **options):
        pass
    return ZoomUserImport.objects.get(pk=row.pk)


def later(time_machine, **delta):
    time_machine.move_to(timezone.now() + timezone.timedelta(**delta), tick=True)


def ids(organization):
    return set(zoom_users_of(organization).values_list("zoom_user_id", flat=True))


# --- What comes in ----------------------------------------------------------------------------


def test_users_of_every_status_come_in(cast, zoom):
    zoom.change_user("bob", status="inactive")
    zoom.change_user("sam", status="pending")
    assert imported(cast).state == "done"
    found = set(zoom_users_of(cast.acme).values_list("zoom_user_id", "status", "licence"))
    assert found == {("alice", "active", 2), ("bob", "inactive", 2), ("sam", "pending", 1)}


def test_it_takes_one_page_for_300_users_and_counts_them(cast, zoom):
    zoom.account(users=many(650) + many(10, "inactive"))
    row = imported(cast)
    assert (row.done, row.total) == (660, 660)
    # Three pages of active users, one of each other status.
    assert zoom.calls().count("users.list") == 5


def test_progress_is_told_page_by_page(cast, zoom):
    zoom.account(users=many(650))
    row = start_import(cast.acme, actor=cast.ada)
    assert work_on(row.pk, seconds=0)
    row.refresh_from_db()
    assert (row.state, row.done, row.total) == ("running", 300, 650)


def test_a_second_import_makes_no_second_rows(cast, zoom):
    imported(cast)
    imported(cast)
    assert ZoomUser.objects.count() == 3


def test_a_changed_address_follows_by_id(cast, zoom):
    imported(cast)
    zoom.change_user("alice", email="Alice.New@acme.example", display_name="Alice New")
    imported(cast)
    user = ZoomUser.objects.get(zoom_user_id="alice")
    assert (user.email, user.name) == ("alice.new@acme.example", "Alice New")


def test_an_address_that_another_user_has_now_does_not_move_the_row(cast, zoom):
    imported(cast)
    before = ZoomUser.objects.get(zoom_user_id="bob").pk
    zoom.change_user("bob", email="freed@acme.example")
    zoom.change_user("alice", email="bob@acme.example")
    imported(cast)
    assert ZoomUser.objects.get(email="freed@acme.example").pk == before
    assert ZoomUser.objects.get(email="bob@acme.example").zoom_user_id == "alice"


def test_who_is_gone_from_zoom_is_marked_and_kept(cast, zoom):
    imported(cast)
    zoom.delete_user("bob")
    imported(cast)
    assert {u.zoom_user_id: u.is_gone for u in zoom_users_of(cast.acme)} == {
        "alice": False, "bob": True, "sam": False,
    }  # fmt: skip


GOOD = {"id": "zoe", "email": "zoe@acme.example", "display_name": "Zoe", "type": 2}


@pytest.mark.parametrize(
    "bad",
    [{"id": "bob", "email": "bob@acme.example"}, {**GOOD, "id": 7}, {}, "bob", None],
    ids=["no type", "a number as id", "empty", "text", "null"],
)
def test_a_malformed_user_is_left_out_and_counted_and_the_others_come_in(cast, zoom, bad):
    zoom.fault("users.list", "status", status=200, body={"users": [bad, GOOD]}, times=1)
    row = imported(cast)
    assert (row.state, row.skipped) == ("done", 1)
    assert ids(cast.acme) == {"zoe"}


def test_a_known_user_who_is_malformed_now_stays_as_they_were(cast, zoom):
    imported(cast)
    bad = {"id": "bob", "email": "bob@acme.example"}
    zoom.fault("users.list", "status", status=200, body={"users": [bad, GOOD]}, times=1)
    zoom.fault("users.get", "status", status=200, body=bad, times=9)
    assert imported(cast).state == "done"
    bob = ZoomUser.objects.get(zoom_user_id="bob")
    assert (bob.is_gone, bob.licence) == (False, 2)


def test_a_page_of_nothing_but_malformed_users_is_no_answer(cast, zoom):
    zoom.fault("users.list", "status", status=200, body={"users": [{}, {}]}, times=50)
    assert imported(cast).error_code == "zoom_answer_invalid"


def test_only_zooms_word_that_there_is_no_such_user_makes_them_gone(cast, zoom):
    imported(cast)
    zoom.delete_user("bob")
    zoom.fault("users.get", "status", status=400, body={"code": 300, "message": "Rejected."})
    row = imported(cast)
    assert (row.state, row.skipped) == ("done", 1)
    assert not ZoomUser.objects.get(zoom_user_id="bob").is_gone


def test_who_is_back_is_marked_no_more(cast, zoom):
    imported(cast)
    zoom.delete_user("bob")
    imported(cast)
    zoom.account()
    imported(cast)
    assert not ZoomUser.objects.get(zoom_user_id="bob").is_gone


def test_who_was_only_left_out_of_the_list_is_not_gone(cast, zoom):
    """Activated between the two lists: in neither of them, and still there."""
    zoom.change_user("bob", status="inactive")
    imported(cast)
    row = start_import(cast.acme, actor=cast.ada)
    assert work_on(row.pk, seconds=0)
    zoom.change_user("bob", status="active")
    work_on(row.pk)
    bob = ZoomUser.objects.get(zoom_user_id="bob")
    assert (bob.status, bob.gone_at) == ("active", None)


def test_it_is_written_down(cast, zoom):
    imported(cast)
    asked = AuditEvent.objects.get(action="zoomusers.import_asked")
    done = AuditEvent.objects.get(action="zoomusers.imported")
    assert (asked.actor_id, done.detail) == (cast.ada.pk, {"users": 3})


# --- Once, and to the end ---------------------------------------------------------------------


def test_two_clicks_are_one_import(cast, zoom):
    first, second = (start_import(cast.acme, actor=cast.ada) for _ in range(2))
    assert first.pk == second.pk
    assert AuditEvent.objects.filter(action="zoomusers.import_asked").count() == 1


def test_after_the_end_there_can_be_another(cast, zoom):
    first = imported(cast)
    assert start_import(cast.acme, actor=cast.ada).pk != first.pk


def test_a_second_worker_leaves_a_running_import_alone(cast, zoom):
    row = start_import(cast.acme, actor=cast.ada)
    assert row.take(now=timezone.now(), lease=timezone.timedelta(seconds=30))
    assert not work_on(row.pk)
    assert zoom.calls() == []


def test_5000_users_survive_a_worker_killed_at_any_page(cast, zoom, time_machine):
    """Each worker dies holding the import; the sweep finds it once the lease has ended."""
    zoom.account(users=many(4700) + many(290, "inactive") + many(10, "pending"))
    row = start_import(cast.acme, actor=cast.ada)
    for _page in range(25):
        work_on(row.pk, seconds=0)
        row.refresh_from_db()
        if not row.is_open:
            break
        row.take(now=timezone.now(), lease=timezone.timedelta(seconds=30))
        assert due_imports(timezone.now()) == []
        later(time_machine, seconds=31)
        assert due_imports(timezone.now()) == [row.pk]
    assert (row.state, row.done, row.total) == ("done", 5000, 5000)
    assert zoom_users_of(cast.acme).count() == 5000
    # Nothing was asked twice: it went on where it was.
    assert zoom.calls().count("users.list") == 16 + 1 + 1


def test_a_page_token_that_died_meanwhile_begins_that_status_anew(cast, zoom, time_machine):
    zoom.account(users=many(650))
    row = start_import(cast.acme, actor=cast.ada)
    work_on(row.pk, seconds=0)
    later(time_machine, minutes=20)
    work_on(row.pk)
    row.refresh_from_db()
    assert (row.state, row.done, row.total) == ("done", 650, 650)


def test_a_page_token_that_zoom_refuses_begins_that_status_anew(cast, zoom):
    zoom.account(users=many(650))
    row = start_import(cast.acme, actor=cast.ada)
    work_on(row.pk, seconds=0)
    zoom.clock(901)
    work_on(row.pk)
    row.refresh_from_db()
    assert (row.state, row.done, row.total) == ("done", 650, 650)


def test_a_worker_that_was_overtaken_writes_nothing(cast, zoom, time_machine):
    row = start_import(cast.acme, actor=cast.ada)
    row.take(now=timezone.now(), lease=timezone.timedelta(seconds=30))
    later(time_machine, seconds=31)
    work_on(row.pk)
    assert not row.keep(done=999)
    assert ZoomUserImport.objects.get().done == 3


def test_a_fault_of_zooms_puts_it_off_and_it_goes_on(cast, zoom, time_machine):
    zoom.fault("users.list", "status", status=503, times=1)
    row = start_import(cast.acme, actor=cast.ada)
    assert not work_on(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("running", "zoom_unavailable")
    assert due_imports(timezone.now()) == []
    later(time_machine, seconds=20)
    assert due_imports(timezone.now()) == [row.pk]
    work_on(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("done", "")


def test_faults_without_end_end_it(cast, zoom, time_machine):
    zoom.fault("users.list", "status", status=503, times=50)
    row = start_import(cast.acme, actor=cast.ada)
    for _ in range(8):
        work_on(row.pk)
        later(time_machine, minutes=11)
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("failed", "zoom_unavailable")


def test_a_missing_scope_ends_it_and_is_named(cast, zoom):
    zoom.change_account(scopes=["user:read:token:admin"])
    row = imported(cast)
    assert row.state == "failed"
    assert "user:read:list_users:admin" in row.error
    assert AuditEvent.objects.get(action="zoomusers.imported").result == "failed"


def test_a_worker_that_dies_at_once_each_time_is_not_given_it_for_ever(cast, zoom, time_machine):
    row = start_import(cast.acme, actor=cast.ada)
    for _ in range(7):
        row.take(now=timezone.now(), lease=timezone.timedelta(seconds=30))
        later(time_machine, seconds=31)
    work_on(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"


def test_a_list_without_end_is_refused(cast, zoom):
    page = {"users": [], "next_page_token": "again", "total_records": 1}
    zoom.fault("users.list", "status", status=200, body=page, times=50)
    row = imported(cast)
    assert (row.attempts, row.error_code) == (1, "zoom_answer_invalid")


def test_an_organization_that_is_switched_off_is_not_asked_for_and_goes_on_later(cast, zoom):
    row = start_import(cast.acme, actor=cast.ada)
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(is_active=False)
    assert not work_on(row.pk)
    assert (due_imports(timezone.now()), zoom.calls()) == ([], [])
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(is_active=True)
    work_on(row.pk)
    assert ZoomUserImport.objects.get().state == "done"


def test_an_import_of_an_account_that_is_used_no_more_ends(cast, zoom):
    row = start_import(cast.acme, actor=cast.ada)
    ZoomConnection.objects.filter(organization=cast.acme).delete()
    work_on(row.pk)
    assert ZoomUserImport.objects.get().state == "failed"
    assert zoom.calls() == []


def test_without_an_account_there_is_no_import(cast):
    ZoomConnection.objects.filter(organization=cast.acme).delete()
    with pytest.raises(ZoomNotConnected):
        start_import(cast.acme, actor=cast.ada)


# --- Tasks ------------------------------------------------------------------------------------


def test_the_task_does_all_of_a_small_import(cast, zoom):
    row = start_import(cast.acme, actor=cast.ada)
    import_zoom_users(str(row.pk))
    assert last_import(cast.acme).state == "done"


def test_the_sweep_enqueues_what_is_due(cast, zoom):
    start_import(cast.acme, actor=cast.ada)
    assert sweep_zoom_user_imports() == 1


def test_every_night_those_are_imported_that_have_been_before(cast, zoom):
    imported(cast)
    assert import_zoom_users_of_all() == 1
    row = last_import(cast.acme)
    assert (row.state, row.asked_by) == ("waiting", None)
    assert last_import(cast.globex) is None


# --- Whose they are ---------------------------------------------------------------------------


def test_nobody_sees_another_organizations_users(cast, zoom):
    imported(cast)
    MembershipFactory(organization=cast.globex)
    assert ids(cast.acme) == {"alice", "bob", "sam"}
    assert ids(cast.globex) == set()
