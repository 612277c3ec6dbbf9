"""How much is left of what Zoom lets a host schedule and change in a day, in words."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from meetings.models import Host
from portal.models import Organization
from zoomauth.services import MOST_A_DAY, NEAR, get_writes_of_day


def describe_writes(host: Host) -> str:
    """The count of today, for an admin."""
    count = get_writes_of_day(host.organization, [host.zoom_user_id])[host.zoom_user_id]
    return _("%(count)s of %(most)s today (UTC)") % {"count": count, "most": MOST_A_DAY}


def warn_of_writes(hosts: Iterable[Host]) -> list[str]:
    """A sentence for each host whose day is nearly used up. Two queries for each organization."""
    of_organization: dict[Organization, list[Host]] = {}
    for host in hosts:
        of_organization.setdefault(host.organization, []).append(host)
    return [
        _warning(host, count)
        for organization, some in of_organization.items()
        for host, count in _counts(organization, some)
        if count >= NEAR
    ]


def _counts(organization: Organization, hosts: list[Host]) -> list[tuple[Host, int]]:
    counts = get_writes_of_day(organization, [host.zoom_user_id for host in hosts])
    return [(host, counts[host.zoom_user_id]) for host in hosts]


def _warning(host: Host, count: int) -> str:
    text = _(
        "%(host)s: %(count)s of %(most)s today. So often Zoom lets a host create or change a "
        "meeting in a day; it counts anew from 00:00 UTC."
    )
    if count >= MOST_A_DAY:
        text = _(
            "%(host)s: %(most)s meetings were created or changed today, and Zoom takes no more "
            "in a day. It counts anew from 00:00 UTC."
        )
    return text % {"host": host.name, "count": count, "most": MOST_A_DAY}
