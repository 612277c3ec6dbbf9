"""When a token is replaced, and how long the pauses between failures are."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from zoomauth.refresh_schedule import (
    LASTING,
    MARGIN,
    SHORTEST_PAUSE,
    TEMPORARY,
    Backoff,
    next_attempt,
    next_refresh,
)

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def again(**changes):
    """When Zoom is asked again; `changes` to a first, temporary failure without a token."""
    plain = {
        "now": NOW,
        "failures": 1,
        "is_lasting": False,
        "expires_at": None,
        "not_before": None,
        "rng": random.Random(1),
    }
    return next_attempt(**{**plain, **changes})


@given(st.integers(), st.integers(600, 100_000))
def test_a_token_is_replaced_between_half_and_four_fifths_of_its_life(seed, seconds):
    ends = NOW + timedelta(seconds=seconds)
    due = next_refresh(issued_at=NOW, expires_at=ends, rng=random.Random(seed))
    assert timedelta(seconds=seconds * 0.5) <= due - NOW <= timedelta(seconds=seconds * 0.8)


def test_accounts_that_were_entered_together_part():
    rng = random.Random(7)
    due = {next_refresh(issued_at=NOW, expires_at=NOW + HOUR, rng=rng) for _ in range(100)}
    assert max(due) - min(due) > timedelta(minutes=15)


@given(st.integers(), st.integers(151, 600))
def test_a_short_life_keeps_its_margin(seed, seconds):
    ends = NOW + timedelta(seconds=seconds)
    assert next_refresh(issued_at=NOW, expires_at=ends, rng=random.Random(seed)) <= ends - MARGIN


@given(st.integers(), st.integers(1, 150))
def test_no_life_is_so_short_that_zoom_is_asked_without_end(seed, seconds):
    ends = NOW + timedelta(seconds=seconds)
    due = next_refresh(issued_at=NOW, expires_at=ends, rng=random.Random(seed))
    assert due - NOW == SHORTEST_PAUSE


@given(st.integers(), st.integers(1, 10_000))
def test_pauses_double_up_to_the_longest_and_differ_by_up_to_a_half(seed, failures):
    backoff = Backoff(timedelta(seconds=30), timedelta(minutes=15))
    whole = min(30 * 2 ** min(failures - 1, 10), 900)
    pause = backoff.pause(failures, random.Random(seed)).total_seconds()
    assert whole / 2 <= pause <= whole


def test_what_somebody_must_mend_is_tried_hourly_and_then_a_few_times_a_day():
    first = again(is_lasting=True) - NOW
    later = again(is_lasting=True, failures=9) - NOW
    assert HOUR / 2 <= first <= HOUR
    assert LASTING.longest / 2 <= later <= LASTING.longest


@given(st.integers(), st.integers(1, 30), st.integers(150, 7200))
def test_no_pause_sleeps_through_the_end_of_a_living_token(seed, failures, seconds):
    ends = NOW + timedelta(seconds=seconds)
    due = again(failures=failures, expires_at=ends, rng=random.Random(seed))
    assert due <= ends - MARGIN / 2
    assert due - NOW >= TEMPORARY.first / 2


def test_zooms_own_word_for_when_to_ask_again_is_kept():
    assert again(not_before=NOW + timedelta(minutes=40)) == NOW + timedelta(minutes=40)


def test_zooms_word_holds_no_longer_than_the_longest_pause():
    assert again(not_before=NOW + timedelta(days=400)) == NOW + LASTING.longest
