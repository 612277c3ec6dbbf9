"""What Zoom tells apps of, built from the sandbox's state: one function per happening.

Source: Zoom, Webhooks reference, meeting, recording and user events. The object's ``id`` is a
number in ``meeting.created``, ``updated`` and ``deleted``, a string in ``started``, ``ended`` and
``participant_*``. Where the reference has an operator, it is the account's owner, whom a
server-to-server app acts as, or without one the user it is about: a guess.
"""

import json
import secrets
import uuid
from typing import Any

from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import Attendance, Meeting, Recording, Run
from zoomsandbox.state.times import write_time
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import payloads
from zoomsandbox.webhooks.sender import tell

# Zoom's own wording, as seen in deliveries.
LEFT = "left the meeting. Reason : left the meeting"
SENT_OUT = "left the meeting. Reason : Host ended the meeting."
# In-meeting ids as seen: the first of a run and the distance to the next.
FIRST_USER_ID, USER_ID_STEP = 16_778_240, 1_024


def emit(
    world: World,
    account_id: str,
    name: str,
    payload: dict[str, Any],
    *,
    event_ts: int | None = None,
    **beside: Any,
) -> dict[str, Any]:
    """Tell of anything: the body of the event, which has happened now unless ``event_ts`` says.

    ``event_ts`` is in milliseconds. What is given ``beside`` stands next to the payload.
    """
    body = {
        "event": name,
        "event_ts": int(world.now() * 1000) if event_ts is None else event_ts,
        # A copy: what the meeting becomes later does not change what was told.
        "payload": json.loads(json.dumps({**payload, "account_id": account_id})),
        **beside,
    }
    tell(world, body)
    return body


# --- Meetings ---------------------------------------------------------------------------------


def meeting_created(world: World, meeting: Meeting) -> None:
    payload = {
        **_get_operator(world, meeting.account_id, meeting.host_id),
        "operation": "all",
        "object": payloads.make_new_meeting(world.public_url, meeting),
    }
    emit(world, meeting.account_id, "meeting.created", payload)


def meeting_updated(
    world: World, meeting: Meeting, old: dict[str, Any], occurrence_id: str = ""
) -> None:
    """``old`` holds the earlier values of the fields that changed, of one date if it is named."""
    if occurrence_id:
        before, after = payloads.make_change_of_date(meeting, old, occurrence_id)
    else:
        before, after = payloads.make_change(meeting, old)
    moment = int(world.now() * 1000)
    payload = {
        **_get_operator(world, meeting.account_id, meeting.host_id),
        "scope": "single" if occurrence_id else "all",
        "object": after,
        "time_stamp": moment,
        "old_object": before,
    }
    emit(world, meeting.account_id, "meeting.updated", payload, event_ts=moment)


def meeting_deleted(world: World, meeting: Meeting, occurrence_ids: tuple[str, ...] = ()) -> None:
    """The whole meeting, or only these dates of it."""
    payload = {
        **_get_operator(world, meeting.account_id, meeting.host_id),
        "operation": "single" if occurrence_ids else "all",
        "object": payloads.make_old_meeting(meeting, occurrence_ids),
    }
    emit(world, meeting.account_id, "meeting.deleted", payload)


def registration_changed(
    world: World, meeting: Meeting, registrant: dict[str, Any], change: str
) -> None:
    """``created``, ``approved``, ``denied`` or ``cancelled``; only the first has no operator."""
    operator = _get_operator(world, meeting.account_id, meeting.host_id)
    payload = {
        **({} if change == "created" else operator),
        "object": payloads.make_registration(world.public_url, meeting, registrant, change),
    }
    emit(world, meeting.account_id, f"meeting.registration_{change}", payload)


def meeting_started(world: World, run: Run) -> None:
    payload = {"object": payloads.make_run(run, world.meetings.get(run.number))}
    emit(world, run.account_id, "meeting.started", payload)


def meeting_ended(world: World, run: Run) -> None:
    about = payloads.make_run(run, world.meetings.get(run.number))
    end = run.ended_at if run.ended_at is not None else world.now()
    payload = {"object": {**about, "end_time": write_time(end)}}
    emit(world, run.account_id, "meeting.ended", payload)


def participant_joined(world: World, run: Run, stay: Attendance) -> None:
    person = {**_make_participant(world, run, stay), "join_time": write_time(stay.joined_at)}
    _tell_of_person(world, run, "meeting.participant_joined", person)


def participant_left(world: World, run: Run, stay: Attendance) -> None:
    """Whoever is still there when the run is closed was sent out by its end."""
    room = world.rooms.get(run.number)
    was_closed = room is None or room.run is not run
    end = stay.left_at if stay.left_at is not None else world.now()
    person = {
        **_make_participant(world, run, stay),
        "leave_time": write_time(end),
        "leave_reason": SENT_OUT if was_closed else LEFT,
    }
    _tell_of_person(world, run, "meeting.participant_left", person)


def _tell_of_person(world: World, run: Run, name: str, person: dict[str, Any]) -> None:
    about = payloads.make_run(run, world.meetings.get(run.number))
    emit(world, run.account_id, name, {"object": {**about, "participant": person}})


def _make_participant(world: World, run: Run, stay: Attendance) -> dict[str, Any]:
    """``id`` is the Zoom user's, empty for guests; ``user_id`` is that of the stay in this run."""
    account = world.accounts.get(run.account_id)
    user = account.users.get(stay.user_id) if account and stay.user_id else None
    place = next((n for n, one in enumerate(run.attendance) if one.id == stay.id), 0)
    about = {
        "user_id": str(FIRST_USER_ID + USER_ID_STEP * place),
        "user_name": stay.name,
        "id": stay.user_id,
        "participant_uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, stay.id)).upper(),
        "email": stay.email or (user.email if user else ""),
        "registrant_id": stay.registrant_id,
        "participant_user_id": stay.user_id,
    }
    return about | ({"customer_key": stay.customer_key} if stay.customer_key else {})


def recording_completed(world: World, recording: Recording) -> None:
    """The ``download_token`` beside the payload opens nothing here."""
    account = world.accounts.get(recording.account_id)
    host = account.users.get(recording.host_id) if account else None
    payload = {"object": payloads.make_recording(world.public_url, recording, host)}
    token = secrets.token_urlsafe(32)
    emit(world, recording.account_id, "recording.completed", payload, download_token=token)


# --- Users ------------------------------------------------------------------------------------


def user_created(world: World, account: Account, user: User, action: str) -> None:
    """``action`` is that of the call: create, autoCreate, custCreate or ssoCreate."""
    about = {**payloads.make_user(user), "display_name": user.display_name}
    _tell_of_user(world, account, user, "user.created", about, creation_type=action)


def user_updated(world: World, account: Account, user: User, old: dict[str, Any]) -> None:
    """``old`` holds the earlier values of what changed; settings have an event of their own."""
    profile = {name: value for name, value in old.items() if name != "settings"}
    before, after = payloads.make_user_change(user, profile)
    if after:
        _tell_of_user_change(world, account, user, "user.updated", before, after)
    if "settings" in old:
        before, after = {"settings": old["settings"]}, {"settings": user.settings}
        _tell_of_user_change(world, account, user, "user.settings_updated", before, after)


def _tell_of_user_change(
    world: World,
    account: Account,
    user: User,
    name: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    about = {"id": user.id, **after}
    _tell_of_user(world, account, user, name, about, old_object={"id": user.id, **before})


def user_signed_out(world: World, account: Account, user: User, operation: str) -> None:
    """From all devices, or by a new password: an update of which only the operation is told."""
    _tell_of_user(world, account, user, "user.updated", {"id": user.id}, operation=operation)


def user_activated(world: World, account: Account, user: User) -> None:
    _tell_of_user(world, account, user, "user.activated", payloads.make_user(user))


def user_deactivated(world: World, account: Account, user: User) -> None:
    _tell_of_user(world, account, user, "user.deactivated", payloads.make_user(user))


def user_deleted(world: World, account: Account, user: User) -> None:
    _tell_of_user(world, account, user, "user.deleted", payloads.make_user(user))


def user_disassociated(world: World, account: Account, user: User) -> None:
    """Unlinked from the account, whose user it was."""
    _tell_of_user(world, account, user, "user.disassociated", payloads.make_user(user))


def _tell_of_user(
    world: World, account: Account, user: User, name: str, about: dict[str, Any], **beside: Any
) -> None:
    operator = account.find_owner() or user
    moment = int(world.now() * 1000)
    if name.endswith("updated"):
        beside["time_stamp"] = moment
    payload = {
        "operator": operator.email,
        "operator_id": operator.id,
        **beside,
        "object": about,
    }
    emit(world, account.account_id, name, payload, event_ts=moment)


def _get_operator(world: World, account_id: str, host_id: str) -> dict[str, str]:
    account = world.accounts.get(account_id)
    operator = (account.find_owner() or account.users.get(host_id)) if account else None
    return {
        "operator": operator.email if operator else "",
        "operator_id": operator.id if operator else host_id,
    }
