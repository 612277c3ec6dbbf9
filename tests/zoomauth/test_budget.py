"""Zoom's limits as a budget: hosts first, the end of a day remembered, turns for the others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from portal.tenancy import acting_for
from tests.shared import share_account
from zoomauth.accounts import account_of, ask
from zoomauth.budget import (
    LONGEST_TURN,
    QUIET,
    get_away_until,
    observe,
    pause_before_repeat,
    refusal_of_spent,
    take_turn,
)
from zoomauth.client import Heard, Label, Rate
from zoomauth.errors import (
    ZoomDailyLimitReached,
    ZoomPutOff,
    ZoomRateLimited,
    ZoomTimeout,
)
from zoomauth.models import BackgroundTurns, ZoomAccount

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def account(cast):
    return cast.acme_account


def heard(*, error=None, rate=None, label=Label.LIGHT):
    return Heard("fetch_user_zak", "", None, label, rate, error)


def tell(account, now=NOW, in_background=False, **said):
    observe(account, heard(**said), now=now, in_background=in_background)


def limited(**more):
    return ZoomRateLimited(call="fetch_user_zak", http_status=429, is_of_read=True, **more)


def turns(account, count, now=NOW, label=Label.LIGHT):
    return [(take_turn(account, label, now=now) - now).total_seconds() for _ in range(count)]


def stored(account):
    return ZoomAccount.objects.get(pk=account.pk)


# --- Turns ------------------------------------------------------------------------------------


def test_background_calls_are_spread_over_half_of_the_plans_second(account):
    assert turns(account, 4) == pytest.approx([0, 1 / 15, 2 / 15, 3 / 15], abs=1e-5)


@pytest.mark.parametrize(
    ("plan", "percent", "every"),
    [("free", 50, 1 / 2), ("business", 50, 1 / 40), ("pro", 10, 1 / 3)],
)
def test_the_plan_and_the_share_are_settings(account, settings, plan, percent, every):
    settings.ZOOM_PLAN, settings.ZOOM_BACKGROUND_PERCENT = plan, percent
    assert turns(account, 2) == pytest.approx([0, every], abs=1e-5)


def test_in_no_second_there_are_more_than_the_share(account):
    due = []
    for moment in range(40):
        now = NOW + moment * SECOND / 10
        for _ in range(5):
            try:
                due.append(take_turn(account, Label.LIGHT, now=now))
            except ZoomPutOff:
                break
    fullest = max(sum(begin <= turn < begin + SECOND for turn in due) for begin in due)
    assert (fullest, len(set(due)) == len(due)) == (15, True)


def test_a_turn_too_far_off_is_put_off_until_then(account, settings):
    settings.ZOOM_PLAN = "free"
    turns(account, 5)
    with pytest.raises(ZoomPutOff) as caught:
        take_turn(account, Label.LIGHT, now=NOW)
    assert caught.value.retry_at == NOW + LONGEST_TURN + SECOND / 2
    assert take_turn(account, Label.LIGHT, now=caught.value.retry_at) == caught.value.retry_at


def test_each_label_and_each_account_has_its_own_turns(account, cast):
    turns(account, 3)
    assert turns(account, 1, label=Label.MEDIUM) == [0]
    assert turns(cast.globex_account, 1) == [0]


def test_a_turn_that_a_clock_ahead_gave_keeps_nobody_away(account):
    turns(account, 1, now=NOW + timedelta(days=300))
    assert turns(account, 1) == [0]


@pytest.mark.django_db(transaction=True)
def test_no_two_get_one_turn(account):
    ready = threading.Barrier(4)

    def take(_number):
        try:
            ready.wait(10)
            return [take_turn(account, Label.LIGHT, now=NOW) for _ in range(5)]
        finally:
            connections.close_all()

    take_turn(account, Label.LIGHT, now=NOW)
    with ThreadPoolExecutor(4) as pool:
        taken = [turn for some in pool.map(take, range(4)) for turn in some]
    assert len(set(taken)) == 20


def test_zooms_own_number_replaces_the_plans(account):
    turns(account, 1)
    tell(account, rate=Rate("light", False, 80, 79), in_background=True)
    later = NOW + timedelta(minutes=1)
    assert turns(account, 2, now=later) == pytest.approx([0, 1 / 40], abs=1e-5)


@pytest.mark.parametrize(
    "rate",
    [Rate("medium", False, 80, 1), Rate("light", False, 0, 0), Rate("light", False, 10**8, 1)],
)
def test_a_number_that_cannot_be_it_is_not_taken(account, rate):
    turns(account, 1)
    tell(account, rate=rate, in_background=True)
    assert BackgroundTurns.objects.get().per_second is None


# --- Keeping away -----------------------------------------------------------------------------


def test_while_hosts_meet_the_limit_background_work_keeps_away(account):
    reset = NOW + SECOND
    tell(account, error=limited(retry_at=reset))
    with pytest.raises(ZoomPutOff) as caught:
        take_turn(account, Label.LIGHT, now=NOW + QUIET)
    assert (caught.value.retry_at, caught.value.code) == (reset + QUIET, "limited")
    assert take_turn(account, Label.LIGHT, now=reset + QUIET)


def test_each_new_refusal_prolongs_it(account):
    for moment in (0, 5, 10, 15):
        tell(account, now=NOW + moment * SECOND, error=limited())
    until = get_away_until(account, Label.LIGHT, now=NOW + 15 * SECOND)
    assert until == NOW + 15 * SECOND + QUIET


def test_a_storm_of_refusals_is_written_once(account, django_assert_num_queries):
    with django_assert_num_queries(2):
        for moment in range(100):
            tell(account, now=NOW + moment * SECOND / 100, error=limited())


def test_another_account_does_not_keep_away(account, cast):
    tell(account, error=limited())
    assert turns(cast.globex_account, 1) == [0]


def test_a_time_that_zoom_cannot_mean_keeps_nobody_away_for_good(account):
    tell(account, error=limited(retry_at=NOW + timedelta(days=2)))
    until = get_away_until(account, Label.LIGHT, now=NOW)
    assert until == NOW + timedelta(days=1) + QUIET


def test_the_last_fifth_of_a_day_is_the_hosts(account):
    tell(account, rate=Rate("light", True, 6000, 1200))
    assert turns(account, 1) == [0]
    tell(account, rate=Rate("light", True, 6000, 1199))
    with pytest.raises(ZoomPutOff) as caught:
        take_turn(account, Label.LIGHT, now=NOW + SECOND)
    assert (caught.value.retry_at, caught.value.code) == (MIDNIGHT, "reserve")
    assert refusal_of_spent(stored(account), Label.LIGHT, call="x", now=NOW) is None


def test_an_ordinary_answer_to_a_host_costs_no_query(account, django_assert_num_queries):
    with django_assert_num_queries(0):
        tell(account, rate=Rate("light", False, 30, 1))
        refusal_of_spent(account, Label.LIGHT, call="x", now=NOW)


# --- A day that is used up --------------------------------------------------------------------


def test_a_daily_limit_is_remembered_until_zooms_own_time(account):
    tell(account, error=ZoomDailyLimitReached(call="x", http_status=429, retry_at=MIDNIGHT))
    refused = refusal_of_spent(stored(account), Label.LIGHT, call="y", now=MIDNIGHT - SECOND)
    assert (refused.call, refused.retry_at, refused.http_status) == ("y", MIDNIGHT, None)
    assert refusal_of_spent(stored(account), Label.LIGHT, call="y", now=MIDNIGHT) is None


def test_it_is_remembered_for_its_label_alone(account):
    tell(
        account,
        error=ZoomDailyLimitReached(call="x", http_status=429, retry_at=MIDNIGHT),
        label=Label.MEDIUM,
    )
    assert refusal_of_spent(stored(account), Label.LIGHT, call="x", now=NOW) is None
    assert refusal_of_spent(stored(account), Label.MEDIUM, call="x", now=NOW)


def test_a_day_that_was_only_read_out_of_words_closes_nothing(account):
    """A topic with "daily" in it, repeated by a 400."""
    tell(account, error=ZoomDailyLimitReached(call="x", http_status=400, retry_at=MIDNIGHT))
    assert refusal_of_spent(stored(account), Label.LIGHT, call="x", now=NOW) is None


def test_a_hosts_own_daily_limit_is_not_the_accounts(account):
    tell(
        account,
        error=ZoomDailyLimitReached(call="x", http_status=429, retry_at=MIDNIGHT, per_host=True),
    )
    assert refusal_of_spent(stored(account), Label.LIGHT, call="x", now=NOW) is None


def test_no_day_lasts_longer_than_a_day(account):
    tell(
        account,
        error=ZoomDailyLimitReached(call="x", http_status=429, retry_at=NOW + timedelta(days=2)),
    )
    assert stored(account).light_spent_until == NOW + timedelta(days=1)


def test_an_answer_all_the_same_takes_it_back(account):
    tell(account, error=ZoomDailyLimitReached(call="x", http_status=429, retry_at=MIDNIGHT))
    tell(account)
    assert stored(account).light_spent_until is None


def test_of_a_shared_account_it_is_remembered_from_any_organizations_scope(cast):
    shared_account = share_account(cast)
    with acting_for(cast.acme.pk):
        tell(
            shared_account,
            error=ZoomDailyLimitReached(call="x", http_status=429, retry_at=MIDNIGHT),
        )
    assert stored(shared_account).light_spent_until == MIDNIGHT


# --- Once more --------------------------------------------------------------------------------


def pause(error, remaining=7.0, random=0.0):
    return pause_before_repeat(error, now=NOW, remaining=remaining, random=lambda: random)


def test_a_read_waits_for_zooms_time_and_a_little_more(account):
    assert pause(limited(retry_at=NOW + SECOND)) == 1.0
    assert pause(limited(retry_at=NOW + SECOND), random=1.0) == 1.5


def test_without_a_time_of_zooms_a_second_is_waited(account):
    assert pause(limited()) == 1.0


def test_a_time_that_has_passed_is_no_wait(account):
    assert pause(limited(retry_at=NOW - SECOND)) == 0.0


def test_nothing_is_begun_that_the_deadline_would_cut(account):
    assert pause(limited(), remaining=1.9) is None
    assert pause(limited(retry_at=NOW + 60 * SECOND)) is None


@pytest.mark.parametrize(
    "error",
    [
        ZoomRateLimited(call="create_meeting"),
        ZoomDailyLimitReached(call="fetch_user_zak", retry_at=NOW),
        ZoomTimeout(call="fetch_user_zak"),
    ],
)
def test_what_writes_or_failed_otherwise_is_not_repeated(account, error):
    assert pause(error) is None


# --- With Zoom --------------------------------------------------------------------------------


def fetch_zak(cast):
    return ask(
        account_of(cast.acme),
        lambda client, token: client.fetch_user_zak(access_token=token, zoom_user_id="alice"),
    )


def get_user(cast):
    return ask(
        account_of(cast.acme),
        lambda client, token: client.get_user(access_token=token, id_or_email="alice"),
        in_background=True,
    )


def test_a_hosts_read_that_meets_the_limit_of_a_second_is_made_once_more(cast, zoom):
    zoom.fault("users.token", "rate_limit", times=1)
    assert fetch_zak(cast).token
    assert zoom.calls() == ["oauth.token", "users.token", "users.token"]


def test_it_is_made_once_more_and_no_oftener(cast, zoom):
    zoom.fault("users.token", "rate_limit", times=3)
    with pytest.raises(ZoomRateLimited):
        fetch_zak(cast)
    assert zoom.calls().count("users.token") == 2


def test_a_used_up_day_is_asked_for_once(cast, zoom):
    zoom.fault("users.token", "daily_limit")
    for _ in range(3):
        with pytest.raises(ZoomDailyLimitReached) as caught:
            fetch_zak(cast)
    assert zoom.calls().count("users.token") == 1
    assert caught.value.retry_at.time().isoformat() == "00:00:00"
    assert caught.value.retry_at > timezone.now()


def test_background_work_is_put_off_after_a_hosts_refusal(cast, zoom, settings):
    settings.ZOOM_DEADLINE = 1.0
    zoom.fault("users.token", "rate_limit")
    with pytest.raises(ZoomRateLimited):
        fetch_zak(cast)
    with pytest.raises(ZoomPutOff) as caught:
        get_user(cast)
    assert (caught.value.call, caught.value.http_status) == ("get_user", None)
    assert "users.get" not in zoom.calls()


def test_background_work_leaves_the_hosts_half_of_each_second(cast, zoom):
    zoom.change_account(plan="free")
    for _ in range(6):
        get_user(cast)
    entries = zoom.ledger("users.get")
    assert {entry["status"] for entry in entries} == {200}
    times = [entry["at"] for entry in entries]
    assert times[-1] - times[0] > 0.3
    assert BackgroundTurns.objects.get().per_second == 4


def test_a_host_does_not_wait_for_background_work(cast, zoom):
    account = account_of(cast.acme)
    for _ in range(30):
        take_turn(account, Label.LIGHT, now=timezone.now())
    before = BackgroundTurns.objects.get().next_at
    fetch_zak(cast)
    assert BackgroundTurns.objects.get().next_at == before


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_kept_fails_no_call(account, caplog):
    ZoomAccount.objects.filter(pk=account.pk).delete()
    tell(account, error=limited())
    assert "What Zoom says of its limits was not kept: IntegrityError" in caplog.text
