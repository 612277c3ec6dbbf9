"""What Zoom tells apps of, built from the sandbox's state.

Source: Zoom, Webhooks reference, meeting and user events. The object's ``id`` is a number in
``meeting.created``, ``updated`` and ``deleted``, a string in ``started``, ``ended`` and
``participant_*``.
"""

from typing import Any

from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import Attendance, Meeting, Recording, Run
from zoomsandbox.state.world import World


def meeting_created(world: World, meeting: Meeting) -> None:
    _tell(world, meeting.account_id, "meeting.created", {"id": meeting.number})


def meeting_updated(world: World, meeting: Meeting, old: dict[str, Any]) -> None:
    """``old`` holds the earlier values of the fields that changed."""
    _tell(world, meeting.account_id, "meeting.updated", {"id": meeting.number})


def meeting_deleted(world: World, meeting: Meeting, occurrence_ids: tuple[str, ...] = ()) -> None:
    """The whole meeting, or only these dates of it."""
    _tell(world, meeting.account_id, "meeting.deleted", {"id": meeting.number})


def meeting_started(world: World, run: Run) -> None:
    _tell(world, run.account_id, "meeting.started", {"id": str(run.number)})


def meeting_ended(world: World, run: Run) -> None:
    _tell(world, run.account_id, "meeting.ended", {"id": str(run.number)})


def participant_joined(world: World, run: Run, stay: Attendance) -> None:
    _tell(world, run.account_id, "meeting.participant_joined", {"id": str(run.number)})


def participant_left(world: World, run: Run, stay: Attendance) -> None:
    _tell(world, run.account_id, "meeting.participant_left", {"id": str(run.number)})


def recording_completed(world: World, recording: Recording) -> None:
    _tell(world, recording.account_id, "recording.completed", {"id": recording.number})


def user_created(world: World, account: Account, user: User, action: str) -> None:
    _tell(world, account.account_id, "user.created", {"id": user.id})


def user_updated(world: World, account: Account, user: User, old: dict[str, Any]) -> None:
    """``old`` holds the earlier values of the fields that changed."""
    _tell(world, account.account_id, "user.updated", {"id": user.id})


def user_activated(world: World, account: Account, user: User) -> None:
    _tell(world, account.account_id, "user.activated", {"id": user.id})


def user_deactivated(world: World, account: Account, user: User) -> None:
    _tell(world, account.account_id, "user.deactivated", {"id": user.id})


def user_deleted(world: World, account: Account, user: User) -> None:
    _tell(world, account.account_id, "user.deleted", {"id": user.id})


def _tell(world: World, account_id: str, name: str, content: dict[str, Any]) -> None:
    world.events.append({"event": name, "account_id": account_id, "object": content})
