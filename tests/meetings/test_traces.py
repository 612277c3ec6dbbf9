"""POST /meetings/<id>/start/trace/: what a page tells of its own attempt, each thing once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings.attempt_codes import make_attempt_id
from meetings.models import Host, StartAttempt
from meetings.services.traces import LONGEST, MOST_A_DAY, note_started
from meetings.tasks import prune_start_attempts
from portal.models import Organization
from tests.deliveries import Sent, write
from tests.factories import MeetingFactory, StartAttemptFactory
from tests.sandbox import ACME
from tests.shared import share_account

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CODE = "7K3M90PQ"
HANDED_OUT = ("allowed_at", "signed_at", "token_at", "zak_at", "delivered_at")


def address(meeting):
    return reverse("meetings:start_trace", args=[meeting.pk])


@pytest.fixture
def tell(cast, signed_in):
    """Alice's page tells something of her meeting."""

    def call(told, *, user=None, meeting=None, **fields):
        form = {"attempt": CODE, "told": told, "after": 1500, "age": 1500, **fields}
        return signed_in(user or cast.alice).post(address(meeting or cast.meeting), form)

    return call


@pytest.fixture
def attempt(cast):
    """Alice's attempt, with the package handed out ten seconds ago."""
    at = timezone.now() - timedelta(seconds=10)
    return StartAttemptFactory(
        meeting=cast.meeting, code=CODE, pressed_at=at, **dict.fromkeys(HANDED_OUT, at)
    )


def outcome_of(attempt):
    attempt.refresh_from_db()
    return tuple(map(str, attempt.judge(timezone.now())))


def test_whoever_tells_too_much_is_told_to_wait_and_nobody_else_is(cast, attempt, tell):
    assert {tell("init").status_code for _each in range(120)} == {204}
    refused = tell("join")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    attempt.refresh_from_db()
    assert attempt.join_at is None
    assert tell("init", user=cast.bob, meeting=cast.bobs_meeting).status_code == 204


@pytest.mark.parametrize("told", ["init", "join", "in_meeting"])
def test_a_step_is_noted_with_the_servers_time_and_the_pages(attempt, tell, told):
    before = timezone.now()
    answer = tell(told)
    assert (answer.status_code, answer.content) == (204, b"")
    attempt.refresh_from_db()
    assert before <= getattr(attempt, f"{told}_at") <= timezone.now()
    assert getattr(attempt, f"{told}_ms") == 1500


def test_the_first_word_on_a_step_counts(attempt, tell):
    tell("init", after=100, age=100)
    tell("init", after=900, age=900)
    attempt.refresh_from_db()
    assert attempt.init_ms == 100


def test_what_had_to_wait_for_the_network_is_noted_for_when_it_happened(attempt, tell):
    StartAttempt.objects.update(pressed_at=timezone.now() - timedelta(hours=1))
    tell("init", after=2000, age=602_000)
    attempt.refresh_from_db()
    assert 599 < (timezone.now() - attempt.init_at).total_seconds() < 660


def test_a_failure_is_noted_with_its_code_and_step(attempt, tell):
    tell("init")
    tell("failed", error="3712", during="join")
    assert outcome_of(attempt) == ("failed", "join")
    assert attempt.error_code == "3712"


def test_a_failure_without_a_step_is_one_of_what_is_under_way(attempt, tell):
    tell("failed", error="network")
    assert outcome_of(attempt) == ("failed", "delivered")


def test_a_failure_after_the_meeting_was_reached_is_none(attempt, tell):
    tell("in_meeting")
    tell("failed", error="left")
    assert outcome_of(attempt) == ("in_meeting", "None")


@pytest.mark.parametrize("order", [("in_meeting", "lost"), ("lost", "in_meeting")])
def test_a_meeting_lost_at_once_was_none_in_whichever_order_it_is_told(attempt, tell, order):
    for told in order:
        tell(told)
    assert outcome_of(attempt) == ("failed", "in_meeting")


def test_a_renewal_begins_again_and_keeps_the_press(attempt, tell):
    tell("init")
    tell("renewed")
    attempt.refresh_from_db()
    assert (attempt.init_at, attempt.delivered_at, attempt.token_at) == (None, None, None)
    assert attempt.renewed_at
    assert attempt.allowed_at


def test_a_renewal_that_is_told_late_forgets_nothing_of_the_new_beginning(attempt, tell):
    StartAttempt.objects.update(delivered_at=timezone.now())
    tell("renewed", after=1000, age=5000)
    attempt.refresh_from_db()
    assert attempt.delivered_at
    assert attempt.zak_at is None


# --- A press that never reached the portal ------------------------------------------------------


def test_the_page_alone_makes_an_attempt_that_did_not_arrive(cast, tell):
    assert tell("failed", error="network", age=60_000).status_code == 204
    row = StartAttempt.objects.get()
    assert (row.code, row.user, row.host, row.way) == (CODE, cast.alice, cast.alice_host, "browser")
    assert outcome_of(row) == ("failed", "pressed")
    assert 59 < (timezone.now() - row.pressed_at).total_seconds() < 120


def test_an_admins_page_makes_one_on_behalf(cast, tell):
    Organization.objects.filter(pk=cast.acme.pk).update(admins_may_start_on_behalf=True)
    tell("failed", user=cast.ada, error="network")
    row = StartAttempt.objects.get()
    assert (row.user, row.host, row.way) == (cast.ada, cast.alice_host, "on_behalf")


@pytest.mark.parametrize(("person", "status"), [("mia", 403), ("sam", 403), ("carol", 404)])
def test_who_may_not_start_makes_none(cast, tell, person, status):
    assert tell("init", user=getattr(cast, person)).status_code == status
    assert not StartAttempt.objects.exists()


def test_nobody_makes_more_than_a_days_worth(cast, tell):
    StartAttemptFactory.create_batch(MOST_A_DAY - 1, meeting=cast.meeting)
    assert tell("init").status_code == 204
    assert tell("init", attempt="00000000").status_code == 204
    assert StartAttempt.objects.count() == MOST_A_DAY


# --- Whose attempt it is ------------------------------------------------------------------------


def test_another_persons_attempt_is_not_touched(cast, attempt, tell):
    """Bob may start alice's meeting too, and knows her code: it makes an attempt of his own."""
    tell("failed", user=cast.bob, error="left")
    assert outcome_of(attempt)[0] == "under_way"
    assert StartAttempt.objects.exclude(pk=attempt.pk).get().user == cast.bob


def test_the_code_of_one_meeting_is_none_of_another(cast, attempt, tell):
    tell("in_meeting", meeting=MeetingFactory(host=cast.alice_host))
    assert outcome_of(attempt)[0] == "under_way"


def test_the_id_follows_from_person_meeting_and_code(attempt):
    keys = {"user_id": attempt.user_id, "meeting_id": attempt.meeting_id, "code": CODE}
    assert attempt.pk == make_attempt_id(**keys)
    assert attempt.pk != make_attempt_id(**{**keys, "code": "00000000"})
    assert attempt.pk != make_attempt_id(**{**keys, "user_id": 0})


def test_a_host_whose_right_was_taken_away_still_tells_of_their_attempt(cast, attempt, tell):
    Host.objects.filter(pk=cast.alice_host.pk).update(is_active=False)
    assert tell("failed", error="refused").status_code == 204
    assert outcome_of(attempt)[0] == "failed"


def test_an_attempt_of_longer_than_a_day_ago_takes_no_more(attempt, tell):
    StartAttempt.objects.update(pressed_at=timezone.now() - LONGEST - timedelta(minutes=1))
    tell("init")
    attempt.refresh_from_db()
    assert attempt.init_at is None


# --- What is not taken --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempt": "short"},
        {"told": "started"},
        {"told": "delivered"},
        {"after": -1},
        {"age": 90_000_000},
        {"after": "soon"},
        {"error": "<script>"},
        {"error": "x" * 41},
        {"error": "3712\n"},
        {"during": "zak"},
    ],
    ids=str,
)
def test_what_is_no_trace_is_refused(attempt, tell, wrong):
    assert tell(**{"told": "init", **wrong}).status_code == 400
    attempt.refresh_from_db()
    assert attempt.init_at is None


def test_a_large_body_is_not_looked_at(attempt, tell):
    assert tell("init", other="x" * 3000).status_code == 413


def test_the_csrf_token_is_needed(cast, attempt):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    form = {"attempt": CODE, "told": "init", "after": 0, "age": 0}
    assert client.post(address(cast.meeting), form).status_code == 403


# --- What Zoom says -----------------------------------------------------------------------------


def started(attempt, *, after=timedelta(seconds=3), organizations=None, number=None):
    note_started(
        organizations or [attempt.organization_id],
        number or attempt.meeting.meeting_number,
        attempt.pressed_at + after,
    )
    attempt.refresh_from_db()
    return attempt.started_at


def test_zooms_event_is_the_last_attempts_before_it(attempt):
    earlier = StartAttemptFactory(
        meeting=attempt.meeting, pressed_at=attempt.pressed_at - timedelta(minutes=1)
    )
    assert started(attempt) == attempt.pressed_at + timedelta(seconds=3)
    earlier.refresh_from_db()
    assert earlier.started_at is None


def test_zooms_event_is_not_that_of_an_attempt_that_had_failed(attempt):
    later = StartAttemptFactory(
        meeting=attempt.meeting,
        pressed_at=attempt.pressed_at + timedelta(seconds=1),
        failed_at=attempt.pressed_at + timedelta(seconds=2),
        failed_step="zak",
    )
    assert started(attempt)
    later.refresh_from_db()
    assert later.started_at is None


def test_the_same_event_again_and_a_later_one_change_nothing(attempt):
    first = started(attempt)
    assert started(attempt) == started(attempt, after=timedelta(minutes=2)) == first


def test_an_earlier_event_that_comes_late_counts(attempt):
    started(attempt, after=timedelta(minutes=2))
    assert started(attempt) == attempt.pressed_at + timedelta(seconds=3)


@pytest.mark.parametrize("minutes", [-1, 16])
def test_an_event_of_another_time_is_not_this_attempts(attempt, minutes):
    assert started(attempt, after=timedelta(minutes=minutes)) is None


def test_zooms_clock_may_be_a_little_behind(attempt):
    assert started(attempt, after=timedelta(seconds=-4))


def test_an_event_of_another_organizations_account_is_none_of_ours(cast, attempt):
    assert started(attempt, organizations=[cast.globex.pk]) is None


def test_an_event_of_another_meeting_is_not_this_ones(attempt):
    assert started(attempt, number=81_000_000_000) is None


def deliver(account, meeting, at):
    body = write(
        "meeting.started",
        {"id": str(meeting.meeting_number), "uuid": "abc=="},
        account_id=ACME["account_id"],
        event_ts=int(at.timestamp() * 1000),
    )
    secret, now = ACME["webhook_secret"], timezone.now().timestamp()
    sent = Sent.signed(account.pk, body, secret=secret, at=now)
    return sent.to(Client()).status_code


@pytest.mark.parametrize("times", [1, 2])
def test_zooms_webhook_ends_an_attempt_in_the_meeting(cast, attempt, times):
    for _delivery in range(times):
        assert deliver(cast.acme_account, cast.meeting, timezone.now()) == 204
    assert outcome_of(attempt) == ("in_meeting", "None")


def test_a_shared_accounts_event_reaches_the_organization_that_has_the_meeting(cast, attempt):
    shared = share_account(cast)
    shared.webhook_secret = ACME["webhook_secret"]
    shared.save(update_fields=["webhook_secret"])
    assert deliver(shared, cast.meeting, timezone.now()) == 204
    assert outcome_of(attempt) == ("in_meeting", "None")


def test_an_account_that_the_organization_has_left_tells_nothing_of_it(cast, attempt):
    cast.acme.zoom_connection.delete()
    assert deliver(cast.acme_account, cast.meeting, timezone.now()) == 204
    assert outcome_of(attempt)[0] == "under_way"


# --- How long it is kept ------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [90, 5])
def test_old_attempts_are_deleted_and_younger_ones_kept(cast, settings, kept):
    settings.START_ATTEMPT_DAYS = kept
    now = timezone.now()
    for days in (kept - 1, kept + 1):
        StartAttemptFactory(meeting=cast.meeting, pressed_at=now - timedelta(days=days))
    assert prune_start_attempts() == 1
    assert StartAttempt.objects.get().pressed_at > now - timedelta(days=kept)
