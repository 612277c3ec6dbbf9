"""Which ZoomError an answer with an HTTP error status is."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

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
    ZoomRateLimited,
    ZoomRefused,
    ZoomScopeMissing,
    ZoomUnavailable,
    ZoomUserInactive,
    ZoomUserNotFound,
)

# Zoom docs: OAuth error messages (4700 to 4741); the words are those of RFC 6749, section 5.2.
_APP_TYPE_WRONG = {"unsupported_grant_type", "unauthorized_client", 4705}
_APP_DEACTIVATED = {4717, 4738}
_CREDENTIALS_REJECTED = {"invalid_client", "invalid_request", 4702, 4704, 4706, 4741}

# Zoom API reference: Errors, and what the calls are seen to answer. An expired token is 124.
_ACCESS_TOKEN_REJECTED = {124, 4700, 4741}
_SCOPE_MISSING = 4711
_USER_NOT_FOUND = {1001, 1010}
_USER_INACTIVE = {1120, 1121, 3161}
_ADDRESS_TAKEN = 1005  # Users, Create users
_MEETING_NOT_FOUND = 3001
_MEETING_CLOSED_TO_US = 3000  # gone when the status is 404, otherwise forbidden
_VALIDATION = 300  # also: a daily limit, a missing meeting

_SCOPES = re.compile(r"does not contain scopes?\s*:?\s*(?:\[([^\]]{0,2000})\])?", re.IGNORECASE)
_SCOPE = re.compile(r"[a-z_]+(?::[a-z_]+)*")
_APP_IS_OFF = re.compile(r"\b(disabled|deactivated)\b", re.IGNORECASE)
_USER_IS_OFF = re.compile(r"\buser\b.*\b(inactive|deactivated|not active)\b", re.IGNORECASE)
_MEETING_IS_GONE = re.compile(r"\bmeeting\b.*\b(not found|not exist|expired)\b", re.IGNORECASE)
_DAILY = re.compile(r"\bdaily\b", re.IGNORECASE)
_PER_HOST = re.compile(r"create/update|particular user", re.IGNORECASE)


class _Facts(TypedDict):
    call: str
    http_status: int
    code: int | str | None
    tracking_id: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer with an HTTP error status, and what Zoom said beside it.

    `message` decides between causes and is never shown. `day_ends_at` is the next 00:00 UTC.
    """

    call: str
    http_status: int
    code: int | str | None = None
    message: str = field(default="", repr=False)
    fields: tuple[FieldError, ...] = ()
    tracking_id: str = ""
    limit_type: str = ""
    retry_at: datetime | None = None
    day_ends_at: datetime | None = None
    asks_for_token: bool = False
    is_write: bool = False
    repeatable: bool = True

    @property
    def facts(self) -> _Facts:
        return {
            "call": self.call,
            "http_status": self.http_status,
            "code": self.code,
            "tracking_id": self.tracking_id,
        }


def make_zoom_error(refusal: Refusal) -> ZoomError:
    """The error for an answer with an HTTP error status.

    The status decides first, then Zoom's code, and its sentence last: 300 stands for a refused
    field, a daily limit and a missing meeting, and a missing scope comes as 104, 201 or 4711
    (Zoom API reference: Errors, Rate limits).
    """
    # 408 is what a proxy says when it gave up waiting for the server behind it.
    if refusal.http_status >= 500 or refusal.http_status == 408:
        return ZoomUnavailable(
            **refusal.facts, outcome_unknown=refusal.is_write, repeatable=refusal.repeatable
        )
    if _is_daily_limit(refusal):
        return ZoomDailyLimitReached(
            **refusal.facts,
            retry_at=refusal.retry_at or refusal.day_ends_at,
            per_host=bool(_PER_HOST.search(refusal.message)),
        )
    if refusal.http_status == 429:
        return ZoomRateLimited(
            **refusal.facts,
            retry_at=refusal.retry_at,
            is_of_read=not (refusal.is_write or refusal.asks_for_token),
        )
    if refusal.asks_for_token:
        return _token_refusal_class(refusal)(**refusal.facts)
    return _make_api_error(refusal)


def _is_daily_limit(refusal: Refusal) -> bool:
    says_daily = bool(_DAILY.search(refusal.message))
    if refusal.http_status == 429:
        return says_daily or bool(_DAILY.search(refusal.limit_type))
    return refusal.http_status == 400 and refusal.code == _VALIDATION and says_daily


def _token_refusal_class(refusal: Refusal) -> type[ZoomError]:
    if refusal.code in _APP_TYPE_WRONG:
        return ZoomAppTypeWrong
    if refusal.code in _APP_DEACTIVATED or _APP_IS_OFF.search(refusal.message):
        return ZoomAppDeactivated
    if refusal.http_status == 401 or refusal.code in _CREDENTIALS_REJECTED:
        return ZoomCredentialsRejected
    return ZoomRefused


def _make_api_error(refusal: Refusal) -> ZoomError:
    sentence = _SCOPES.search(refusal.message)
    if sentence or refusal.code == _SCOPE_MISSING:
        named = (sentence and sentence.group(1)) or ""
        return ZoomScopeMissing(**refusal.facts, scopes=tuple(_SCOPE.findall(named)))
    kind = _api_refusal_class(refusal)
    if kind is ZoomInputRefused:
        return ZoomInputRefused(**refusal.facts, fields=refusal.fields)
    return kind(**refusal.facts)


def _api_refusal_class(refusal: Refusal) -> type[ZoomError]:
    code = refusal.code
    if code in _APP_DEACTIVATED:
        return ZoomAppDeactivated
    if refusal.http_status == 401 or code in _ACCESS_TOKEN_REJECTED:
        return ZoomAccessTokenRejected
    if code in _USER_NOT_FOUND:
        return ZoomUserNotFound
    if code in _USER_INACTIVE or _USER_IS_OFF.search(refusal.message):
        return ZoomUserInactive
    if code == _ADDRESS_TAKEN:
        return ZoomAddressTaken
    if code == _MEETING_NOT_FOUND or (code == _MEETING_CLOSED_TO_US and refusal.http_status == 404):
        return ZoomMeetingNotFound
    if code == _VALIDATION:
        gone = refusal.http_status == 404 or _MEETING_IS_GONE.search(refusal.message)
        return ZoomMeetingNotFound if gone else ZoomInputRefused
    return ZoomRefused
