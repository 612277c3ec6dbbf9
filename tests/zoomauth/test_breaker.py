"""An account whose calls keep failing is left alone for seconds, then tried by one call."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django_scopes import scopes_disabled

from tests.shared import share_account
from zoomauth.accounts import account_of, ask
from zoomauth.breaker import MOST_FAILURES, PAUSE, WINDOW, describe_calls, guarding
from zoomauth.errors import (
    ZoomAnswerInvalid,
    ZoomError,
    ZoomFailedRepeatedly,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomTimeout,
    ZoomUnavailable,
    ZoomUnreachable,
    ZoomUserNotFound,
)
from zoomauth.models import ZoomAccount

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FAILURES = {
    "no connection": ZoomUnreachable(was_tried=True),
    "no answer in time": ZoomTimeout(was_tried=True),
    "a connection that broke": ZoomUnavailable(was_tried=True),
    "an answer 503": ZoomUnavailable(http_status=503),
}
ANSWERS = {
    "no such user": ZoomUserNotFound(http_status=404),
    "a limit": ZoomRateLimited(http_status=429),
}
NO_WORD_OF_ZOOM = {
    "a wait of our own": ZoomTimeout(call="oauth.token"),
    "what befell another caller": ZoomUnreachable(),
    "no credentials": ZoomNotConnected(),
    "a page of a proxy": ZoomAnswerInvalid(http_status=200),
    "a right taken away": PermissionError(),
}


@pytest.fixture
def account(cast):
    return cast.acme_account


def call(account, now, outcome=None):
    """One call at this moment, by whoever reads the account then."""
    with guarding(ZoomAccount.objects.get(pk=account.pk), lambda: now):
        if outcome is not None:
            raise outcome


def fail(account, now, times=1, outcome=FAILURES["an answer 503"]):
    for _ in range(times):
        with pytest.raises(type(outcome)):
            call(account, now, outcome)


def stop(account, now=NINE):
    fail(account, now, MOST_FAILURES)


def is_stopped(account):
    return ZoomAccount.objects.get(pk=account.pk).stopped_at is not None


# --- Stopping ---------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", FAILURES.values(), ids=FAILURES)
def test_the_fifth_failure_stops_the_calls(account, outcome):
    fail(account, NINE, MOST_FAILURES - 1, outcome)
    assert not is_stopped(account)
    fail(account, NINE, 1, outcome)
    assert is_stopped(account)


@pytest.mark.parametrize(
    "outcome", [*ANSWERS.values(), *NO_WORD_OF_ZOOM.values()], ids=[*ANSWERS, *NO_WORD_OF_ZOOM]
)
def test_what_is_no_failure_of_zooms_stops_nothing(account, outcome):
    fail(account, NINE, 3 * MOST_FAILURES, outcome)
    assert not is_stopped(account)


def test_failures_far_apart_stop_nothing(account):
    for number in range(3 * MOST_FAILURES):
        fail(account, NINE + number * (WINDOW / 3))
    assert not is_stopped(account)


@pytest.mark.parametrize("answer", [None, *ANSWERS.values()], ids=["yes", *ANSWERS])
def test_an_answer_between_them_starts_the_count_anew(account, answer):
    fail(account, NINE, MOST_FAILURES - 1)
    if answer is None:
        call(account, NINE + SECOND)
    else:
        fail(account, NINE + SECOND, 1, answer)
    fail(account, NINE + 2 * SECOND, MOST_FAILURES - 1)
    assert not is_stopped(account)
    fail(account, NINE + 2 * SECOND)
    assert is_stopped(account)


def test_of_failures_at_the_same_moment_each_counts(account):
    stale = [ZoomAccount.objects.get(pk=account.pk) for _ in range(MOST_FAILURES)]
    for row in stale:
        with pytest.raises(ZoomUnreachable), guarding(row, lambda: NINE):
            raise ZoomUnreachable(was_tried=True)
    assert is_stopped(account)


# --- While they are stopped -------------------------------------------------------------------


def test_calls_fail_at_once_until_the_pause_is_over(account):
    stop(account)
    with pytest.raises(ZoomFailedRepeatedly) as refused:
        call(account, NINE + PAUSE - SECOND)
    assert refused.value.retry_at == NINE + PAUSE


def test_one_call_tries_when_the_pause_is_over(account):
    stop(account)
    both = [ZoomAccount.objects.get(pk=account.pk) for _ in range(2)]
    first, second = (guarding(row, lambda: NINE + PAUSE) for row in both)
    with first, pytest.raises(ZoomFailedRepeatedly), second:
        pytest.fail("two are trying")


def test_an_answer_ends_it(account):
    stop(account)
    call(account, NINE + PAUSE)
    assert not is_stopped(account)
    call(account, NINE + PAUSE)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_refusal_of_zooms_ends_it_too(account, answer):
    stop(account)
    fail(account, NINE + PAUSE, 1, answer)
    assert not is_stopped(account)


def test_after_it_ended_five_failures_are_needed_again(account):
    stop(account)
    call(account, NINE + PAUSE)
    fail(account, NINE + PAUSE + SECOND, MOST_FAILURES - 1)
    assert not is_stopped(account)


def test_a_failed_try_is_followed_by_another_pause(account):
    stop(account)
    fail(account, NINE + PAUSE)
    with pytest.raises(ZoomFailedRepeatedly):
        call(account, NINE + 2 * PAUSE - SECOND)
    call(account, NINE + 2 * PAUSE)


def test_a_failure_that_comes_late_does_not_put_the_try_off(account):
    late = ZoomAccount.objects.get(pk=account.pk)
    stop(account)
    with pytest.raises(ZoomUnreachable), guarding(late, lambda: NINE + 7 * SECOND):
        raise ZoomUnreachable(was_tried=True)
    call(account, NINE + PAUSE)


@pytest.mark.parametrize("outcome", NO_WORD_OF_ZOOM.values(), ids=NO_WORD_OF_ZOOM)
def test_a_try_that_says_nothing_of_zoom_leaves_it_to_the_next(account, outcome):
    stop(account)
    fail(account, NINE + PAUSE, 1, outcome)
    assert is_stopped(account)
    call(account, NINE + PAUSE + SECOND)
    assert not is_stopped(account)


def test_whoever_dies_trying_is_followed_by_another(account):
    stop(account)
    dying = guarding(ZoomAccount.objects.get(pk=account.pk), lambda: NINE + PAUSE)
    dying.__enter__()
    call(account, NINE + 2 * PAUSE + SECOND)
    assert not is_stopped(account)


def test_a_clock_that_ran_ahead_does_not_keep_everybody_out(account):
    stop(account, NINE + timedelta(days=1))
    call(account, NINE)
    assert not is_stopped(account)


def test_no_try_is_overtaken_by_the_next_however_long_the_deadline(account, settings):
    settings.ZOOM_DEADLINE = 60.0
    stop(account)
    with pytest.raises(ZoomFailedRepeatedly) as refused:
        call(account, NINE + PAUSE)
    assert refused.value.retry_at == NINE + timedelta(seconds=61)


# --- Work in the background -------------------------------------------------------------------


def fail_in_background(account, now, outcome=FAILURES["an answer 503"]):
    row = ZoomAccount.objects.get(pk=account.pk)
    with pytest.raises(type(outcome)), guarding(row, lambda: now, in_background=True):
        raise outcome


@pytest.mark.parametrize("outcome", FAILURES.values(), ids=FAILURES)
def test_a_worker_without_a_way_to_zoom_keeps_no_host_from_theirs(account, outcome):
    for _ in range(3 * MOST_FAILURES):
        fail_in_background(account, NINE, outcome)
    assert not is_stopped(account)


def test_a_worker_that_tries_in_vain_leaves_it_to_the_next(account):
    stop(account)
    fail_in_background(account, NINE + PAUSE)
    assert is_stopped(account)
    call(account, NINE + PAUSE + SECOND)
    assert not is_stopped(account)


# --- Whose it is ------------------------------------------------------------------------------


def test_one_accounts_calls_say_nothing_of_anothers(account, cast):
    stop(account)
    call(cast.globex_account, NINE)
    assert not is_stopped(cast.globex_account)


def test_a_shared_account_is_stopped_whoever_calls(cast):
    account = share_account(cast)
    for organization in [cast.acme, cast.globex] * 3:
        with pytest.raises(ZoomError), guarding(account_of(organization), lambda: NINE):
            raise ZoomUnreachable(was_tried=True)
    assert is_stopped(account)


# --- What it costs ----------------------------------------------------------------------------


def test_a_call_that_goes_well_costs_no_query(account, django_assert_num_queries):
    with django_assert_num_queries(0), guarding(account):
        pass


def test_a_refused_call_costs_no_query(account, django_assert_num_queries):
    stop(account)
    account.refresh_from_db()
    call = guarding(account, lambda: NINE)
    with django_assert_num_queries(0), pytest.raises(ZoomFailedRepeatedly), call:
        pytest.fail("let through")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has a patience of its own")
@pytest.mark.django_db(transaction=True)
def test_an_account_that_somebody_is_saving_changes_nothing_for_the_host(account, caplog):
    row = ZoomAccount.objects.get(pk=account.pk)

    def fail_meanwhile():
        try:
            with pytest.raises(ZoomTimeout), scopes_disabled(), guarding(row):
                raise ZoomTimeout(was_tried=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        ZoomAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        pool.submit(fail_meanwhile).result(timeout=30)
    assert f"The breaker of {account.pk} was not noted" in caplog.text


# --- At the sandbox ---------------------------------------------------------------------------


def get_alice(account):
    account = ZoomAccount.objects.select_related("access_token").get(pk=account.pk)
    return ask(
        account, lambda client, token: client.get_user(access_token=token, id_or_email="alice")
    )


def test_a_stopped_account_asks_zoom_for_nothing(account, zoom):
    zoom.fault("users.get", "html_error")
    for _ in range(MOST_FAILURES):
        with pytest.raises(ZoomUnavailable):
            get_alice(account)
    zoom.clear_ledger()
    with pytest.raises(ZoomFailedRepeatedly):
        get_alice(account)
    assert zoom.calls() == []


def test_it_goes_on_by_itself_once_zoom_is_back(account, zoom):
    stop(account, datetime.now(UTC) - PAUSE)
    assert get_alice(account).id == "alice"
    assert not is_stopped(account)


def test_refusals_of_zooms_own_stop_nothing(account, zoom):
    zoom.fault("users.get", "rate_limit")
    for _ in range(2 * MOST_FAILURES):
        with pytest.raises(ZoomRateLimited):
            get_alice(account)
    assert not is_stopped(account)


# --- In words ---------------------------------------------------------------------------------


def test_the_admin_reads_whether_calls_are_stopped(account):
    assert describe_calls(account) == "Made as usual."
    stop(account)
    account.refresh_from_db()
    assert describe_calls(account).startswith("Stopped since May 4, 2026, 9 a.m., as Zoom failed 5")


@pytest.mark.parametrize(("stopped", "words"), [(True, "Stopped since"), (False, "Made as usual.")])
def test_the_accounts_page_says_so(account, cast, signed_in, stopped, words):
    if stopped:
        stop(account, datetime.now(UTC))
    page = reverse("admin:zoomauth_zoomaccount_change", args=[account.pk])
    assert words in signed_in(cast.ada).get(page).content.decode()


# --- Many at once -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_tries(account):
    stop(account, datetime.now(UTC) - PAUSE)
    row = ZoomAccount.objects.get(pk=account.pk)
    together = threading.Barrier(8, timeout=30)

    def press(_number):
        together.wait()
        try:
            with guarding(row):
                together.wait()
                return "tried"
        except ZoomFailedRepeatedly:
            together.wait()
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(press, range(8))) == ["refused"] * 7 + ["tried"]
