"""What an answer of Zoom comes to: the typed value, or the ZoomError."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from zoomauth.client.calls import Call, Label
from zoomauth.client.fields import WrongShapeError, clean, parse_moment, read_json
from zoomauth.client.wire import Answer
from zoomauth.errors import FieldError, ZoomAnswerInvalid, ZoomError
from zoomauth.refusals import Refusal, make_zoom_error

T = TypeVar("T")

_UNSAFE_IN_LOG = re.compile(r"[^A-Za-z0-9_.:;=-]")
_OAUTH_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
_COUNT = re.compile(r"[0-9]{1,9}")
_MOST_FIELD_ERRORS = 20
_LONGEST_WAIT = timedelta(days=2)


@dataclass(frozen=True)
class Rate:
    """What an answer says of the limit that its call was counted under.

    Zoom API reference: Rate limits, headers. `most` calls a second, or a day where `is_daily`, of
    which `remaining` are left; those with the label `category`.
    """

    category: str
    is_daily: bool
    most: int
    remaining: int


@dataclass(frozen=True)
class Heard:
    """What comes with an answer, be it yes or no: Zoom's clock against ours, and its tracking id.

    `ahead` is by how many seconds Zoom's clock is ahead of ours; its Date has whole seconds.
    `error` is what the answer comes to, where it is a no.
    """

    call: str
    tracking_id: str
    ahead: float | None
    label: Label | None = None
    rate: Rate | None = None
    error: ZoomError | None = None


def hear(call: Call, answer: Answer, now: datetime, outcome: object = None) -> Heard:
    date = _read_date(answer)
    return Heard(
        call=call.name,
        tracking_id=_read_tracking_id(answer),
        ahead=None if date is None else (date - now).total_seconds(),
        label=call.label,
        rate=_read_rate(answer),
        error=outcome if isinstance(outcome, ZoomError) else None,
    )


def judge(call: Call, answer: Answer, parse: Callable[[Mapping[str, Any]], T]) -> T | ZoomError:
    """The error comes back as a value, as it does from the wire."""
    if answer.status >= 400:
        return make_zoom_error(_read_refusal(call, answer))
    if answer.status in call.answers and answer.content is not None:
        try:
            return parse({} if answer.status == 204 else read_json(answer.content))
        except WrongShapeError:
            pass
    return ZoomAnswerInvalid(
        call=call.name,
        http_status=answer.status,
        tracking_id=_read_tracking_id(answer),
        outcome_unknown=call.is_write and 200 <= answer.status < 300,
        repeatable=call.repeatable,
    )


def _read_refusal(call: Call, answer: Answer) -> Refusal:
    try:
        body = read_json(answer.content or b"")
    except WrongShapeError:
        body = {}  # It only refines the status, so anything may be there.
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Refusal(
        call=call.name,
        http_status=answer.status,
        code=_parse_code(body),
        message=_parse_message(body),
        fields=_parse_field_errors(body),
        tracking_id=_read_tracking_id(answer),
        limit_type=answer.headers.get("X-RateLimit-Type", ""),
        retry_at=_read_retry_at(answer, now),
        day_ends_at=midnight + timedelta(days=1),
        asks_for_token=call.asks_for_token,
        is_write=call.is_write,
        repeatable=call.repeatable,
    )


def _read_date(answer: Answer) -> datetime | None:
    return parse_moment(answer.headers.get("Date", ""), parsedate_to_datetime)


def _read_rate(answer: Answer) -> Rate | None:
    """None where the headers are not there, or not what Zoom documents."""
    most, remaining = (
        answer.headers.get(f"X-RateLimit-{name}", "").strip() for name in ("Limit", "Remaining")
    )
    if not (_COUNT.fullmatch(most) and _COUNT.fullmatch(remaining)):
        return None
    return Rate(
        category=answer.headers.get("X-RateLimit-Category", "").strip().lower(),
        is_daily="daily" in answer.headers.get("X-RateLimit-Type", "").lower(),
        most=int(most),
        remaining=int(remaining),
    )


def _read_retry_at(answer: Answer, now: datetime) -> datetime | None:
    """When Zoom takes the next call: Retry-After has a day's end, X-RateLimit-Reset a second's."""
    said = _parse_retry_after(answer.headers.get("Retry-After", ""), now)
    return said or _parse_reset(
        answer.headers.get("X-RateLimit-Reset", ""), _read_date(answer), now
    )


def _parse_reset(value: str, date: datetime | None, now: datetime) -> datetime | None:
    """Zoom does not say in which form: seconds since the epoch, seconds from now, or an ISO time.

    By Zoom's own clock, which may be another than ours, so it is taken as far from its Date.
    """
    value = value.strip()
    moment: datetime | None
    if re.fullmatch(r"[0-9]{1,6}", value):
        moment, date = now + timedelta(seconds=int(value)), now
    elif re.fullmatch(r"[0-9]{10}", value):
        moment = datetime.fromtimestamp(int(value), UTC)
    else:
        moment = parse_moment(value)
    if moment is None:
        return None
    wait = moment - (date or now)
    return now + wait if wait <= _LONGEST_WAIT else None


def _read_tracking_id(answer: Answer) -> str:
    """Zoom's support asks for it. Cleaned: a folded header may carry line breaks."""
    return _UNSAFE_IN_LOG.sub("", answer.headers.get("x-zm-trackingid", ""))[:80]


def _parse_code(body: Mapping[str, Any]) -> int | str | None:
    """Zoom's number, or the word of RFC 6749 that the token endpoint gives in its place."""
    code = body.get("code", body.get("error"))
    if isinstance(code, str):
        if re.fullmatch(r"[0-9]{1,6}", code):
            return int(code)
        return code if len(code) <= 40 and _OAUTH_CODE.fullmatch(code) else None
    if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**6:
        return code
    return None


def _parse_message(body: Mapping[str, Any]) -> str:
    message = body.get("message", body.get("reason"))
    return clean(message) if isinstance(message, str) else ""


def _parse_field_errors(body: Mapping[str, Any]) -> tuple[FieldError, ...]:
    errors = body.get("errors")
    if not isinstance(errors, list):
        return ()
    return tuple(
        FieldError(clean(error["field"], 80), clean(error["message"], 200))
        for error in errors[:_MOST_FIELD_ERRORS]
        if isinstance(error, dict)
        and isinstance(error.get("field"), str)
        and isinstance(error.get("message"), str)
    )


def _parse_retry_after(value: str, now: datetime) -> datetime | None:
    """Zoom's daily limits give an ISO date and time here; HTTP has seconds or a date of its own."""
    value = value.strip()
    moment: datetime | None
    if re.fullmatch(r"[0-9]{1,6}", value):
        moment = now + timedelta(seconds=int(value))
    else:
        moment = parse_moment(value) or parse_moment(value, parsedate_to_datetime)
    # A time further off than any of Zoom's limits lasts would keep a caller away for nothing.
    return moment if moment is not None and moment - now <= _LONGEST_WAIT else None
