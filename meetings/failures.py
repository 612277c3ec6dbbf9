"""How a failure at Zoom reads at our doors: one HTTP status, one stable code, one sentence."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

from meetings.access import GroundsBusy
from portal.sealing import SealingError
from zoomauth.errors import (
    ZoomDailyLimitReached,
    ZoomError,
    ZoomFailedRepeatedly,
    ZoomInputRefused,
    ZoomMeetingNotFound,
    ZoomNotConnected,
    ZoomRateLimited,
    ZoomTimeout,
    ZoomTooManyAtOnce,
)

# What a door catches. A secret that cannot be unsealed is to the host a missing connection.
FAILURES = (ZoomError, SealingError, GroundsBusy)
_BUSY = _(
    "Somebody is changing this meeting, or who may start it, at this very moment. "
    "Try again in a moment."
)

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[ZoomError], HTTPStatus], ...] = (
    (ZoomNotConnected, HTTPStatus.CONFLICT),
    (ZoomMeetingNotFound, HTTPStatus.GONE),
    (ZoomInputRefused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ZoomDailyLimitReached, HTTPStatus.SERVICE_UNAVAILABLE),
    (ZoomRateLimited, HTTPStatus.SERVICE_UNAVAILABLE),
    (ZoomFailedRepeatedly, HTTPStatus.SERVICE_UNAVAILABLE),
    (ZoomTooManyAtOnce, HTTPStatus.SERVICE_UNAVAILABLE),
    (ZoomTimeout, HTTPStatus.GATEWAY_TIMEOUT),
)


@dataclass(frozen=True)
class Failure:
    """What a door answers."""

    status: int
    code: str
    message: str
    tracking_id: str
    outcome_unknown: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "tracking_id": self.tracking_id,
                "outcome_unknown": self.outcome_unknown,
            }
        }


def make_failure(error: ZoomError | SealingError | GroundsBusy) -> Failure:
    """The failure for people and programs; nothing in it is secret."""
    if isinstance(error, GroundsBusy):
        return Failure(HTTPStatus.SERVICE_UNAVAILABLE, "busy", str(_BUSY), "", False)
    if isinstance(error, SealingError):
        log.error("A sealed field cannot be read: %s", error)
        error = ZoomNotConnected()
    status = next(
        (status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_GATEWAY
    )
    return Failure(
        status, error.slug, str(error.user_message), error.tracking_id, error.outcome_unknown
    )
