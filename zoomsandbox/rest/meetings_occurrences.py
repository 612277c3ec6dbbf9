"""One date of a recurring meeting.

Source: Zoom API reference, Meetings, the ``occurrence_id`` of Get, Update and Delete a meeting.
"""

from typing import Any

from aiohttp import web

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.rest.meeting_rules import clean_occurrence, read_text
from zoomsandbox.rest.meetings_settings import clean_settings
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import ENTRY

# The settings that one date can have of its own.
OWN_SETTINGS = (
    "auto_recording",
    "host_video",
    "join_before_host",
    "meeting_authentication",
    "mute_upon_entry",
    "participant_video",
    "waiting_room",
    "watermark",
)


def find_occurrence(request: web.Request, meeting: Meeting) -> dict[str, Any] | None:
    """The date that the query asks for, None if it asks for none.

    One that the meeting does not have, or no longer, is refused: with code 3001, a guess.
    """
    key = request.query.get("occurrence_id")
    if not key:
        return None
    request[ENTRY].detail["occurrence_id"] = key
    occurrence = meeting.find_occurrence(key)
    if occurrence is None or occurrence["status"] == "deleted":
        raise ZoomRefusal(404, 3001, f"Meeting occurrence does not exist: {key}.")
    return occurrence


def change_occurrence(meeting: Meeting, occurrence: dict[str, Any], body: dict[str, Any]) -> None:
    """Its time, length, agenda and some settings; the rest of the body is ignored (a guess).

    It keeps its id, though that is made of the time it had first.
    """
    changed = clean_occurrence(body, occurrence, meeting.fields["timezone"])
    own: dict[str, Any] = dict(meeting.own_fields.get(occurrence["occurrence_id"], {}))
    if "agenda" in body:
        own["agenda"] = read_text("agenda", body["agenda"], 2000)
    settings = clean_settings(body.get("settings"))
    kept = {name: settings[name] for name in OWN_SETTINGS if name in settings}
    if kept:
        own["settings"] = {**own.get("settings", {}), **kept}
    occurrence.update(changed)
    if own:
        meeting.own_fields[occurrence["occurrence_id"]] = own
