"""The rows of a check: facts without sentences, so that they can be kept and shown later."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from zoomauth.connection_check.texts import Text, fix_of, label_of, meaning_of
from zoomauth.errors import ZoomError, ZoomScopeMissing
from zoomauth.scopes import OPTIONAL_SCOPES

# Rows and reasons of which a failure keeps no meeting from being started today.
_NO_OBSTACLE = {"webhook"}
_NO_OBSTACLE_YET = {"too_old_soon", "some_basic"}
_NO_OBSTACLE_SCOPES = {scope.name for scope in OPTIONAL_SCOPES}
# The reason of a row for which the page that waited had no time left.
NO_TIME = "no_time"
# Rows that tell of the account's users.
ABOUT_USERS = frozenset({"host", "zak"})


class Result(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class CheckRow:
    """One line of a check. `reason` is stable and meant for programs; `facts` fill its sentences.

    Nothing secret belongs in here.
    """

    name: str
    result: Result
    reason: str
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    tracking_id: str = ""

    @classmethod
    def failed(cls, name: str, error: ZoomError, **facts: Any) -> Self:
        """The row of a call that Zoom did not answer as hoped."""
        if isinstance(error, ZoomScopeMissing):
            facts["scopes"] = list(error.scopes)
        code = error.code if error.code is not None else error.http_status
        return cls(
            name,
            Result.FAIL,
            error.slug,
            facts=facts,
            code="" if code is None else str(code),
            tracking_id=error.tracking_id,
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        # Kept by another release, it may have more to it.
        known = {each.name: stored[each.name] for each in fields(cls) if each.name in stored}
        return cls(**{**known, "result": Result(stored["result"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def label(self) -> Text:
        return label_of(self.name, self.subject)

    @property
    def meaning(self) -> Text:
        return meaning_of(self.name, self.reason, self.facts, self.subject)

    @property
    def fix(self) -> Text:
        """What to do; empty where there is nothing to be done."""
        return fix_of(self.name, self.reason, self.facts, self.subject)

    @property
    def is_obstacle(self) -> bool:
        """Whether this has to be put right before the account can do all that is asked of it."""
        harmless = self.name in _NO_OBSTACLE or self.reason in _NO_OBSTACLE_YET
        optional = self.name == "scope" and self.subject in _NO_OBSTACLE_SCOPES
        return self.result is Result.FAIL and not harmless and not optional


def is_fit(rows: Iterable[CheckRow]) -> bool:
    """Whether an account with these rows can start meetings. What was left out leaves it open."""
    rows = list(rows)
    return bool(rows) and is_whole(rows) and not any(row.is_obstacle for row in rows)


def is_whole(rows: Iterable[CheckRow]) -> bool:
    """Whether Zoom was quick enough for all of it."""
    return not any(row.reason == NO_TIME for row in rows)
