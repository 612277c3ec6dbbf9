"""A host gives a code: the admin finds the start, and reads what happened and what to do."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from meetings.attempt_texts import PLACES, words_of_error
from meetings.models import StartAttempt
from meetings.sdk_errors import sdk_error_texts
from meetings.services.success import get_success
from meetings.start_steps import Outcome, Step
from tests.factories import MembershipFactory, StartAttemptFactory

pytestmark = pytest.mark.django_db
CODE = "7K1M90PQ"
LIST = reverse("admin:meetings_startattempt_changelist")


@pytest.fixture
def attempt(cast):
    """Alice's, of an hour ago, which failed at Zoom's word that there is no such user."""
    at = timezone.now() - timedelta(hours=1)
    return StartAttemptFactory(
        meeting=cast.meeting,
        code=CODE,
        pressed_at=at,
        allowed_at=at + timedelta(seconds=0.25),
        signed_at=at + timedelta(seconds=0.5),
        token_at=at + timedelta(seconds=2),
        failed_at=at + timedelta(seconds=3),
        failed_step="zak",
        error_code="zoom_user_not_found",
        zoom_code="1001",
        tracking_id="v=2.0;clid=us06",
    )


@pytest.fixture
def find(cast, signed_in):
    def call(code, user=None):
        address = f"{reverse('admin:meetings_startattempt_find')}?{urlencode({'code': code})}"
        return signed_in(user or cast.ada).get(address, follow=True)

    return call


def story_of(cast, signed_in, attempt):
    address = reverse("admin:meetings_startattempt_change", args=[attempt.pk])
    return signed_in(cast.ada).get(address).content.decode()


@pytest.mark.parametrize("typed", ["7K1M-90PQ", "7k1m90pq", " 7KLM 9OPQ ", "7kim-9opq"])
def test_the_code_is_found_however_it_is_typed(attempt, find, typed):
    page = find(typed)
    assert str(attempt.pk) in page.request["PATH_INFO"]
    assert "7K1M-90PQ" in page.content.decode()


def test_it_is_said_what_happened_and_what_to_do(cast, signed_in, attempt):
    body = story_of(cast, signed_in, attempt)
    assert 'data-outcome="failed" data-step="zak"' in body
    assert "Link the host to a user that is" in re.sub(r"\s+", " ", body)
    for fact in ("alice@acme.example", "Alice&#x27;s lecture", "1001", "v=2.0;clid=us06"):
        assert fact in body


def test_each_step_has_its_time(cast, signed_in, attempt):
    body = story_of(cast, signed_in, attempt)
    lines = re.findall(r'data-line="(\w+)"', body)
    assert lines == ["pressed", "allowed", "signed", "token", "failed"]
    row = body[body.index('data-line="token"') :]
    assert re.findall(r"<td>([\d.]+)\ss</td>", row)[:2] == ["2.00", "1.50"]


def test_the_pages_own_clock_is_beside_the_servers(cast, signed_in, attempt):
    StartAttempt.objects.update(init_at=timezone.now(), init_ms=4321)
    assert "its clock: 4.32" in story_of(cast, signed_in, attempt)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "The portal stopped while Zoom made the host&#x27;s key."),
        ({"token_at": None}, "The portal stopped while it asked Zoom for an access token."),
        ({"zak_at": 1}, "The portal stopped before its answer had left."),
        ({"zak_at": 1, "delivered_at": 1}, "The page got its package and was not heard of again."),
        ({"init_at": 1}, "The page began to set up Zoom&#x27;s software and was not heard of"),
        ({"join_at": 1}, "The page asked Zoom to let the host in and was not heard of again."),
    ],
    ids=str,
)
def test_an_attempt_that_stopped_is_named_by_its_step(cast, signed_in, attempt, fields, told):
    at = attempt.pressed_at + timedelta(seconds=4)
    StartAttempt.objects.update(
        failed_at=None, **{name: at if value else None for name, value in fields.items()}
    )
    body = story_of(cast, signed_in, attempt)
    assert 'data-outcome="stopped"' in body
    assert told in body


def test_a_code_that_nobody_has_says_so(attempt, find):
    assert "No start of your organization has this code" in find("00000000").content.decode()


def test_what_is_no_code_says_how_one_looks(attempt, find):
    assert "eight letters and digits" in find("7K1M").content.decode()


def test_two_starts_with_the_same_code_are_both_shown(cast, attempt, find):
    StartAttemptFactory(meeting=cast.bobs_meeting, code=CODE)
    assert find(CODE).content.decode().count("startattempt/") >= 2


def test_another_organizations_code_is_not_found(cast, attempt, find):
    page = find(CODE, user=cast.gus).content.decode()
    assert "No start of your organization" in page
    assert "lecture" not in page


def test_operators_do_not_look_starts_up(cast, attempt, find, signed_in):
    assert find(CODE, user=cast.operator).status_code == 403
    assert signed_in(cast.operator).get(LIST).status_code == 403


@pytest.mark.parametrize(("query", "shown"), [("?q=7klm-9opq", True), ("?q=alice", True),
                                              ("?q=00000000", False),
                                              ("?outcome=failed", True),
                                              ("?outcome=in_meeting", False)])  # fmt: skip
def test_the_list_is_searched_and_filtered(cast, signed_in, attempt, query, shown):
    page = signed_in(cast.ada).get(f"{LIST}{query}").content.decode()
    assert ("7K1M-90PQ" in page) is shown


def test_nobody_changes_or_deletes_a_start(cast, signed_in, attempt):
    client = signed_in(cast.ada)
    for verb in ("change", "delete"):
        address = reverse(f"admin:meetings_startattempt_{verb}", args=[attempt.pk])
        assert client.post(address, {"post": "yes", "error_code": "x"}).status_code == 403
    attempt.refresh_from_db()
    assert attempt.error_code == "zoom_user_not_found"


# --- Words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["network", "left", "silence", "internal", "3712", "zoom_timeout",
                                  "host_settled.on_hold", "no-such-code"])  # fmt: skip
def test_every_code_has_words(code):
    assert str(words_of_error(code).meaning)


def test_the_sdks_codes_have_the_words_that_the_host_read():
    assert words_of_error("3712").meaning == sdk_error_texts()["3712"]["message"]


def test_every_step_at_which_a_start_can_end_has_a_place():
    assert set(PLACES) == set(Step) - {Step.STARTED}


# --- Success ------------------------------------------------------------------------------------


def joined(cast, **fields):
    now = timezone.now()
    return StartAttemptFactory(meeting=cast.meeting, in_meeting_at=now, **fields)


def test_success_is_the_share_that_ended_in_the_meeting(cast, attempt):
    joined(cast)
    joined(cast)
    success = get_success(cast.acme, timezone.now())
    assert (success.presses, success.in_meeting, success.percentage) == (3, 2, 66)
    assert success.missed == {Step.ZAK: 1}


def test_without_a_press_there_is_no_percentage(cast):
    assert get_success(cast.acme, timezone.now()).percentage is None


def test_what_is_not_known_does_not_count(cast):
    at = timezone.now()
    StartAttemptFactory(meeting=cast.meeting)
    StartAttemptFactory(meeting=cast.meeting, way="app", allowed_at=at, delivered_at=at)
    success = get_success(cast.acme, timezone.now())
    assert success.percentage is None
    assert success.outcomes == {Outcome.UNDER_WAY: 1, Outcome.HANDED_OUT: 1}


@pytest.mark.parametrize(("hours", "counted"), [(7 * 24 - 1, 1), (7 * 24 + 1, 0)])
def test_a_week_is_seven_days(cast, hours, counted):
    joined(cast, pressed_at=timezone.now() - timedelta(hours=hours))
    assert get_success(cast.acme, timezone.now()).presses == counted


def test_another_organizations_starts_do_not_count(cast):
    joined(cast)
    assert get_success(cast.globex, timezone.now()).presses == 0


def test_it_is_one_query_however_many_starts(cast, django_assert_num_queries):
    StartAttemptFactory.create_batch(5, meeting=cast.meeting)
    with django_assert_num_queries(1):
        get_success(cast.acme, timezone.now())


def test_the_admins_front_page_has_it(cast, signed_in, attempt):
    joined(cast)
    page = signed_in(cast.ada).get(reverse("admin:index")).content.decode()
    assert 'data-presses="2" data-in-meeting="1" data-percentage="50"' in page
    assert "At the host&#x27;s key (ZAK): 1" in page


def test_operators_see_numbers_and_no_names(cast, signed_in, attempt):
    address = reverse("admin:portal_organization_change", args=[cast.acme.pk])
    page = signed_in(cast.operator).get(address).content.decode()
    assert 'data-presses="1" data-in-meeting="0"' in page
    assert "lecture" not in page
    assert "7K1M" not in page


def test_an_admin_of_two_organizations_sees_each_figure_apart(cast, signed_in, attempt):
    MembershipFactory(user=cast.ada, organization=cast.globex, role="admin")
    page = signed_in(cast.ada).get(reverse("admin:index")).content.decode()
    assert page.count("starts of the last seven days") == 2
    assert "Nobody has pressed Start." in page
