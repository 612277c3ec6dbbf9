"""The Meeting SDK signature."""

import traceback
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoomauth.signature import SignatureInputError, make_signature

SECRET = "planted-sdk-secret-0123456789abcdefgh"
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "sdk_client_id": "sdk-client",
    "sdk_client_secret": SECRET,
    "meeting_number": 12345678901,
    "role": 1,
    "now": NOW,
}


def claims_of(signature: str, secret: str = SECRET) -> dict[str, Any]:
    return jwt.decode(
        signature, secret, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )


def test_claims_are_exactly_those_the_sdk_reads() -> None:
    issued_at = int(NOW.timestamp()) - 120
    assert claims_of(make_signature(**GOOD)) == {
        "appKey": "sdk-client",
        "sdkKey": "sdk-client",
        "mn": "12345678901",
        "role": 1,
        "iat": issued_at,
        "exp": issued_at + 7200,
        "tokenExp": issued_at + 7200,
    }


def test_header_names_hs256() -> None:
    assert jwt.get_unverified_header(make_signature(**GOOD)) == {"alg": "HS256", "typ": "JWT"}


def test_another_secret_does_not_verify_it() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        claims_of(make_signature(**GOOD), "another-sdk-secret-0123456789abcdefgh")


def test_same_input_gives_the_same_signature() -> None:
    assert make_signature(**GOOD) == make_signature(**GOOD)


def test_time_zone_of_now_does_not_matter() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert make_signature(**{**GOOD, "now": elsewhere}) == make_signature(**GOOD)


@pytest.mark.parametrize("mode", [0, 1])
def test_webrtc_mode_is_signed_when_given(mode: int) -> None:
    signature = make_signature(**GOOD, video_webrtc_mode=mode)
    assert claims_of(signature)["video_webrtc_mode"] == mode


@pytest.mark.parametrize("number", [10**8, 10**11 - 1])
def test_shortest_and_longest_meeting_numbers_are_signed(number: int) -> None:
    assert claims_of(make_signature(**{**GOOD, "meeting_number": number}))["mn"] == str(number)


@pytest.mark.parametrize("role", [0, 1])
def test_both_roles_are_signed_as_numbers(role: int) -> None:
    assert claims_of(make_signature(**{**GOOD, "role": role}))["role"] is role


REFUSED = [
    ("sdk_client_id", ""),
    ("sdk_client_id", None),
    ("sdk_client_id", "client id"),
    ("sdk_client_id", "clïent"),
    ("sdk_client_secret", ""),
    ("sdk_client_secret", None),
    ("sdk_client_secret", SECRET.encode()),
    ("sdk_client_secret", SECRET + "\n"),
    ("sdk_client_secret", SECRET[:31]),
    ("meeting_number", 10**8 - 1),
    ("meeting_number", 10**11),
    ("meeting_number", -12345678901),
    ("meeting_number", "12345678901"),
    ("meeting_number", 12345678901.0),
    ("meeting_number", True),
    ("meeting_number", None),
    ("role", 2),
    ("role", -1),
    ("role", True),
    ("role", False),
    ("role", "1"),
    ("role", 1.0),
    ("role", None),
    ("video_webrtc_mode", 2),
    ("video_webrtc_mode", True),
    ("video_webrtc_mode", "1"),
    ("now", NOW.replace(tzinfo=None)),
    ("now", NOW.timestamp()),
    ("now", None),
    ("now", datetime(1969, 1, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_bad_argument_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SignatureInputError, match=name):
        make_signature(**{**GOOD, name: value})


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_refusal_shows_no_secret(name: str, value: Any) -> None:
    with pytest.raises(SignatureInputError) as caught:
        make_signature(**{**GOOD, name: value})
    assert "planted" not in "".join(traceback.format_exception(caught.value))


texts = st.text(max_size=40) | st.from_regex(r"[!-~]{32,40}", fullmatch=True)
odd = st.none() | st.booleans() | st.floats() | st.text(max_size=5)


@settings(max_examples=300, deadline=None, database=None)
@given(
    client_id=texts | odd,
    secret=texts | odd,
    number=st.integers(10**8 - 2, 10**11 + 2) | st.integers() | odd,
    role=st.integers(-1, 2) | odd,
    now=st.datetimes(timezones=st.none() | st.just(UTC)) | odd,
    mode=st.integers(-1, 2) | odd,
)
def test_any_input_is_signed_exactly_or_refused(
    client_id: Any, secret: Any, number: Any, role: Any, now: Any, mode: Any
) -> None:
    try:
        signature = make_signature(
            sdk_client_id=client_id,
            sdk_client_secret=secret,
            meeting_number=number,
            role=role,
            now=now,
            video_webrtc_mode=mode,
        )
    except SignatureInputError:
        return
    claims = claims_of(signature, secret)
    assert (claims["appKey"], claims["sdkKey"], claims["mn"]) == (client_id, client_id, str(number))
    assert (claims["role"], claims.get("video_webrtc_mode")) == (role, mode)
    assert (claims["iat"], claims["exp"]) == (int(now.timestamp()) - 120, claims["iat"] + 7200)
    assert claims["tokenExp"] == claims["exp"]


@settings(max_examples=100, deadline=None, database=None)
@given(
    secret=st.from_regex(r"[!-~]{32,64}", fullmatch=True),
    number=st.integers(10**8, 10**11 - 1),
    role=st.sampled_from([0, 1]),
    now=st.datetimes(min_value=datetime(1971, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_good_input_is_signed(secret: str, number: int, role: int, now: datetime) -> None:
    signature = make_signature(
        sdk_client_id="sdk-client",
        sdk_client_secret=secret,
        meeting_number=number,
        role=role,
        now=now,
    )
    assert claims_of(signature, secret)["mn"] == str(number)
