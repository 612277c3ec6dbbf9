"""Scheduling a meeting: the row first, then Zoom, then what Zoom answered."""

import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import (
    AlternativeHost,
    Host,
    Meeting,
    MeetingSettings,
    get_meeting_defaults,
)
from portal.audit import record
from portal.models import AuditEvent, User
from zoomauth.errors import ZoomAnswerInvalid, ZoomError, ZoomUnavailable
from zoomauth.services import (
    Deadline,
    MeetingDraft,
    ZoomMeeting,
    create_meeting,
    delete_meeting,
    hold_place,
    is_zoom_link,
    page_deadline,
)

# Zoom API reference, Create a meeting: at most ten characters, letters, digits and @ - _ *.
PASSCODE_RULE = RegexValidator(
    r"^[A-Za-z0-9@\-_*]{1,10}\Z", _("Use up to 10 letters, digits or the characters @ - _ *.")
)
_FURTHEST = timedelta(days=20 * 365)
_POLL_SECONDS = 0.1


def validate_start(starts_at: datetime) -> None:
    """Raise `ValidationError` unless a meeting can be scheduled for this time."""
    now = timezone.now()
    if starts_at <= now:
        raise ValidationError(_("This time has passed. Choose a later one."))
    if starts_at > now + _FURTHEST:
        raise ValidationError(_("This is more than twenty years away. Choose an earlier time."))


@dataclass(frozen=True)
class Plan:
    """A meeting as somebody wants it. An empty passcode lets Zoom make one."""

    host: Host
    topic: str
    starts_at: datetime
    duration_minutes: int
    passcode: str = field(default="", repr=False)
    alternative_hosts: Sequence[Host] = ()
    # What these say nothing about is as the organization has it.
    settings: MeetingSettings = field(default_factory=MeetingSettings)


def schedule_meeting(*, plan: Plan, user: User, key: UUID) -> Meeting:
    """Create the meeting at Zoom and here. Raises `ZoomError`, and `PermissionDenied` when this
    person may not schedule for this host.

    `key` names the intention: two clicks on one form are one meeting, and the second waits for what
    the first is making. Zoom has no such key, so the row that claims it is committed before Zoom is
    asked. Where Zoom may have made the meeting without our knowing (`outcome_unknown`), the row
    stays, unconfirmed, and with it the key: a create is never repeated blindly.
    """
    deadline = page_deadline()
    _refuse_unless_schedulable(plan.host, user)
    draft = _draft_of(plan)
    meeting = _new_row(plan, user, key)
    try:
        with transaction.atomic():
            meeting.save(force_insert=True)
    except IntegrityError:
        with hold_place(meeting.organization):
            return _wait_for_first_click(meeting.pk)
    try:
        made = _create(meeting, plan, draft, deadline)
        is_there = _confirm(meeting, made, plan)
    except ZoomError as error:
        if not error.outcome_unknown:
            meeting.delete()
        _record_failure(plan, user, error)
        raise
    if not is_there:
        raise _take_back(meeting, made, user, deadline)
    record("meeting.scheduled", organization=meeting.organization, actor=user, target=meeting)
    return meeting


def _refuse_unless_schedulable(host: Host, user: User) -> None:
    """The forms offer the same hosts; here it holds for every door, and for a policy that changed
    while a form was open.
    """
    if not Host.objects.schedulable_by(user).filter(pk=host.pk).exists():
        record(
            "meeting.scheduled",
            organization=host.organization,
            actor=user,
            target=host,
            result=AuditEvent.Result.DENIED,
        )
        raise PermissionDenied


def discard_meeting(*, meeting: Meeting, user: User) -> bool:
    """Take a meeting that Zoom never confirmed off the list; False when Zoom has confirmed it.

    Raises `ValidationError` while the call that makes it may still be under way.
    """
    if not meeting.is_scheduled and _may_be_under_way(meeting):
        raise ValidationError(
            _("Zoom may still be making this meeting. Try again in a few seconds.")
        )
    unconfirmed = Meeting.objects.filter(pk=meeting.pk, meeting_number=None)
    if not unconfirmed.delete()[0]:
        return False
    record("meeting.discarded", organization=meeting.organization, actor=user, target=meeting)
    return True


def _may_be_under_way(meeting: Meeting) -> bool:
    return timezone.now() <= meeting.created_at + timedelta(seconds=settings.ZOOM_DEADLINE)


def _new_row(plan: Plan, user: User, key: UUID) -> Meeting:
    return Meeting(
        pk=_make_id(plan, user, key),
        organization=plan.host.organization,
        host=plan.host,
        topic=plan.topic,
        starts_at=plan.starts_at,
        ends_at=plan.starts_at + timedelta(minutes=plan.duration_minutes),
        time_zone=timezone.get_current_timezone_name(),
        created_by=user,
    )


def _make_id(plan: Plan, user: User, key: UUID) -> UUID:
    """Of this person, their key, and all that they asked for: nobody's key meets another's row, and
    a form in which anything was changed before it was sent again is another meeting.
    """
    wanted = (
        key,
        plan.host.pk,
        plan.topic,
        plan.starts_at,
        plan.duration_minutes,
        plan.settings,
        sorted(str(host.pk) for host in plan.alternative_hosts),
        # Hashed with the key, which is stored nowhere: the id is no way to guess the passcode.
        hashlib.sha256(f"{key} {plan.passcode}".encode()).hexdigest(),
    )
    return uuid.uuid5(user.pk, " ".join(map(str, wanted)))


def _draft_of(plan: Plan) -> MeetingDraft:
    told = plan.settings.over(get_meeting_defaults(plan.host.organization).settings)
    return MeetingDraft(
        topic=plan.topic,
        starts_at=plan.starts_at,
        duration_minutes=plan.duration_minutes,
        timezone=timezone.get_current_timezone_name(),
        passcode=plan.passcode,
        alternative_hosts=tuple(host.zoom_user_id for host in plan.alternative_hosts),
        join_before_host=told.join_before_host,
        waiting_room=told.waiting_room,
        mute_upon_entry=told.mute_on_entry,
    )


def _wait_for_first_click(key: UUID) -> Meeting:
    """What the first click made; unconfirmed once no call for it can still be under way."""
    while True:
        earlier: Meeting | None = Meeting.objects.filter(pk=key).first()
        if earlier is None:
            # The first click failed, and has taken its row away.
            raise ZoomUnavailable(call="meetings.create")
        if earlier.is_scheduled or not _may_be_under_way(earlier):
            return earlier
        time.sleep(_POLL_SECONDS)


def _create(meeting: Meeting, plan: Plan, draft: MeetingDraft, deadline: Deadline) -> ZoomMeeting:
    made = create_meeting(
        organization=meeting.organization,
        zoom_user_id=plan.host.zoom_user_id,
        draft=draft,
        deadline=deadline,
    )
    if not is_zoom_link(made.join_url):
        raise _made_but_unusable()
    return made


def _confirm(meeting: Meeting, made: ZoomMeeting, plan: Plan) -> bool:
    """Write what Zoom made; False when the row was taken off the list meanwhile."""
    meeting.meeting_number = made.meeting_number
    meeting.passcode = made.passcode
    meeting.join_url = made.join_url
    try:
        with transaction.atomic():
            # Held, so that it is not taken away between this look and the write.
            held = Meeting.objects.select_for_update(of=("self",)).filter(pk=meeting.pk)
            if not held.values_list("pk").first():
                return False
            meeting.save(update_fields=["meeting_number", "passcode", "join_url"])
            AlternativeHost.objects.bulk_create(
                AlternativeHost(organization=meeting.organization, meeting=meeting, host=host)
                for host in plan.alternative_hosts
            )
    except IntegrityError as error:
        # A number that this organization already has: not what Zoom documents.
        raise _made_but_unusable() from error
    return True


def _take_back(meeting: Meeting, made: ZoomMeeting, user: User, deadline: Deadline) -> ZoomError:
    """Delete at Zoom what nobody here has a row of any more, and the failure to tell of it."""
    failure = _made_but_unusable()
    try:
        delete_meeting(
            organization=meeting.organization,
            meeting_number=made.meeting_number,
            deadline=deadline,
        )
    except ZoomError as error:
        is_left = True
        failure.user_message = _(
            "The meeting was taken off the list while Zoom was making it, and Zoom did not delete "
            "it again. Delete it in Zoom."
        )
        failure.tracking_id = error.tracking_id
    else:
        is_left = False
        failure.outcome_unknown = False
        failure.user_message = _(
            "The meeting was taken off the list while Zoom was making it, so it was deleted in "
            "Zoom again."
        )
    record(
        "meeting.scheduled",
        organization=meeting.organization,
        actor=user,
        target=meeting.host,
        result=AuditEvent.Result.FAILED,
        cause="discarded_meanwhile",
        meeting_number=made.meeting_number,
        left_at_zoom=is_left,
        tracking_id=failure.tracking_id,
    )
    return failure


def _made_but_unusable() -> ZoomAnswerInvalid:
    return ZoomAnswerInvalid(call="meetings.create", outcome_unknown=True, repeatable=False)


def _record_failure(plan: Plan, user: User, error: ZoomError) -> None:
    record(
        "meeting.scheduled",
        organization=plan.host.organization,
        actor=user,
        target=plan.host,
        result=AuditEvent.Result.FAILED,
        cause=error.slug,
        tracking_id=error.tracking_id,
    )
