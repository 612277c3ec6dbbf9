"""What the page says of a Zoom user that was to be created."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_AGAIN_SOON = gettext_lazy(
    "Zoom cannot be reached or is busy. No user was created. Try again soon."
)
_NOT_CREATED = gettext_lazy("No user was created. Ask the operator, and name what follows.")
# By the error's name for programs. Each says what to do; the account is not the reader's.
_SENTENCES: dict[str, Any] = {
    "zoom_address_taken": gettext_lazy(
        "Zoom knows a user with this address already, so none was created, and your organization "
        "was not given that one. If it is the same person, ask the operator to assign the Zoom "
        "user to your organization."
    ),
    "zoom_scope_missing": gettext_lazy(
        "The operator's Zoom app may not create users. Ask the operator to add the permission."
    ),
    "zoom_input_refused": gettext_lazy(
        "Zoom does not accept this name or address. Correct it and try again."
    ),
    "zoom_refused": gettext_lazy(
        "Zoom refused to create this user, perhaps because no licence is left. Ask the operator, "
        "and name what follows."
    ),
    "zoom_daily_limit_reached": gettext_lazy(
        "Zoom creates no more users today. No user was created. Try again tomorrow."
    ),
    "zoom_rate_limited": _AGAIN_SOON,
    "zoom_unreachable": _AGAIN_SOON,
    "zoom_timeout": _AGAIN_SOON,
    "zoom_unavailable": _AGAIN_SOON,
}


def describe_failure(row: Any) -> str:
    """Of a creation that failed for certain; `row` is a `ZoomUserCreation`."""
    text = str(_SENTENCES.get(row.error_code, _NOT_CREATED))
    if row.zoom_code:
        text += " " + _("Zoom code %(code)s.") % {"code": row.zoom_code}
    if row.tracking_id:
        text += " " + _("Zoom tracking ID %(id)s.") % {"id": row.tracking_id}
    return text


def describe_unknown() -> str:
    """Of one whose answer was lost."""
    return _(
        "Zoom's answer was lost, so nobody knows whether the user was created. Ask the operator to "
        "look into the Zoom account. If the user is there, the operator assigns it to your "
        "organization. If not, take the entry off the list and create the user again."
    )
