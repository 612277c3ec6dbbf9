"""Who may see and start which meeting. The object, or 404 / 403; asked by pages and API alike.

The acting organizations come from the signed-in user's memberships (`portal.tenancy`), so another
organization's meeting is simply not there: 404. Inside the organization, 403.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import Http404
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from meetings import start_queries
from meetings.models import Host, Meeting
from meetings.start_rules import Stage, Way, first_refusal
from portal.audit import record
from portal.compiled import CompiledQuery
from portal.models import AuditEvent, User
from portal.statements import give_up_after
from zoomauth.services import wait_limit


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
    meeting = _or_404(start_queries.AT_THE_DOOR.first(meeting=meeting_id, user=user.pk))
    facts, as_host = meeting.get_facts_of_person(user)
    if as_host is None or first_refusal(facts, Stage.DOOR):
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
            if not _hold(user, meeting, as_host, way):
                raise PermissionDenied
            yield
        except OperationalError as error:
            if not _waited_in_vain(error):
                raise
            # Here, or in a gate behind this one.
            raise GroundsBusy from None


def _hold(user: User, meeting: Meeting, as_host: Host, way: Way) -> bool:
    """Lock what the right to start rests on, waiting for whoever is changing it, and judge that."""
    if way is Way.ON_BEHALF:
        return _hold_on_behalf(user, meeting, as_host)
    return _hold_as_themselves(user, meeting, as_host)


def _hold_as_themselves(user: User, meeting: Meeting, as_host: Host) -> bool:
    # Linked anew meanwhile, it is another Zoom user than the one that Zoom is asked for.
    same: dict[str, UUID | str] = {
        "meeting": meeting.pk,
        "host": as_host.pk,
        "zoom_user_id": as_host.zoom_user_id,
        "user": user.pk,
    }
    if as_host.pk == meeting.host_id:
        found = _lock(start_queries.MEETING_OF_HOST, **same)
        host = found and found.host
    else:
        grant = _lock(start_queries.GRANT_OF_HOST, **same)
        found, host = grant and grant.meeting, grant and grant.host
    return found is not None and first_refusal(found.get_facts_as(host, user), Stage.DOOR) is None


def _hold_on_behalf(user: User, meeting: Meeting, as_host: Host) -> bool:
    if _lock(start_queries.MEMBERSHIP, user=user.pk, organization=meeting.organization_id) is None:
        return False
    found = _lock(
        start_queries.MEETING_ALONE,
        meeting=meeting.pk,
        host=as_host.pk,
        zoom_user_id=as_host.zoom_user_id,
    )
    return found is not None and found.refusal_on_behalf(user) is None


def _waited_in_vain(error: OperationalError) -> bool:
    """Whether somebody else held a row for too long. A database that is down is no such thing."""
    cause = error.__cause__
    return isinstance(cause, (QueryCanceled, LockNotAvailable, DeadlockDetected)) or (
        getattr(cause, "sqlite_errorname", "") == "SQLITE_BUSY"
    )


def _lock(query: CompiledQuery[Any], **values: UUID | str) -> Any:
    """The one row and those that it brings, as they now stay for this transaction.

    None where there is none any more. On SQLite the transaction itself keeps other writers out.
    """
    # A start does not wait for ever for a change that somebody left half done. Nothing is written
    # but locks, and these a crash ends anyway.
    with give_up_after(wait_limit(), is_durable=False):
        return query.first(**values)


def _get_meeting(meeting_id: UUID) -> Meeting:
    """Of all that the acting organizations have."""
    among = Meeting.objects.select_related("host", "organization")
    return _or_404(among.filter(pk=meeting_id).first())


def _or_404(found: Meeting | None) -> Meeting:
    if found is None:
        raise Http404
    return found
