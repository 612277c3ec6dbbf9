"""Starting a meeting: the only place that knows the order of what it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from meetings.access import GroundsBusy, still_startable
from meetings.models import Host, Meeting
from meetings.services.attempts import Recorder, cause_of
from meetings.services.on_behalf import announce_on_behalf
from meetings.start_rules import Stage, Way, first_refusal
from meetings.start_steps import Step
from portal.audit import record
from portal.models import AuditEvent, User
from portal.sealing import SealingError
from zoomauth.errors import ZoomAnswerInvalid, ZoomError, ZoomMeetingNotFound
from zoomauth.services import (
    Gate,
    fetch_keys,
    fetch_start_url,
    is_zoom_link,
)

_HOST_ROLE = 1


@dataclass(frozen=True)
class StartPackage:
    """What the page needs to start as host, once. It leaves by one POST answer and is not kept."""

    meeting_number: int
    user_name: str
    signature: str = field(repr=False)
    passcode: str = field(repr=False)
    zak: str = field(repr=False)

    def as_join_arguments(self) -> dict[str, str]:
        """Under the names that the SDK's `join` accepts; it refuses any other."""
        return {
            "signature": self.signature,
            "meetingNumber": str(self.meeting_number),
            "passWord": self.passcode,
            "userName": self.user_name,
            "zak": self.zak,
        }


def start_meeting(
    *, meeting: Meeting, as_host: Host, user: User, attempt: Recorder
) -> StartPackage:
    """The start package for `as_host`, who must be `user` (see `access`). Raises `ZoomError`.

    `attempt`: of this person and meeting, let in at the door.
    """
    with attempt.watch(), _audited("meeting.start", meeting, as_host, user):
        gate = partial(still_startable, user, meeting, as_host)
        return _make_package(meeting, as_host, gate, attempt, name=as_host.name)


def start_as_host(*, meeting: Meeting, user: User, reason: str, attempt: Recorder) -> StartPackage:
    """The start package for the meeting's host, for an admin who may (see `access`).

    That it is about to happen, by whom and why, is written down and due to be mailed to the host
    before Zoom is asked for anything. In the meeting the name says who it really is. Raises
    `ZoomError`.
    """
    host = meeting.host
    with attempt.watch():
        announce_on_behalf(meeting=meeting, user=user, reason=reason)
        with _audited("meeting.start", meeting, host, user, on_behalf=True):
            gate = partial(still_startable, user, meeting, host, Way.ON_BEHALF)
            name = _("%(admin)s for %(host)s") % {"admin": user, "host": host.name}
            return _make_package(meeting, host, gate, attempt, name=name)


def get_app_link(*, meeting: Meeting, as_host: Host, user: User, attempt: Recorder) -> str:
    """Where the Zoom app starts the meeting. Raises `ZoomError`.

    Zoom's start link acts as the meeting's host, so an alternative host does not get it: they get
    the meeting's own link, which starts the meeting for them once they are signed in to the app.
    """
    with attempt.watch(), _audited("meeting.app_link", meeting, as_host, user):
        gate = partial(still_startable, user, meeting, as_host)
        return _make_app_link(meeting, as_host, gate, attempt)


@contextmanager
def _audited(
    action: str, meeting: Meeting, as_host: Host, user: User, *, on_behalf: bool = False
) -> Iterator[None]:
    """One audit row, committed before what was made inside leaves: without the row, no ZAK."""
    try:
        yield
    except PermissionDenied:
        # Taken away since they were let in: while a token was fetched, say.
        record(
            action,
            organization=meeting.organization,
            actor=user,
            target=meeting,
            result=AuditEvent.Result.DENIED,
        )
        raise
    except (ZoomError, SealingError, GroundsBusy) as error:
        _record_failure(action, meeting, user, error)
        raise
    record(
        action,
        organization=meeting.organization,
        actor=user,
        target=meeting,
        zoom_user_id=as_host.zoom_user_id,
        as_alternative=as_host.pk != meeting.host_id,
        on_behalf=on_behalf,
    )


def _make_package(
    meeting: Meeting, as_host: Host, gate: Gate, attempt: Recorder, *, name: str
) -> StartPackage:
    number = _number_of(meeting)
    keys = fetch_keys(
        organization=meeting.organization,
        zoom_user_id=as_host.zoom_user_id,
        meeting_number=number,
        role=_HOST_ROLE,
        gate=attempt.behind(gate),
        before_mint=attempt.before_mint,
        on_answer=attempt.hear,
        deadline=attempt.deadline,
    )
    attempt.reach(Step.ZAK)
    return StartPackage(
        zak=keys.zak,
        signature=keys.signature,
        meeting_number=number,
        passcode=meeting.passcode,
        user_name=name,
    )


def _make_app_link(meeting: Meeting, as_host: Host, gate: Gate, attempt: Recorder) -> str:
    number = _number_of(meeting)
    if as_host.pk == meeting.host_id:
        link = fetch_start_url(
            organization=meeting.organization,
            meeting_number=number,
            zoom_user_id=as_host.zoom_user_id,
            gate=attempt.behind(gate),
            before_mint=attempt.before_mint,
            on_answer=attempt.hear,
            deadline=attempt.deadline,
        )
        attempt.reach(Step.ZAK)
        return link
    if not is_zoom_link(meeting.join_url):
        raise ZoomAnswerInvalid(call="meetings.create")
    return str(meeting.join_url)


def _number_of(meeting: Meeting) -> int:
    """Its number at Zoom, unless a rule of the start itself says no: Zoom never confirmed it."""
    if first_refusal(meeting.get_own_facts(), Stage.START):
        raise ZoomMeetingNotFound(call="meetings.create")
    return int(meeting.meeting_number or 0)


def _record_failure(
    action: str, meeting: Meeting, user: User, error: ZoomError | SealingError | GroundsBusy
) -> None:
    record(
        action,
        organization=meeting.organization,
        actor=user,
        target=meeting,
        result=AuditEvent.Result.FAILED,
        cause=cause_of(error),
        zoom_code=str(getattr(error, "code", None) or ""),
        tracking_id=getattr(error, "tracking_id", ""),
    )
