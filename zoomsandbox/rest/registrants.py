"""Zoom's REST calls about who registered for a meeting.

Source: Zoom API reference, Meetings: Add a meeting registrant, List meeting registrants, Update
registrant's status; Zoom API, Rate limits (three adds a day for each registrant).
"""

import re
from typing import Any

from aiohttp import web

from zoomsandbox.life.registrants import APPROVED, PENDING, add_registrant, decide, find_registrant
from zoomsandbox.rest.bodies import read_object
from zoomsandbox.rest.errors import ZoomRefusal, invalid
from zoomsandbox.rest.ids import find_meeting
from zoomsandbox.rest.meeting_rules import read_flag, read_text
from zoomsandbox.rest.meetings_json import list_dates
from zoomsandbox.rest.oauth import get_authorized_account
from zoomsandbox.rest.paging import make_page
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import WORLD, World

DAILY_ADDS = 3
BY_HAND = 1
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Zoom's limits, in characters.
TEXTS = {
    "first_name": 64,
    "last_name": 64,
    "address": 128,
    "city": 128,
    "state": 128,
    "zip": 64,
    "country": 128,
    "phone": 64,
    "comments": 1000,
    "industry": 128,
    "job_title": 128,
    "org": 128,
    "no_of_employees": 32,
    "purchasing_time_frame": 32,
    "role_in_purchase_process": 32,
}
ACTIONS = ("approve", "deny", "cancel")
STATUSES = ("approved", "pending", "denied")


async def add(request: web.Request) -> web.Response:
    """One person registers; approved at once unless the meeting wants each approved by hand.

    Who is not approved yet gets no link: a guess. So is that the host is told with code 3027 that
    hosts cannot register, and 404 where the meeting takes no registrations.
    """
    account = get_authorized_account(request, "meeting:write:registrant:admin")
    meeting = find_meeting(request, account)
    world = request.app[WORLD]
    body = await read_object(request)
    _check_open(meeting)
    fields = _clean(body)
    if fields["email"].lower() == account.users[meeting.host_id].email.lower():
        raise ZoomRefusal(400, 3027, "The host cannot register for the meeting.")
    _count_add(world, meeting, fields["email"])
    by_hand = meeting.settings["approval_type"] == BY_HAND and not body.get("auto_approve")
    status = PENDING if by_hand else APPROVED
    registrant = add_registrant(world, meeting, fields, status)
    answer = {
        "id": meeting.number,
        "registrant_id": registrant["id"],
        "topic": meeting.topic,
        "start_time": meeting.fields["start_time"],
        **_show_link(world, meeting, registrant),
    }
    if meeting.occurrences:
        answer["occurrences"] = list_dates(world, meeting)
    return web.json_response(answer, status=201)


def _check_open(meeting: Meeting) -> None:
    if not meeting.needs_registration or meeting.settings.get("close_registration") is True:
        message = f"Registration has not been enabled for this meeting: {meeting.number}."
        raise ZoomRefusal(404, 404, message)


def _clean(body: dict[str, Any]) -> dict[str, str]:
    email = body.get("email")
    if not isinstance(email, str) or len(email) > 128 or not EMAIL.fullmatch(email):
        raise invalid("email")
    if not body.get("first_name"):
        raise invalid("first_name")
    read_flag("auto_approve", body.get("auto_approve", False))
    given = {name: most for name, most in TEXTS.items() if name in body}
    texts = {name: read_text(name, body[name], most) for name, most in given.items()}
    return {"last_name": "", **texts, "email": email}


def _count_add(world: World, meeting: Meeting, email: str) -> None:
    key = (f"{meeting.number}/{email.lower()}", world.today())
    world.registrations[key] += 1
    if world.registrations[key] > DAILY_ADDS:
        message = (
            f"You have exceeded the daily rate limit ({DAILY_ADDS}) of Add registrant API requests "
            "permitted for this particular registrant."
        )
        raise ZoomRefusal(429, 429, message)


def _show_link(world: World, meeting: Meeting, registrant: dict[str, Any]) -> dict[str, str]:
    """The way in for this person alone."""
    if registrant["status"] != APPROVED:
        return {}
    return {"join_url": world.public_url + meeting.make_own_path(registrant)}


async def list_registrants(request: web.Request) -> web.Response:
    """The approved ones unless ``status`` asks for others."""
    account = get_authorized_account(request, "meeting:read:list_registrants:admin")
    meeting = find_meeting(request, account)
    status = request.query.get("status", "approved")
    if status not in STATUSES:
        raise invalid("status")
    found = [one for one in meeting.registrants if one["status"] == status]
    world = request.app[WORLD]
    page = make_page(
        request,
        account,
        "registrants",
        found,
        lambda one: _show(world, meeting, one),
        numbered=True,
    )
    return web.json_response(page)


def _show(world: World, meeting: Meeting, registrant: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in registrant.items() if name != "tk"}
    return shown | _show_link(world, meeting, registrant)


async def update_status(request: web.Request) -> web.Response:
    """Approve, deny or cancel; one who is not registered refuses all of it (a guess)."""
    account = get_authorized_account(request, "meeting:update:registrant_status:admin")
    meeting = find_meeting(request, account)
    body = await read_object(request)
    action = body.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise invalid("action")
    world = request.app[WORLD]
    for registrant in _find_all(meeting, body.get("registrants")):
        decide(world, meeting, registrant, action)
    return web.Response(status=204)


def _find_all(meeting: Meeting, wanted: Any) -> list[dict[str, Any]]:
    if not isinstance(wanted, list) or not wanted:
        raise invalid("registrants")
    found: dict[str, dict[str, Any]] = {}
    for one in wanted:
        given = one if isinstance(one, dict) else {}
        key, email = (given.get(name, "") for name in ("id", "email"))
        is_text = isinstance(key, str) and isinstance(email, str)
        registrant = find_registrant(meeting, key=key, email=email) if is_text else None
        if registrant is None:
            raise invalid("registrants")
        found[registrant["id"]] = registrant
    return list(found.values())
