"""Who may see and start which meeting. The object, or 404 / 403; asked by pages and API alike.

The acting organizations come from the signed-in user's memberships (`portal.tenancy`), so another
organization's meeting is simply not there: 404. Inside the organization, 403.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import Http404
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from meetings.models import AlternativeHost, Host, Meeting
from meetings.start_rules import Way
from portal.audit import record
from portal.models import AuditEvent, Membership, Organization, User


class GroundsBusy(Exception):
    """Somebody is changing what the right to start rests on, and is not done in time."""


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


def get_startable_on_behalf(user: User, meeting_id: UUID) -> Meeting:
    """The meeting, for an admin who starts it as its host: where the organization lets them.

    A refusal is audited.
    """
    meeting = _get_meeting(meeting_id)
    refusal = meeting.refusal_on_behalf(user)
    if refusal is not None:
        record(
            "start.on_behalf",
            organization=meeting.organization,
            actor=user,
            target=meeting,
            result=AuditEvent.Result.DENIED,
            rule=refusal.name,
        )
        raise PermissionDenied
    return meeting


@contextmanager
def still_startable(
    user: User, meeting: Meeting, as_host: Host, way: Way = Way.SELF
) -> Iterator[None]:
    """Inside, nobody can take away what lets this person start this meeting as this host.

    Raises `PermissionDenied` when it has been taken away, `GroundsBusy` when somebody is about to.
    To be held only while the request to Zoom is being sent: whoever revokes waits for it, and no
    request leaves once they have committed.
    """
    with ExitStack() as held:
        try:
            held.enter_context(transaction.atomic())
            _lock_grounds(user, meeting, as_host)
        except OperationalError as error:
            if not _waited_in_vain(error):
                raise
            raise GroundsBusy from None
        # Read anew, so that the rules speak of what is there now.
        found = Meeting.objects.select_related("host", "organization").filter(pk=meeting.pk).first()
        if found is None or not _still(found, user, as_host, way):
            raise PermissionDenied
        yield


def _still(meeting: Meeting, user: User, as_host: Host, way: Way) -> bool:
    if way is Way.ON_BEHALF:
        host = None if meeting.refusal_on_behalf(user) else meeting.host
    else:
        host = meeting.get_starting_host(user)
    # Linked anew meanwhile, it is another Zoom user than the one that Zoom is asked for.
    return host == as_host and host.zoom_user_id == as_host.zoom_user_id


def _waited_in_vain(error: OperationalError) -> bool:
    """Whether somebody else held a row for too long. A database that is down is no such thing."""
    cause = error.__cause__
    return isinstance(cause, (QueryCanceled, LockNotAvailable, DeadlockDetected)) or (
        getattr(cause, "sqlite_errorname", "") == "SQLITE_BUSY"
    )


# Shared, so that starts do not wait for each other. The organization comes first, as it does where
# memberships are changed: in another order the two could wait for each other.
_GROUNDS = """
SELECT 1 FROM {organization} o
JOIN {membership} m ON m.organization_id = o.id AND m.user_id = %(user)s
JOIN {user} u ON u.id = m.user_id
JOIN {host} h ON h.organization_id = o.id AND h.id = %(host)s
JOIN {meeting} t ON t.organization_id = o.id AND t.id = %(meeting)s
""".format(
    **{
        str(model._meta.model_name): model._meta.db_table
        for model in (Organization, Membership, User, Host, Meeting)
    }
)
_GRANT = f"JOIN {AlternativeHost._meta.db_table} a ON a.meeting_id = t.id AND a.host_id = h.id\n"


def _lock_grounds(user: User, meeting: Meeting, as_host: Host) -> None:
    """Hold the rows that the right to start rests on, waiting for whoever is changing them."""
    if not connection.features.has_select_for_update:
        # SQLite: the transaction itself keeps other writers out (`transaction_mode`).
        return
    grounds, rows = _GROUNDS, "o, m, u, h, t"
    if as_host.pk != meeting.host_id:
        grounds, rows = grounds + _GRANT, f"{rows}, a"
    with connection.cursor() as cursor:
        # A start does not wait for ever for a change that somebody left half done. Not
        # `lock_timeout`: that is counted anew for each row.
        cursor.execute("SET LOCAL statement_timeout = '3s'")
        keys = {"user": user.pk, "host": as_host.pk, "meeting": meeting.pk}
        cursor.execute(f"{grounds}FOR SHARE OF {rows}", keys)


def _get_meeting(meeting_id: UUID) -> Meeting:
    found: Meeting | None = (
        Meeting.objects.select_related("host", "organization").filter(pk=meeting_id).first()
    )
    if found is None:
        raise Http404
    return found
