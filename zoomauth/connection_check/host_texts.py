"""The row about the hosts in words: one sentence for each thing that is the matter, with names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

_MOST_SHOWN = 10

# By `zoomauth.zoom_users.Fitness`: what it means, and what to do.
_PROBLEMS: dict[str, tuple[Promise, Promise]] = {
    "gone": (
        _("Not in this Zoom account: {names}."),
        _("Link {names} to Zoom users that are, or add the users in Zoom."),
    ),
    "inactive": (
        _("Deactivated at Zoom: {names}."),
        _("Activate {names} in Zoom's user management."),
    ),
    "pending": (
        _("Invited by Zoom, which was not accepted: {names}."),
        _("Zoom's invitation has to be accepted by {names}."),
    ),
    "unlicensed": (
        _("Without meetings at Zoom: {names}."),
        _("Give {names} a license with meetings in Zoom's user management."),
    ),
    "basic": (
        _(
            "Without a license, so that meetings end after 40 minutes and that they cannot be "
            "alternative hosts: {names}."
        ),
        _("Give {names} a license in Zoom's user management."),
    ),
}


def hosts_meaning(facts: Mapping[str, Any]) -> str:
    """Who is meant, and how many were not looked at."""
    said = [_with_names(_PROBLEMS[name][0], who) for name, who in _problems(facts)]
    total, unseen = facts["hosts"], facts["unseen"]
    if not said and not unseen:
        said.append(
            ngettext(
                "The one host is active at Zoom and has a license.",
                "All %(total)s hosts are active at Zoom and have a license.",
                total,
            )
            % {"total": total}
        )
    if unseen:
        said.append(
            ngettext(
                "Of %(total)s host, %(unseen)s could not be looked at.",
                "Of %(total)s hosts, %(unseen)s could not be looked at.",
                total,
            )
            % {"total": total, "unseen": unseen}
        )
    if "as_of" in facts:
        when = date_format(localtime(datetime.fromisoformat(facts["as_of"])), "DATETIME_FORMAT")
        said.append(
            gettext(
                "There are too many to ask for each: some are as the import of %(when)s saw them."
            )
            % {"when": when}
        )
    return " ".join(said)


def hosts_fix(facts: Mapping[str, Any]) -> str:
    """What to do for each of those who have a problem."""
    fixes = [_with_names(_PROBLEMS[name][1], who) for name, who in _problems(facts)]
    if not fixes and facts["unseen"]:
        fixes.append(gettext("Check again later, or import the Zoom users."))
    return " ".join(fixes)


def _problems(facts: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    problems = facts["problems"]
    return [(name, problems[name]) for name in _PROBLEMS if name in problems]


def _with_names(text: Promise, who: Mapping[str, Any]) -> str:
    names = ", ".join(who["names"][:_MOST_SHOWN])
    more = who["count"] - min(len(who["names"]), _MOST_SHOWN)
    if more:
        names = ngettext("%(names)s and %(more)s other", "%(names)s and %(more)s others", more) % {
            "names": names,
            "more": more,
        }
    # By replacing: a name may have braces in it.
    return str(text).replace("{names}", names)
