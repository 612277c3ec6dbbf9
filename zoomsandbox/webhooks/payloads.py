"""The objects inside events, in the shapes of Zoom's Webhooks reference. Pure."""

from typing import Any

from zoomsandbox.state.accounts import User
from zoomsandbox.state.meetings import INSTANT, NO_FIXED_TIME, Meeting, Recording, Run
from zoomsandbox.state.times import count_minutes, write_time

# Of a new meeting's settings, Zoom tells these.
TOLD_SETTINGS = ("use_pmi", "alternative_hosts", "join_before_host", "jbh_time")
# What of a user's profile an update tells, by the name in the event.
TOLD_PROFILE = {
    "first_name": "first_name",
    "last_name": "last_name",
    "display_name": "display_name",
    "email": "email",
    "type": "type",
    "timezone": "timezone",
    "dept": "dept",
    "language": "language",
    "role": "role_id",
}


def make_new_meeting(public_url: str, meeting: Meeting) -> dict[str, Any]:
    settings = meeting.settings
    about = {
        **_make_plan(meeting),
        "join_url": f"{public_url}/j/{meeting.number}?pwd={meeting.encrypted_password}",
        "password": meeting.password,
        "settings": {name: settings[name] for name in TOLD_SETTINGS if name in settings},
    }
    if meeting.occurrences:
        about["occurrences"] = meeting.occurrences
    if meeting.fields.get("recurrence"):
        about["recurrence"] = meeting.fields["recurrence"]
    return about


def make_old_meeting(meeting: Meeting, occurrence_ids: tuple[str, ...]) -> dict[str, Any]:
    """A meeting that is gone, or of which these dates are."""
    about = _make_plan(meeting)
    if occurrence_ids:
        found = [meeting.find_occurrence(key) or {"occurrence_id": key} for key in occurrence_ids]
    else:
        found = [one for one in meeting.occurrences if one.get("status") != "deleted"]
    names = ("occurrence_id", "start_time")
    if found:
        about["occurrences"] = [{n: one[n] for n in names if n in one} for one in found]
    return about


def _make_plan(meeting: Meeting) -> dict[str, Any]:
    """A meeting as it is scheduled. Those without a fixed time have no start time to tell."""
    about: dict[str, Any] = {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "type": meeting.type,
        "duration": meeting.fields.get("duration", 60),
        "timezone": meeting.fields.get("timezone", ""),
    }
    if meeting.type not in (INSTANT, NO_FIXED_TIME) and meeting.fields.get("start_time"):
        about["start_time"] = meeting.fields["start_time"]
    return about


def make_change(meeting: Meeting, old: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The meeting before and after: its number and what changed, of settings only the changed."""
    before: dict[str, Any] = {"id": meeting.number}
    after: dict[str, Any] = {"id": meeting.number}
    for name, value in old.items():
        if name == "own_fields":
            continue
        before[name], after[name] = _compare(name, value, _get_field(meeting, name))
    return before, after


def make_change_of_date(
    meeting: Meeting, old: dict[str, Any], occurrence_id: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same of one date: the date, and what it has of its own."""
    now = meeting.find_occurrence(occurrence_id) or {}
    dates = [d for d in old.get("occurrences", []) if d["occurrence_id"] == occurrence_id]
    then = dates[0] if dates else now
    changed = [name for name in now if name == "occurrence_id" or now[name] != then.get(name)]
    before: dict[str, Any] = {"id": meeting.number}
    after: dict[str, Any] = {"id": meeting.number}
    before["occurrences"] = [{name: then.get(name) for name in changed}]
    after["occurrences"] = [{name: now[name] for name in changed}]
    own_then = old.get("own_fields", {}).get(occurrence_id, {})
    for name, value in meeting.own_fields.get(occurrence_id, {}).items():
        was, has = _compare(name, own_then.get(name, _get_field(meeting, name)), value)
        if was != has:
            before[name], after[name] = was, has
    return before, after


def _compare(name: str, then: Any, now: Any) -> tuple[Any, Any]:
    """A field's values; of settings only those that are different."""
    if name != "settings" or not isinstance(then, dict) or not isinstance(now, dict):
        return then, now
    names = [key for key in now if now[key] != then.get(key)]
    return {key: then.get(key) for key in names}, {key: now[key] for key in names}


def _get_field(meeting: Meeting, name: str) -> Any:
    if name in ("host_id", "password", "occurrences"):
        return getattr(meeting, name)
    return meeting.fields.get(name)


def make_registration(
    public_url: str, meeting: Meeting, registrant: dict[str, Any], change: str
) -> dict[str, Any]:
    """Who registered for what. All that they said about themselves is told once, at first."""
    said = {name: value for name, value in registrant.items() if name not in ("tk", "create_time")}
    names = ("id", "first_name", "last_name", "email")
    person = said if change == "created" else {name: said[name] for name in names}
    if registrant["status"] == "approved" and change in ("created", "approved"):
        person["join_url"] = public_url + meeting.make_own_path(registrant)
    return {**make_old_meeting(meeting, ()), "registrant": person}


def make_run(run: Run, meeting: Meeting | None) -> dict[str, Any]:
    """A run: ``start_time`` is when it began, ``duration`` what was planned, in minutes."""
    fields = meeting.fields if meeting else {}
    return {
        "id": str(run.number),
        "uuid": run.uuid,
        "host_id": run.host_id,
        "topic": run.topic,
        "type": run.type,
        "start_time": write_time(run.started_at),
        "timezone": fields.get("timezone", ""),
        "duration": fields.get("duration", 0),
    }


def make_recording(public_url: str, recording: Recording, host: User | None) -> dict[str, Any]:
    """A run's cloud recording, with its files as they are."""
    files = recording.files
    return {
        "id": recording.number,
        "uuid": recording.uuid,
        "host_id": recording.host_id,
        "account_id": recording.account_id,
        "topic": recording.topic,
        "type": recording.type,
        "start_time": write_time(recording.started_at),
        "timezone": host.timezone if host else "",
        "host_email": host.email if host else "",
        "duration": count_minutes(recording.started_at, recording.ended_at),
        "share_url": f"{public_url}/rec/share/{recording.id}",
        "total_size": sum(_get_size(one) for one in files),
        "recording_count": len(files),
        "recording_files": files,
    }


def _get_size(file: dict[str, Any]) -> int:
    size = file.get("file_size", 0)
    return size if isinstance(size, int) else 0


def make_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "type": user.type,
    }


def make_user_change(user: User, old: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of the profile was otherwise, before and after; empty when Zoom tells of none of it."""
    names = [name for name, attribute in TOLD_PROFILE.items() if attribute in old]
    before = {name: old[TOLD_PROFILE[name]] for name in names}
    after = {name: getattr(user, TOLD_PROFILE[name]) for name in names}
    return before, after
