"""What Zoom answers, as typed values. Every parser raises WrongShapeError."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from zoomauth.client.fields import (
    WrongShapeError,
    clean,
    get_moment,
    get_printable,
    get_text,
    get_url,
    get_whole,
)

LONGEST_TOKEN_LIFE: Final = 24 * 60 * 60  # Zoom gives 3600 seconds


@dataclass(frozen=True)
class AccessTokenAnswer:
    """A Server-to-Server access token, good for `expires_in` seconds.

    `api_url` is where Zoom would have the account's calls sent, if it says so. To be compared with
    what is set, and not to be called.
    """

    access_token: str = field(repr=False)
    expires_in: int
    scopes: tuple[str, ...]
    api_url: str = ""


@dataclass(frozen=True)
class Zak:
    """A Zoom Access Key. Whoever has it is this Zoom user in any meeting: pass on, never keep."""

    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ZoomMeeting:
    """A meeting as Zoom has it. `start_url` holds a ZAK: use it at once and drop it.

    `uuid` names one run, not the meeting. `starts_at` is None where Zoom gives no single date.
    """

    meeting_number: int
    uuid: str
    host_id: str
    host_email: str
    topic: str
    starts_at: datetime | None
    duration_minutes: int
    passcode: str = field(repr=False)
    join_url: str = field(repr=False)
    start_url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ZoomUser:
    """A user of a Zoom account. `type`: 1 basic, 2 licensed, 4 and 99 without meetings.

    `status`: active, inactive or pending. A pending user may have no `id` yet ("").
    """

    id: str
    email: str
    display_name: str
    type: int
    status: str


@dataclass(frozen=True)
class ZoomUserPage:
    """One page of users; an empty `next_page_token` means that it was the last.

    `total`: how many users have the status that was asked for, if Zoom says so. `unreadable`: how
    many are missing here, because something was wrong with what Zoom said of them.
    """

    users: tuple[ZoomUser, ...]
    next_page_token: str = field(repr=False)
    total: int | None = None
    unreadable: int = 0


def parse_access_token(answer: Mapping[str, Any]) -> AccessTokenAnswer:
    if get_text(answer, "token_type", "bearer").lower() != "bearer":
        raise WrongShapeError
    return AccessTokenAnswer(
        access_token=get_printable(answer, "access_token"),
        expires_in=get_whole(answer, "expires_in", low=1, high=LONGEST_TOKEN_LIFE),
        scopes=tuple(get_text(answer, "scope").split()),
        api_url=_text_or_nothing(answer, "api_url"),
    )


def _text_or_nothing(answer: Mapping[str, Any], key: str) -> str:
    """What is only looked at must not make a good token unusable."""
    value = answer.get(key)
    return clean(value, 200) if isinstance(value, str) else ""


def _count_or_nothing(answer: Mapping[str, Any], key: str) -> int | None:
    value = answer.get(key)
    return value if type(value) is int and 0 <= value < 2**31 else None


def parse_zak(answer: Mapping[str, Any]) -> Zak:
    return Zak(get_printable(answer, "token"))


def parse_meeting(answer: Mapping[str, Any]) -> ZoomMeeting:
    return ZoomMeeting(
        meeting_number=get_whole(answer, "id", low=1, high=2**63 - 1),
        uuid=get_printable(answer, "uuid", required=False),
        host_id=get_printable(answer, "host_id", required=False),
        host_email=get_text(answer, "host_email"),
        topic=get_text(answer, "topic"),
        starts_at=get_moment(answer, "start_time"),
        duration_minutes=get_whole(answer, "duration", low=0, high=2**31 - 1, default=0),
        passcode=get_text(answer, "password"),
        join_url=get_url(answer, "join_url"),
        start_url=get_url(answer, "start_url", required=False),
    )


def parse_user(answer: Mapping[str, Any], listed_as: str = "") -> ZoomUser:
    status = get_text(answer, "status", listed_as)
    names = (get_text(answer, "first_name"), get_text(answer, "last_name"))
    return ZoomUser(
        id=get_printable(answer, "id", required=status != "pending"),
        email=get_text(answer, "email"),
        display_name=get_text(answer, "display_name") or " ".join(filter(None, names)),
        type=get_whole(answer, "type", low=0, high=1000),
        status=status,
    )


def parse_user_page(answer: Mapping[str, Any], listed_as: str) -> ZoomUserPage:
    """One user whose answer is malformed is left out; a page of nothing else is none."""
    rows = answer.get("users")
    if not isinstance(rows, list):
        raise WrongShapeError
    users = []
    for row in rows:
        try:
            users.append(parse_user(row if isinstance(row, dict) else {}, listed_as))
        except WrongShapeError:
            continue
    if rows and not users:
        raise WrongShapeError
    return ZoomUserPage(
        users=tuple(users),
        unreadable=len(rows) - len(users),
        next_page_token=get_printable(answer, "next_page_token", required=False),
        total=_count_or_nothing(answer, "total_records"),
    )


def parse_nothing(answer: Mapping[str, Any]) -> None:
    """The answer of a write that Zoom confirms by its status alone."""
