"""What Zoom says of a user at this moment, before somebody is linked to them."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.services.zoom_people import ZoomPerson
from portal.models import Organization, normalize_address
from zoomauth.errors import ZoomError, ZoomUserNotFound
from zoomauth.services import fetch_user

# The `code` of a `ValidationError` for which nothing is wrong but that Zoom could not be asked.
LATER = "later"
# How long the answer of an import is good enough for many links at once.
_FRESH = timedelta(hours=1)


def ask_zoom(organization: Organization, zoom_user_id: str, email: str) -> None:
    """Raise `ValidationError` unless Zoom has this user with this address now.

    To be asked before the transaction that links, and never in it.
    """
    try:
        found = fetch_user(organization=organization, zoom_user_id=zoom_user_id)
    except ZoomUserNotFound:
        raise ValidationError(
            _("Zoom has no such user any more. Import the Zoom users again.")
        ) from None
    except ZoomError as error:
        raise ValidationError(
            _("Zoom could not be asked about this user. Try again in a moment. %(reason)s"),
            code=LATER,
            params={"reason": error.admin_message},
        ) from None
    same = normalize_address(found.email) == normalize_address(email)
    if found.id != zoom_user_id or not same:
        raise ValidationError(
            _("The Zoom user has another address by now. Import the Zoom users again.")
        )


def ask_zoom_if_old(organization: Organization, person: ZoomPerson) -> None:
    """The same, but for what an import has seen within the last hour."""
    if timezone.now() - person.seen_at > _FRESH:
        ask_zoom(organization, person.zoom_user_id, person.email)
