"""Who may see and start which meeting. The object, or 404 / 403; asked by pages and API alike.

The acting organizations come from the signed-in user's memberships (`portal.tenancy`), so another
organization's meeting is simply not there: 404. Inside the organization, 403.
"""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404

from meetings.models import Host, Meeting
from portal.audit import record
from portal.models import AuditEvent, User


def get_visible_meeting(user: User, meeting_id: UUID) -> Meeting:
    """The meeting, for those it concerns: its hosts and those who schedule for them."""
    meeting = _get_meeting(meeting_id)
    if not Meeting.objects.visible_to(user).filter(pk=meeting.pk).exists():
        raise PermissionDenied
    return meeting


def get_startable_meeting(user: User, meeting_id: UUID) -> tuple[Meeting, Host]:
    """The meeting and as whom this person starts it: its host or an alternative host, themselves.

    Nobody else may: not an admin, not a scheduler, not the operator. A refusal is audited.
    """
    meeting = _get_meeting(meeting_id)
    as_host = meeting.get_starting_host(user)
    if as_host is None:
        record(
            "meeting.start",
            organization=meeting.organization,
            actor=user,
            target=meeting,
            result=AuditEvent.Result.DENIED,
        )
        raise PermissionDenied
    return meeting, as_host


def _get_meeting(meeting_id: UUID) -> Meeting:
    found: Meeting | None = (
        Meeting.objects.select_related("host", "organization").filter(pk=meeting_id).first()
    )
    if found is None:
        raise Http404
    return found
