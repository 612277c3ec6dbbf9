"""Which error an answer of Zoom becomes, and what an error shows."""

import pickle
from datetime import UTC, datetime

import pytest

from zoomauth import errors
from zoomauth.errors import (
    FieldError,
    ZoomAccessTokenRejected,
    ZoomAddressTaken,
    ZoomAppDeactivated,
    ZoomAppTypeWrong,
    ZoomCredentialsRejected,
    ZoomDailyLimitReached,
    ZoomError,
    ZoomInputRefused,
    ZoomMeetingNotFound,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomRefused,
    ZoomScopeMissing,
    ZoomTimeout,
    ZoomUnavailable,
    ZoomUserInactive,
    ZoomUserNotFound,
)
from zoomauth.refusals import Refusal, make_zoom_error

LEAVES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, ZoomError) and value is not ZoomError
]
RETRYABLE = {
    "zoom_unreachable",
    "zoom_timeout",
    "zoom_unavailable",
    "zoom_answer_invalid",
    "zoom_rate_limited",
    "zoom_daily_limit_reached",
    "zoom_failed_repeatedly",
    "zoom_too_many_at_once",
    "zoom_put_off",
}

PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
DAILY = "You have reached the maximum daily rate limit for this API."
PER_HOST = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests "
    "permitted for a particular user. You may resume at GMT 00:00:00."
)
SCOPES = "Invalid access token, does not contain scopes:[user:read:token:admin, user:read:token]."

API = [
    (400, 124, "Invalid access token.", ZoomAccessTokenRejected),
    (401, 124, "Access token is expired.", ZoomAccessTokenRejected),
    (401, 201, "Invalid access token.", ZoomAccessTokenRejected),
    (401, None, "", ZoomAccessTokenRejected),
    (401, 1001, "", ZoomAccessTokenRejected),
    (400, 4700, "Token cannot be empty.", ZoomAccessTokenRejected),
    (400, 4711, SCOPES, ZoomScopeMissing),
    (400, 4711, "", ZoomScopeMissing),
    (400, 104, SCOPES, ZoomScopeMissing),
    (401, 201, SCOPES, ZoomScopeMissing),
    (403, 201, SCOPES, ZoomScopeMissing),
    (400, 4717, "The app has been disabled.", ZoomAppDeactivated),
    (401, 4738, "The app has been disabled by the admin.", ZoomAppDeactivated),
    (404, 1001, "User does not exist: x.", ZoomUserNotFound),
    (400, 1010, "User not found on this account.", ZoomUserNotFound),
    (400, 1120, "Invite not accepted.", ZoomUserInactive),
    (400, 3161, "Not allowed to schedule.", ZoomUserInactive),
    (404, None, "The user is inactive.", ZoomUserInactive),
    (404, 3001, "Meeting does not exist: 1.", ZoomMeetingNotFound),
    (400, 3001, "Meeting is not found or has expired.", ZoomMeetingNotFound),
    (404, 3000, "Cannot access meeting info.", ZoomMeetingNotFound),
    (403, 3000, "Cannot access meeting info.", ZoomRefused),
    (404, 300, "", ZoomMeetingNotFound),
    (400, 300, "Meeting not found.", ZoomMeetingNotFound),
    (400, 300, "Validation Failed.", ZoomInputRefused),
    (400, 300, PER_HOST, ZoomDailyLimitReached),
    (429, 429, PER_SECOND, ZoomRateLimited),
    (429, None, "", ZoomRateLimited),
    (429, 124, "", ZoomRateLimited),
    (429, 429, DAILY, ZoomDailyLimitReached),
    (429, 429, PER_HOST, ZoomDailyLimitReached),
    (400, 200, "No permission.", ZoomRefused),
    (403, None, "", ZoomRefused),
    (404, None, "", ZoomRefused),
    (404, 2300, "This API endpoint is not recognized.", ZoomRefused),
    (409, None, "", ZoomRefused),
    (409, 1005, "User already in the account: a@b.example.", ZoomAddressTaken),
    (408, None, "", ZoomUnavailable),
    (500, 124, SCOPES, ZoomUnavailable),
    (503, 1001, DAILY, ZoomUnavailable),
]

TOKEN = [
    (400, "invalid_client", "Invalid client_id or client_secret", ZoomCredentialsRejected),
    (401, "invalid_client", "", ZoomCredentialsRejected),
    (401, None, "", ZoomCredentialsRejected),
    (400, "invalid_request", "Bad Request", ZoomCredentialsRejected),
    (400, 4702, "", ZoomCredentialsRejected),
    (400, 4741, "", ZoomCredentialsRejected),
    (400, "unsupported_grant_type", "unsupported grant type", ZoomAppTypeWrong),
    (400, 4705, "", ZoomAppTypeWrong),
    (400, 4717, "", ZoomAppDeactivated),
    (400, 4738, "", ZoomAppDeactivated),
    (400, "invalid_request", "The app is disabled", ZoomAppDeactivated),
    (400, None, "", ZoomRefused),
    (404, 1001, "", ZoomRefused),
    (429, None, "", ZoomRateLimited),
    (503, "invalid_client", "", ZoomUnavailable),
]


@pytest.mark.parametrize(("status", "code", "message", "expected"), API)
def test_answer_to_an_api_call_becomes(
    status: int, code: int | None, message: str, expected: type[ZoomError]
) -> None:
    error = make_zoom_error(Refusal(call="c", http_status=status, code=code, message=message))
    assert type(error) is expected


@pytest.mark.parametrize(("status", "code", "message", "expected"), TOKEN)
def test_answer_of_the_token_endpoint_becomes(
    status: int, code: int | str | None, message: str, expected: type[ZoomError]
) -> None:
    refusal = Refusal(call="c", http_status=status, code=code, message=message, asks_for_token=True)
    assert type(make_zoom_error(refusal)) is expected


def test_error_carries_what_support_asks_for() -> None:
    error = make_zoom_error(Refusal(call="c", http_status=404, code=1001, tracking_id="WEB_1"))
    assert (error.call, error.http_status, error.code, error.tracking_id) == (
        "c",
        404,
        1001,
        "WEB_1",
    )


def test_missing_scopes_are_read_from_the_sentence() -> None:
    error = make_zoom_error(Refusal(call="c", http_status=400, code=4711, message=SCOPES))
    assert isinstance(error, ZoomScopeMissing)
    assert error.scopes == ("user:read:token:admin", "user:read:token")


def test_admin_is_told_the_missing_scopes() -> None:
    error = ZoomScopeMissing(scopes=("user:read:token:admin",))
    assert "user:read:token:admin" in str(error.admin_message)


def test_limit_per_host_is_told_from_that_of_the_account() -> None:
    kinds = [
        make_zoom_error(Refusal(call="c", http_status=429, message=text))
        for text in (PER_HOST, DAILY)
    ]
    assert [getattr(kind, "per_host", None) for kind in kinds] == [True, False]
    assert str(kinds[0].user_message) != str(kinds[1].user_message)


def test_header_alone_marks_a_daily_limit() -> None:
    error = make_zoom_error(Refusal(call="c", http_status=429, limit_type="Daily-limit"))
    assert isinstance(error, ZoomDailyLimitReached)


def test_daily_limit_without_a_time_ends_with_the_day() -> None:
    midnight = datetime(2026, 5, 5, tzinfo=UTC)
    refusal = Refusal(call="c", http_status=429, message=DAILY, day_ends_at=midnight)
    error = make_zoom_error(refusal)
    assert isinstance(error, ZoomDailyLimitReached)
    assert error.retry_at == midnight


def test_limit_per_second_without_a_time_names_none() -> None:
    midnight = datetime(2026, 5, 5, tzinfo=UTC)
    error = make_zoom_error(Refusal(call="c", http_status=429, day_ends_at=midnight))
    assert isinstance(error, ZoomRateLimited)
    assert error.retry_at is None


def test_refused_fields_are_kept() -> None:
    fields = (FieldError("settings.topic", "Too long."),)
    error = make_zoom_error(Refusal(call="c", http_status=400, code=300, fields=fields))
    assert isinstance(error, ZoomInputRefused)
    assert error.fields == fields


@pytest.mark.parametrize(("is_write", "unknown"), [(True, True), (False, False)])
def test_fault_of_zoom_leaves_only_a_write_in_doubt(is_write: bool, unknown: bool) -> None:
    error = make_zoom_error(Refusal(call="c", http_status=503, is_write=is_write))
    assert error.outcome_unknown is unknown


@pytest.mark.parametrize(("repeatable", "retryable"), [(True, True), (False, False)])
def test_write_in_doubt_is_retryable_only_if_repeatable(repeatable: bool, retryable: bool) -> None:
    refusal = Refusal(call="c", http_status=503, is_write=True, repeatable=repeatable)
    assert make_zoom_error(refusal).retryable is retryable


def test_host_is_told_to_look_before_repeating_a_write_in_doubt() -> None:
    assert "before you try again" in str(ZoomTimeout(outcome_unknown=True).user_message)


@pytest.mark.parametrize("kind", LEAVES)
def test_retryable_is_what_may_pass_by_itself(kind: type[ZoomError]) -> None:
    assert kind().retryable is (kind.slug in RETRYABLE)


@pytest.mark.parametrize("text", ["slug", "user_message", "admin_message"])
def test_every_cause_has_words_of_its_own(text: str) -> None:
    words = [str(getattr(kind(), text)) for kind in LEAVES]
    assert len(set(words)) == len(words) == 21
    assert all(words)


@pytest.mark.parametrize("kind", LEAVES)
def test_slug_is_the_name_in_snake_case(kind: type[ZoomError]) -> None:
    assert "".join(part.title() for part in kind.slug.split("_")) == kind.__name__


def test_text_shows_the_facts_only() -> None:
    error = make_zoom_error(
        Refusal(call="get_user", http_status=404, code=1001, message="secret", tracking_id="WEB_1")
    )
    assert str(error) == "call get_user, HTTP status 404, Zoom code 1001, tracking id WEB_1"
    assert repr(error) == f"<ZoomUserNotFound: {error}>"


def test_message_of_zoom_is_not_in_the_repr_of_a_refusal() -> None:
    assert "secret" not in repr(Refusal(call="c", http_status=400, message="secret"))


def test_error_without_facts_still_has_a_text() -> None:
    assert str(ZoomNotConnected()) == "zoom_not_connected"


def test_error_survives_pickling() -> None:
    error = ZoomScopeMissing(call="c", http_status=400, scopes=("a:b",))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), copy.call, copy.scopes) == (ZoomScopeMissing, "c", ("a:b",))
