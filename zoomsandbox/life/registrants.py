"""People register for a meeting, and are let in or not."""

import secrets
from typing import Any

from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.times import write_time
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events

APPROVED, PENDING = "approved", "pending"
# What becomes of a registration by each of Zoom's actions.
AFTER = {"approve": APPROVED, "deny": "denied", "cancel": "cancelled"}


def add_registrant(
    world: World, meeting: Meeting, fields: dict[str, Any], status: str
) -> dict[str, Any]:
    """The registrant with this e-mail address: a new one, or the known one with these fields."""
    known = find_registrant(meeting, email=fields["email"])
    if known is not None:
        known.update(fields)
        return known
    registrant = {
        "id": secrets.token_urlsafe(16),
        **fields,
        "status": status,
        "create_time": write_time(world.now()),
        "tk": secrets.token_urlsafe(32),
    }
    meeting.registrants.append(registrant)
    events.registration_changed(world, meeting, registrant, "created")
    return registrant


def find_registrant(meeting: Meeting, *, key: str = "", email: str = "") -> dict[str, Any] | None:
    """The registrant with this id, or this address in any case; None for nobody."""
    for registrant in meeting.registrants:
        if key == registrant["id"] or (not key and email.lower() == registrant["email"].lower()):
            return registrant
    return None


def find_admitted(meeting: Meeting, tk: str) -> dict[str, Any] | None:
    """The approved registrant whose link this is from."""
    for registrant in meeting.registrants:
        if registrant["tk"] == tk and registrant["status"] == APPROVED:
            return registrant
    return None


def decide(world: World, meeting: Meeting, registrant: dict[str, Any], action: str) -> None:
    """``approve``, ``deny`` or ``cancel``, which forgets the registration."""
    if registrant["status"] == AFTER[action]:
        return
    registrant["status"] = AFTER[action]
    if action == "cancel":
        meeting.registrants.remove(registrant)
    events.registration_changed(world, meeting, registrant, AFTER[action])
