"""What nobody waits for leaves Zoom to the hosts: imports, nightly checks, reports."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from meetings.services.report_zoom import ask_zoom
from portal.celery import app
from tests.factories import MeetingFactory
from zoomauth.budget import QUIET, get_away_until, observe, take_turn
from zoomauth.client import Heard, Label, Rate
from zoomauth.connection_check import last_check, run_check
from zoomauth.errors import ZoomDailyLimitReached, ZoomPutOff, ZoomRateLimited
from zoomauth.importing import start_import, work_on
from zoomauth.models import ZoomAccount, ZoomUserImport
from zoomauth.tasks import CHECK_AGAIN, check_connection

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LATE = timedelta(hours=2)


@pytest.fixture
def account(cast, zoom):
    return cast.acme_account


def tell(account, label=Label.LIGHT, **said):
    heard = Heard("x", "", None, label, said.get("rate"), said.get("error"))
    observe(account, heard, now=timezone.now(), in_background=False)


def hosts_meet_the_limit(account):
    for label in (Label.LIGHT, Label.MEDIUM):
        tell(account, label, error=ZoomRateLimited())


def the_day_is_short(account):
    tell(account, rate=Rate("light", True, 6000, 1))


def the_day_is_used_up(account):
    for label in (Label.LIGHT, Label.MEDIUM):
        tell(
            account,
            label,
            error=ZoomDailyLimitReached(http_status=429, retry_at=timezone.now() + LATE),
        )


def work(row):
    ZoomUserImport.objects.update(due_at=timezone.now())
    work_on(row.pk)
    row.refresh_from_db()


@pytest.fixture
def queued():
    """The messages of the queue: when each is due."""
    with app.connection_for_read() as connection, connection.SimpleQueue("sync") as queue:
        queue.clear()

        def read():
            found = []
            with contextlib.suppress(queue.Empty):
                while True:
                    message = queue.get_nowait()
                    found.append(datetime.fromisoformat(message.headers["eta"]))
                    message.ack()
            return found

        yield read
        queue.clear()


# --- Imports ----------------------------------------------------------------------------------


def test_an_import_waits_and_says_why(cast, account, zoom):
    hosts_meet_the_limit(account)
    row = start_import(cast.acme, actor=None)
    work(row)
    assert (row.is_open, row.error_code, row.attempts) == (True, "zoom_put_off", 0)
    assert row.due_at == get_away_until(account, Label.MEDIUM, now=timezone.now())
    assert "users.list" not in zoom.calls()


def test_to_wait_for_hosts_is_no_failed_attempt(cast, account):
    hosts_meet_the_limit(account)
    row = start_import(cast.acme, actor=None)
    for _ in range(10):
        work(row)
    assert row.is_open


def test_an_import_that_came_some_way_waits_as_well(cast, account, zoom, settings):
    settings.ZOOM_PLAN, settings.ZOOM_BACKGROUND_PERCENT = "free", 20
    row = start_import(cast.acme, actor=None)
    work(row)
    assert zoom.calls().count("users.list") == 1
    assert (row.is_open, row.error_code, row.attempts) == (True, "zoom_put_off", 0)


def test_an_import_that_waited_goes_on(cast, account, zoom, time_machine):
    hosts_meet_the_limit(account)
    row = start_import(cast.acme, actor=None)
    work(row)
    time_machine.move_to(row.due_at + timedelta(seconds=1))
    work(row)
    assert (row.state, row.error) == ("done", "")


# --- Nightly checks ---------------------------------------------------------------------------


def test_a_nightly_check_comes_again_when_the_hosts_are_through(account, zoom, queued):
    hosts_meet_the_limit(account)
    check_connection(str(account.pk))
    (due,) = queued()
    assert timezone.now() < due <= timezone.now() + QUIET
    assert (zoom.calls(), last_check(account)) == ([], None)


def test_a_check_that_is_put_off_halfway_is_no_failed_one(account, zoom, queued, settings):
    settings.ZOOM_PLAN = "free"
    now = timezone.now()
    with contextlib.suppress(ZoomPutOff):
        for _ in range(20):
            take_turn(account, Label.MEDIUM, now=now)
    check_connection(str(account.pk))
    (due,) = queued()
    assert (due >= now + CHECK_AGAIN, last_check(account)) == (True, None)
    assert "oauth.token" in zoom.calls()


@pytest.mark.parametrize("short", [the_day_is_short, the_day_is_used_up])
def test_on_a_short_day_it_is_left_out(account, zoom, queued, short, time_machine):
    time_machine.move_to(datetime(2026, 5, 4, 12, 0, tzinfo=UTC))
    short(account)
    check_connection(str(account.pk))
    assert (queued(), zoom.calls()) == ([], [])


def test_a_nightly_check_takes_turns(account, zoom, settings):
    check_connection(str(account.pk))
    assert set(account.background_turns.values_list("label", flat=True)) == {"light", "medium"}


def test_a_check_by_the_button_asks_at_once_and_forgets_what_is_not_true(account, cast, zoom):
    the_day_is_used_up(account)
    run_check(account, actor=cast.ada)
    stored = ZoomAccount.objects.get(pk=account.pk)
    assert (stored.light_spent_until, stored.medium_spent_until) == (None, None)
    assert not account.background_turns.exists()


# --- Reports ----------------------------------------------------------------------------------


def test_a_report_is_cut_short_and_made_again_later(cast, account, zoom):
    hosts_meet_the_limit(account)
    meeting = MeetingFactory(
        host=cast.alice_host, organization=cast.acme, meeting_number=93000000001
    )
    heard = ask_zoom(cast.acme, [meeting])
    assert (heard.cut_short, heard.meetings) == (True, {})
    assert not {"users.list", "meetings.get"} & set(zoom.calls())


# --- In words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (lambda account: None, "None is met."),
        (hosts_meet_the_limit, "hosts start as always."),
        (the_day_is_used_up, "Zoom is not asked again before."),
    ],
)
def test_the_admin_reads_how_it_is(cast, account, signed_in, happens, sentence):
    happens(account)
    page = signed_in(cast.ada).get(f"/admin/zoomauth/zoomaccount/{account.pk}/change/")
    assert sentence in page.text


def test_the_admin_reads_a_hosts_count(cast, signed_in):
    page = signed_in(cast.ada).get(f"/admin/meetings/host/{cast.alice_host.pk}/change/")
    assert "0 of 100 today (UTC)" in page.text
