"""Scheduling a meeting: the row first, then Zoom, then what Zoom answered."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from meetings.models import AlternativeHost, Host, Meeting
from portal.audit import record
from portal.models import AuditEvent, User
from zoomauth.errors import ZoomAnswerInvalid, ZoomError
from zoomauth.services import MeetingDraft, ZoomMeeting, create_meeting, is_zoom_link


@dataclass(frozen=True)
class Plan:
    """A meeting as somebody wants it. An empty passcode lets Zoom make one."""

    host: Host
    topic: str
    starts_at: datetime
    duration_minutes: int
    passcode: str = field(default="", repr=False)
    alternative_hosts: Sequence[Host] = ()


def schedule_meeting(*, plan: Plan, user: User, key: UUID) -> Meeting:
    """Create the meeting at Zoom and here. Raises `ZoomError`; then nothing is kept here.

    `key` names the intention: two clicks on one form are one meeting, and the second gets what the
    first is making. Zoom has no such key, so the row that claims it is committed before Zoom is
    asked, and a create is never repeated.
    """
    meeting = _new_row(plan, user, key)
    try:
        with transaction.atomic():
            meeting.save(force_insert=True)
    except IntegrityError:
        earlier: Meeting | None = Meeting.objects.filter(pk=meeting.pk).first()
        if earlier is None:
            raise
        return earlier
    try:
        made = create_meeting(
            organization=meeting.organization,
            zoom_user_id=plan.host.zoom_user_id,
            draft=_draft_of(plan),
        )
        _confirm(meeting, made, plan)
    except ZoomError as error:
        meeting.delete()
        _record_failure(plan, user, error)
        raise
    record("meeting.scheduled", organization=meeting.organization, actor=user, target=meeting)
    return meeting


def _new_row(plan: Plan, user: User, key: UUID) -> Meeting:
    return Meeting(
        # Of this person and their key, so that nobody's key can meet another's row.
        pk=uuid.uuid5(user.pk, str(key)),
        organization=plan.host.organization,
        host=plan.host,
        topic=plan.topic,
        starts_at=plan.starts_at,
        ends_at=plan.starts_at + timedelta(minutes=plan.duration_minutes),
        time_zone=timezone.get_current_timezone_name(),
        created_by=user,
    )


def _draft_of(plan: Plan) -> MeetingDraft:
    return MeetingDraft(
        topic=plan.topic,
        starts_at=plan.starts_at,
        duration_minutes=plan.duration_minutes,
        timezone=timezone.get_current_timezone_name(),
        passcode=plan.passcode,
        alternative_hosts=tuple(host.email for host in plan.alternative_hosts),
    )


def _confirm(meeting: Meeting, made: ZoomMeeting, plan: Plan) -> None:
    if not is_zoom_link(made.join_url):
        raise ZoomAnswerInvalid(call="meetings.create")
    meeting.meeting_number = made.meeting_number
    meeting.passcode = made.passcode
    meeting.join_url = made.join_url
    try:
        with transaction.atomic():
            meeting.save(update_fields=["meeting_number", "passcode", "join_url"])
            AlternativeHost.objects.bulk_create(
                AlternativeHost(organization=meeting.organization, meeting=meeting, host=host)
                for host in plan.alternative_hosts
            )
    except IntegrityError as error:
        # A number that this organization already has: not what Zoom documents.
        raise ZoomAnswerInvalid(call="meetings.create") from error


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
