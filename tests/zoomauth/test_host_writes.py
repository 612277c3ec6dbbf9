"""Zoom's hundred creations and changes of a host's meetings a day, counted before Zoom does."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone
from django_scopes import scopes_disabled

from tests.shared import share_account
from zoomauth.errors import (
    ZoomDailyLimitReached,
    ZoomFailedRepeatedly,
    ZoomInputRefused,
    ZoomRateLimited,
    ZoomRefused,
    ZoomTooManyAtOnce,
    ZoomUnavailable,
    ZoomUnreachable,
)
from zoomauth.host_writes import count_write, counted, get_writes_of_day
from zoomauth.models import HostWrites, ZoomUserAssignment
from zoomauth.services import MeetingDraft, create_meeting, update_meeting

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
DAY = date(2026, 5, 4)
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def account(cast):
    return cast.acme_account


def use(account, count, day=DAY, user="alice"):
    HostWrites.objects.create(account=account, zoom_user_id=user, day=day, count=count)


def used(account, day=DAY, user="alice"):
    rows = HostWrites.objects.filter(account=account, zoom_user_id=user, day=day)
    return rows.values_list("count", flat=True).first()


def today():
    return timezone.now().astimezone(UTC).date()


def draft():
    starts_at = timezone.now().replace(microsecond=0) + timedelta(days=1)
    return MeetingDraft(topic="Heat", starts_at=starts_at, duration_minutes=30, timezone="UTC")


def fail_with(account, error):
    with (
        pytest.raises(type(error)),
        counted(account, "alice", call="create_meeting", now=NOW),
    ):
        raise error


# --- The count --------------------------------------------------------------------------------


def test_each_write_counts_until_the_hundredth(account):
    assert [count_write(account, "alice", day=DAY) for _ in range(102)] == [True] * 100 + [
        False
    ] * 2


def test_each_host_account_and_day_has_its_own(account, cast):
    use(account, 100)
    assert count_write(account, "bob", day=DAY)
    assert count_write(cast.globex_account, "alice", day=DAY)
    assert count_write(account, "alice", day=DAY + timedelta(days=1))


def test_an_address_is_the_same_host_in_capitals(account):
    use(account, 100, user="alice@acme.example")
    assert not count_write(account, "Alice@Acme.example", day=DAY)


@pytest.mark.django_db(transaction=True)
def test_no_two_take_the_last_one(account):
    use(account, 95)
    ready = threading.Barrier(4)

    def write(_number):
        try:
            ready.wait(10)
            return sum(count_write(account, "alice", day=DAY) for _ in range(5))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, range(4))) == 5
    assert used(account) == 100


def test_old_days_go(account):
    use(account, 3, day=DAY - timedelta(days=8))
    count_write(account, "bob", day=DAY)
    assert list(HostWrites.objects.values_list("zoom_user_id", flat=True)) == ["bob"]


def test_the_day_is_that_of_utc(account):
    late = datetime(2026, 5, 5, 1, 0, tzinfo=timezone.get_fixed_timezone(120))
    with counted(account, "alice", call="create_meeting", now=late):
        assert used(account) == 1


# --- What came of it --------------------------------------------------------------------------


def test_a_used_up_day_is_refused_until_midnight_utc(account):
    use(account, 100)
    with pytest.raises(ZoomDailyLimitReached) as caught:
        counted(account, "alice", call="create_meeting", now=NOW).__enter__()
    error = caught.value
    assert (error.per_host, error.retry_at) == (True, datetime(2026, 5, 5, tzinfo=UTC))
    assert "changed too often today" in str(error.user_message)


@pytest.mark.parametrize(
    "error",
    [
        ZoomUnreachable(),
        ZoomRateLimited(),
        ZoomDailyLimitReached(),
        ZoomFailedRepeatedly(),
        ZoomTooManyAtOnce(),
    ],
)
def test_what_zoom_did_not_take_in_is_given_back(account, error):
    fail_with(account, error)
    assert used(account) == 0


@pytest.mark.parametrize(
    "error", [ZoomUnavailable(outcome_unknown=True), ZoomRefused(), ZoomInputRefused()]
)
def test_what_zoom_may_have_counted_stays_counted(account, error):
    fail_with(account, error)
    assert used(account) == 1


def test_zooms_own_word_fills_the_count(account):
    fail_with(account, ZoomDailyLimitReached(per_host=True))
    assert used(account) == 100


# --- With Zoom --------------------------------------------------------------------------------


def create(cast):
    return create_meeting(organization=cast.acme, zoom_user_id="alice", draft=draft())


def test_a_creation_counts(cast, zoom):
    create(cast)
    assert get_writes_of_day(cast.acme, ["alice", "bob"]) == {"alice": 1, "bob": 0}


def test_beyond_the_hundredth_zoom_is_not_asked(cast, zoom):
    use(cast.acme_account, 100, day=today())
    with pytest.raises(ZoomDailyLimitReached):
        create(cast)
    assert zoom.calls() == []


def test_what_another_app_used_up_is_learned_by_one_refusal(cast, zoom):
    zoom.fault(
        "meetings.create",
        "status",
        status=429,
        body={
            "code": 429,
            "message": "You have exceeded the daily rate limit (100) of Meeting Create/Update API "
            "requests permitted for this particular user.",
        },
    )
    for _ in range(2):
        with pytest.raises(ZoomDailyLimitReached):
            create(cast)
    assert zoom.calls().count("meetings.create") == 1
    assert get_writes_of_day(cast.acme, ["alice"]) == {"alice": 100}


def test_a_creation_that_meets_the_limit_of_a_second_is_not_repeated(cast, zoom):
    zoom.fault("meetings.create", "rate_limit", times=1)
    with pytest.raises(ZoomRateLimited):
        create(cast)
    assert zoom.calls().count("meetings.create") == 1


def test_organizations_on_a_shared_account_share_a_hosts_count(cast, zoom):
    account = share_account(cast)
    for organization in (cast.acme, cast.globex):
        ZoomUserAssignment.objects.create(
            organization=organization, account=account, zoom_user_id="alice"
        )
    create(cast)
    assert get_writes_of_day(cast.globex, ["alice"]) == {"alice": 1}
    with scopes_disabled():
        ZoomUserAssignment.objects.filter(organization=cast.globex).delete()
    assert get_writes_of_day(cast.globex, ["alice"]) == {"alice": 0}


# --- Changes ----------------------------------------------------------------------------------


def change(cast, number, before, **changes):
    return update_meeting(
        organization=cast.acme,
        zoom_user_id="alice",
        meeting_number=number,
        before=before,
        after=replace(before, **changes),
    )


def test_a_change_is_sent_and_counted(cast, zoom):
    before = draft()
    number = create_meeting(
        organization=cast.acme, zoom_user_id="alice", draft=before
    ).meeting_number
    assert change(cast, number, before, topic="Cold")
    assert [meeting["topic"] for meeting in zoom.meetings()] == ["Cold"]
    assert get_writes_of_day(cast.acme, ["alice"]) == {"alice": 2}


@pytest.mark.parametrize("changes", [{}, {"passcode": ""}, {"waiting_room": None}])
def test_a_change_of_nothing_is_not_sent(cast, zoom, changes):
    before = replace(draft(), passcode="heat_1", waiting_room=True)
    assert not change(cast, 12345678901, before, **changes)
    assert zoom.calls() == []
    assert get_writes_of_day(cast.acme, ["alice"]) == {"alice": 0}
