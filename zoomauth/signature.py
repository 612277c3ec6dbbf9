"""The Meeting SDK signature: a pure function of its arguments."""

from datetime import datetime
from typing import Any, Final

import jwt
from django.views.decorators.debug import sensitive_variables

# Zoom answers 3712 when `iat` lies in its future by so much as a second, so it is dated back to
# cover a server whose clock runs ahead.
BACKDATED_SECONDS: Final = 120

# Zoom's range is 1,800 to 172,800 seconds from `iat`. The join must happen within it; a meeting
# that has begun goes on after it.
LIFETIME_SECONDS: Final = 7200

# RFC 7518, section 3.2: a key for HS256 has at least as many bytes as its hash. A shorter secret
# is one that was cut off when it was copied.
SHORTEST_SECRET: Final = 32

_PARTICIPANT, _HOST = 0, 1


class SignatureInputError(ValueError):
    """An argument from which Zoom would accept no signature; the text names it, not its value."""


@sensitive_variables("sdk_client_secret")
def make_signature(
    *,
    sdk_client_id: str,
    sdk_client_secret: str,
    meeting_number: int,
    role: int,
    now: datetime,
    video_webrtc_mode: int | None = None,
) -> str:
    """Sign what lets the Meeting SDK join as a participant (role 0) or, with a ZAK, start (1).

    The pair is the one of the Meeting SDK, not the one for the REST API. `now` must be aware.
    Raises SignatureInputError rather than correct an argument.
    Sources: Zoom docs, Meeting SDK auth; zoom/meetingsdk-auth-endpoint-sample. `appKey` is
    required since Web SDK 5.0.0, and `sdkKey` with the same value serves the older ones.
    """
    _check_pair(sdk_client_id, sdk_client_secret)
    if not _is_int(meeting_number) or not 10**8 <= meeting_number < 10**11:
        raise SignatureInputError("meeting_number is not a whole number of 9 to 11 digits")
    if not _is_int(role) or role not in (_PARTICIPANT, _HOST):
        raise SignatureInputError("role is neither 0 nor 1")
    if video_webrtc_mode is not None and (
        not _is_int(video_webrtc_mode) or video_webrtc_mode not in (0, 1)
    ):
        raise SignatureInputError("video_webrtc_mode is neither 0 nor 1 nor left out")
    issued_at = _make_issued_at(now)
    expires_at = issued_at + LIFETIME_SECONDS
    claims: dict[str, Any] = {
        "appKey": sdk_client_id,
        "sdkKey": sdk_client_id,
        "mn": str(int(meeting_number)),
        "role": int(role),
        "iat": issued_at,
        "exp": expires_at,
        "tokenExp": expires_at,
    }
    if video_webrtc_mode is not None:
        claims["video_webrtc_mode"] = int(video_webrtc_mode)
    return jwt.encode(claims, sdk_client_secret, algorithm="HS256")


@sensitive_variables("sdk_client_secret")
def _check_pair(sdk_client_id: str, sdk_client_secret: str) -> None:
    _check_text("sdk_client_id", sdk_client_id)
    _check_text("sdk_client_secret", sdk_client_secret)
    if len(sdk_client_secret) < SHORTEST_SECRET:
        raise SignatureInputError(f"sdk_client_secret has fewer than {SHORTEST_SECRET} characters")


def _make_issued_at(now: datetime) -> int:
    if not isinstance(now, datetime) or now.utcoffset() is None:
        raise SignatureInputError("now is not a datetime with a time zone")
    issued_at = int(now.timestamp()) - BACKDATED_SECONDS
    if issued_at <= 0:
        raise SignatureInputError("now lies before 1970")
    return issued_at


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise SignatureInputError(f"{name} is empty or not text")
    if not all("!" <= character <= "~" for character in value):
        raise SignatureInputError(f"{name} contains a space or another unexpected character")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
