"""What an admin reads of an account's limits at Zoom."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from zoomauth.budget import get_away_until, get_spent_until
from zoomauth.client import Label
from zoomauth.models import ZoomAccount


def describe_limits(account: ZoomAccount, now: datetime) -> str:
    """What is met or used up now, and until when; or that nothing is."""
    spent = [get_spent_until(account, label) for label in (Label.LIGHT, Label.MEDIUM)]
    until = max((each for each in spent if each and each > now), default=None)
    if until is not None:
        return _(
            "Zoom takes no more of some calls until %(until)s: a limit per day is used up, and "
            "Zoom is not asked again before. Has the plan changed? Then run the connection check."
        ) % {"until": _shown(until)}
    away = get_away_until(account, *Label, now=now)
    if away is not None:
        return _(
            "The limit was met, or little of a day is left. Imports, nightly checks and reports "
            "wait until %(until)s; hosts start as always."
        ) % {"until": _shown(away)}
    return _("None is met.")


def _shown(moment: datetime) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT")
