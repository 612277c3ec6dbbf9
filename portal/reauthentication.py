"""Who changes something dangerous shows again who they are.

For a page: `ask_if_needed`. For an admin class with secrets in its forms: `AsksWhoYouAre`. Both
send the person to sign in again and back to the form. Nothing that was typed is kept meanwhile, as
it may be a secret: a form is asked for before it is shown, and may then be sent for twice as long.
Only what was typed for longer than that is lost, and the person is told.
"""

import time
from typing import Any, Final
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.identity.sessions import authenticated_at, provider_of

# A provider's clock may be a little ahead.
_CLOCK_SKEW_SECONDS: Final = 60


def did_recently_authenticate(request: HttpRequest, *, seconds: float | None = None) -> bool:
    """Whether the person showed in this session who they are, within `seconds`.

    By the way the session was begun: password and second factors, or its identity provider. When
    they came back from there says nothing, as it may have remembered them; it tells when it asked.
    """
    if not request.user.is_authenticated:
        return False
    if provider_of(request) is not None:
        return is_recent(authenticated_at(request), seconds=seconds)
    moments = [
        entry["at"]
        for entry in get_authentication_records(request, request.user)
        if entry.get("method") != "socialaccount"
    ]
    return is_recent(max(moments, default=None), seconds=seconds)


def is_recent(moment: float | None, *, seconds: float | None = None) -> bool:
    """Whether that was within `seconds`. None, a moment that nobody knows, was not."""
    limit = settings.REAUTHENTICATION_SECONDS if seconds is None else seconds
    return moment is not None and -_CLOCK_SKEW_SECONDS <= time.time() - moment < limit


def ask_who_they_are(request: HttpRequest, *, come_back_to: str | None = None) -> HttpResponse:
    """To the page where they show it, and then back: to this address, unless told otherwise."""
    query = urlencode({"next": come_back_to or request.get_full_path()})
    provider_id = provider_of(request)
    if provider_id is not None:
        address = reverse("openid_connect_login", kwargs={"provider_id": provider_id})
    else:
        address = reverse("account_reauthenticate")
    return HttpResponseRedirect(f"{address}?{query}")


def ask_if_needed(request: HttpRequest, *, come_back_to: str | None = None) -> HttpResponse | None:
    """The answer that sends the person to show who they are; None if they did lately."""
    is_sent = request.method not in ("GET", "HEAD")
    if did_recently_authenticate(
        request, seconds=settings.REAUTHENTICATION_SECONDS * (2 if is_sent else 1)
    ):
        return None
    if is_sent:
        messages.warning(
            request, _("Nothing was saved: it took too long. Please fill in the form again.")
        )
    return ask_who_they_are(request, come_back_to=come_back_to)


class AsksWhoYouAre:
    """For admin classes: the forms open for those who may change, once they showed who they are.

    Put it before `TenantModelAdmin`.
    """

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if self.asks_before(request, object_id):
            asked = ask_if_needed(request)
            if asked is not None:
                return asked
        return super().changeform_view(request, object_id, *args, **kwargs)  # type: ignore[misc]

    def asks_before(self, request: HttpRequest, object_id: str | None) -> bool:
        """Whether this form is dangerous in this person's hands; others only read it."""
        if object_id is None:
            return bool(self.has_add_permission(request))  # type: ignore[attr-defined]
        return bool(self.has_change_permission(request))  # type: ignore[attr-defined]
