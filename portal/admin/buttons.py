"""Buttons in the admin that do something dangerous without a form of their own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.reauthentication import ask_who_they_are, did_recently_authenticate


def ask_before_button(request: HttpRequest, *, come_back_to: str) -> HttpResponse | None:
    """The answer that sends the person to show who they are; None if they did lately.

    Nothing was typed, so there is nothing to be patient with: the button is pressed once more.
    """
    if did_recently_authenticate(request):
        return None
    messages.warning(
        request, _("Nothing was done yet: you had to show who you are first. Press it again.")
    )
    return ask_who_they_are(request, come_back_to=come_back_to)
