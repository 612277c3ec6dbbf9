"""What became of an attempt: one rule for one row and for many, and codes that people can read."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from meetings.attempt_codes import ALPHABET, make_code, read_code, show_code
from meetings.models import StartAttempt
from meetings.start_steps import SETTLED, SILENCE, UNDER_WAY, Outcome, Step, Way, judge
from tests.factories import StartAttemptFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOW = timezone.now().replace(microsecond=0)
LONG_AGO = NOW - 2 * SILENCE


def reached(last, at=LONG_AGO, **fields):
    """An attempt that came as far as this step."""
    steps = list(UNDER_WAY)[: list(UNDER_WAY).index(last) + 1]
    return StartAttempt(way="browser", **{step.column: at for step in steps}, **fields)


@pytest.mark.parametrize(
    ("last", "step"),
    [
        ("pressed", "pressed"),
        ("allowed", "signed"),
        ("signed", "token"),
        ("token", "zak"),
        ("zak", "delivered"),
        ("delivered", "delivered"),
        ("init", "init"),
        ("join", "join"),
    ],
)
def test_an_attempt_that_is_not_heard_of_again_stopped_at(last, step):
    assert judge(reached(Step(last)), NOW) == (Outcome.STOPPED, step)


def test_one_that_was_heard_of_just_now_is_under_way():
    attempt = reached(Step.JOIN, at=NOW - SILENCE)
    assert judge(attempt, NOW) == (Outcome.UNDER_WAY, Step.JOIN)


def test_a_package_handed_out_is_no_success():
    assert judge(reached(Step.DELIVERED), NOW)[0] is Outcome.STOPPED


def test_what_the_app_makes_of_it_is_not_known():
    attempt = reached(Step.DELIVERED)
    attempt.way = Way.APP
    assert judge(attempt, NOW) == (Outcome.HANDED_OUT, None)


@pytest.mark.parametrize("way", ["app", "browser"])
def test_zooms_word_that_the_meeting_started_is_success(way):
    attempt = reached(Step.DELIVERED, started_at=NOW)
    attempt.way = way
    assert judge(attempt, NOW) == (Outcome.IN_MEETING, None)


def test_but_it_undoes_no_failure_that_the_page_saw():
    attempt = reached(Step.JOIN, failed_at=LONG_AGO, failed_step="join", started_at=NOW)
    assert judge(attempt, NOW) == (Outcome.FAILED, Step.JOIN)


def test_a_meeting_that_was_given_up_and_came_all_the_same_is_success():
    attempt = reached(Step.JOIN, failed_at=LONG_AGO, failed_step="join", in_meeting_at=NOW)
    assert judge(attempt, NOW) == (Outcome.IN_MEETING, None)


@pytest.mark.parametrize(("seconds", "outcome"), [(14, Outcome.FAILED), (16, Outcome.IN_MEETING)])
def test_a_meeting_that_is_lost_at_once_was_none(seconds, outcome):
    lost = LONG_AGO + timedelta(seconds=seconds)
    attempt = reached(Step.JOIN, in_meeting_at=LONG_AGO, lost_at=lost)
    assert judge(attempt, NOW)[0] is outcome


def every_attempt():
    """Each way, last step and age, with each combination of what may follow."""
    ages = (LONG_AGO, NOW - timedelta(seconds=1))
    ends = list(product((False, True), repeat=3))
    for way, last, at, (failed, joined, started) in product(Way, UNDER_WAY, ages, ends):
        attempt = reached(last, at=at)
        attempt.way = way.value
        if failed:
            attempt.failed_at, attempt.failed_step = at, "zak"
        attempt.in_meeting_at = at if joined else None
        attempt.started_at = at if started else None
        for lost in (None, at + SETTLED / 2, at + 2 * SETTLED) if joined else (None,):
            attempt.lost_at = lost
            yield {
                field.attname: getattr(attempt, field.attname)
                for field in StartAttempt._meta.concrete_fields
                if field.name not in ("id", "organization", "meeting", "user", "host", "code")
            }


def test_one_row_and_many_rows_say_the_same_in_every_case():
    first = StartAttemptFactory()
    cases = list(every_attempt())
    same = {"meeting": first.meeting, "host": first.host, "user": first.user}
    StartAttempt.objects.bulk_create(
        StartAttemptFactory.build(organization=first.organization, **same, **case) for case in cases
    )
    rows = list(StartAttempt.objects.with_outcome(NOW))
    assert len(rows) == len(cases) + 1 > 500
    for row in rows:
        outcome, step = judge(row, NOW)
        assert (row.outcome, row.step) == (outcome.value, step.value if step else "")


# --- Codes --------------------------------------------------------------------------------------


def test_a_code_has_eight_characters_that_nobody_mistakes():
    code = make_code()
    assert len(code) == 8
    assert not set("ILOU") & set(ALPHABET)
    assert show_code("7K3M90PQ") == "7K3M-90PQ"


@pytest.mark.parametrize(
    "typed", ["7K1M90PQ", "7k1m-90pq", " 7K1M 90PQ ", "7KIM-9OPQ", "7klm-9opq", "7-K-1-M-90PQ"]
)
def test_a_code_is_read_however_it_is_typed(typed):
    assert read_code(typed) == "7K1M90PQ"


@pytest.mark.parametrize("typed", ["", "7K1M90P", "7K1M90PQ1", "7K1M-90PU", "x" * 10_000])
def test_what_is_no_code_is_none(typed):
    assert read_code(typed) == ""
