"""What all that can go wrong with Zoom has in common; `zoomauth.errors` is the tree of it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


# Dataclasses for their __init__ alone: an exception equals itself, and its repr shows no field.
@dataclass(kw_only=True, eq=False, repr=False)
class ZoomError(Exception):
    """A call to Zoom did not succeed.

    `retryable`: the same call may succeed later although nobody changes anything. It is False on
    a create whose outcome is unknown: asking again could make a second meeting.
    `outcome_unknown`: a write was sent and Zoom may or may not have carried it out.
    `was_tried`: this caller itself tried to reach Zoom, and got no answer, or not all of one.
    `slug` is stable and meant for programs, `user_message` for a host, `admin_message` for an
    admin of the organization. str() and repr() show only what Zoom's support would ask for.
    """

    slug = "zoom_error"
    retryable = False
    user_message = _("Zoom did not do what was asked. Ask your admin to look into it.")
    admin_message = _("Zoom did not do what was asked. Tell Zoom's support the tracking id.")
    unconfirmed_message: ClassVar[Any] = None  # instead of the user_message, if it has one

    call: str = ""
    http_status: int | None = None
    code: int | str | None = None
    tracking_id: str = ""
    outcome_unknown: bool = False
    repeatable: bool = True
    was_tried: bool = False

    def __post_init__(self) -> None:
        if self.outcome_unknown:
            self.retryable = self.retryable and self.repeatable
            self.user_message = self.unconfirmed_message or self.user_message

    def __str__(self) -> str:
        facts = (
            ("call", self.call),
            ("HTTP status", self.http_status),
            ("Zoom code", self.code),
            ("tracking id", self.tracking_id),
        )
        known = (f"{name} {value}" for name, value in facts if value not in (None, ""))
        return ", ".join(known) or self.slug

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


@dataclass(frozen=True)
class FieldError:
    """One field that Zoom refused, and why, in Zoom's words (cleaned, at most 200 characters)."""

    field: str
    message: str
