"""What every answer carries: tracking id, no cache, and Zoom's clock."""

import re
import time
from email.utils import parsedate_to_datetime

import pytest

SLACK = 5


def get_ahead(answer):
    """By how many seconds the answer's clock is ahead of this machine's."""
    return parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()


@pytest.fixture
def answers(sandbox, token):
    """A success, a refusal, a call of nobody's, one that does not exist, and a token."""

    def call():
        return [
            sandbox.api("GET", "/users/alice", token),
            sandbox.api("GET", "/users/nobody", token),
            sandbox.api("GET", "/users/alice", "invented"),
            sandbox.api("GET", "/nothing", token),
            sandbox.ask_token(),
        ]

    return call


def test_every_answer_has_a_tracking_id_of_its_own(answers):
    ids = [answer.headers["x-zm-trackingid"] for answer in answers()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"v=2\.0;clid=us01;rid=WEB_[0-9a-f]{32}", name) for name in ids)


def test_no_answer_may_be_kept(answers):
    assert {answer.headers["Cache-Control"] for answer in answers()} == {"no-store"}


def test_clock_is_right_unless_the_account_says_so(answers):
    assert all(abs(get_ahead(answer)) < SLACK for answer in answers())


@pytest.mark.parametrize("skew", [-300, 7200])
def test_clock_is_wrong_by_as_much_as_the_account_says(sandbox, answers, skew):
    sandbox.change_account(date_skew=skew)
    found, missing, _, _, issued = answers()
    assert all(abs(get_ahead(one) - skew) < SLACK for one in (found, missing, issued))


def test_clock_is_right_for_calls_of_nobody(sandbox, answers):
    sandbox.change_account(date_skew=-300)
    _, _, unknown, elsewhere, _ = answers()
    assert all(abs(get_ahead(one)) < SLACK for one in (unknown, elsewhere))


def test_clock_of_one_account_is_not_anothers(sandbox, foreign_token):
    sandbox.change_account(date_skew=-300)
    assert abs(get_ahead(sandbox.api("GET", "/users/carol", foreign_token))) < SLACK


def test_clock_is_turned_with_the_sandbox(sandbox, token):
    sandbox.clock(1000)
    assert abs(get_ahead(sandbox.api("GET", "/users/alice", token)) - 1000) < SLACK
