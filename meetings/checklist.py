"""The steps that come after the Zoom account: hosts, and the first started meeting."""

from collections.abc import Iterator
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from meetings.models import Host
from portal.checklist import Step
from portal.models import AuditEvent, Organization

_STARTS = ("meeting.start", "meeting.app_link")


def steps(organization: Organization) -> Iterator[Step]:
    """Is there a host who is somebody, and has a meeting ever been started?"""
    hosts = Host.objects.filter(
        organization=organization, is_active=True, membership__is_active=True
    )
    yield Step(
        name="hosts",
        title=_("Bring in the hosts"),
        meaning=_(
            "A host is a member linked to a Zoom user; only such a member can start. Import the "
            "Zoom users, then link or invite people."
        ),
        done=hosts.exists(),
        url=reverse("admin:meetings_host_matching") + f"?organization={organization.pk}",
        action=_("Zoom users and hosts"),
    )
    started = AuditEvent.objects.filter(
        organization_id=organization.pk, action__in=_STARTS, result=AuditEvent.Result.DONE
    )
    yield Step(
        name="first_start",
        title=_("Start the first meeting"),
        meaning=_(
            "A host signs in, schedules a meeting and presses Start. Only hosts can, so if you are "
            "none, ask one of them."
        ),
        done=started.exists(),
        url=reverse("meetings:list"),
        action=_("Your meetings"),
    )


def linked_zoom_users(account_id: UUID) -> list[tuple[str, str]]:
    """All who are linked to a member and may start by this Zoom account, for its connection check.

    As they were entered, and what to call them.
    """
    hosts = Host.objects.filter(
        organization__zoom_connection__account=account_id,
        organization__is_active=True,
        is_active=True,
        membership__is_active=True,
    )
    rows = hosts.order_by("name", "pk").values_list("zoom_user_id", "name", "email")
    return [(zoom_user_id, f"{name} ({email})") for zoom_user_id, name, email in rows]
