"""Pages where Zoom's own app would open: start and join links, and the room behind them."""

import time
from typing import Any
from urllib.parse import quote

from aiohttp import web

from zoomsandbox.console import forms, markup
from zoomsandbox.life.hosting import find_room_elsewhere, lets_in_before_host
from zoomsandbox.life.meetings import has_expired
from zoomsandbox.life.registrants import find_admitted
from zoomsandbox.life.rooms import end_room, enter_room, get_room, leave_room
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.rooms import ALTERNATIVE_HOST, HOST, PARTICIPANT, Person, Room
from zoomsandbox.state.world import ENTRY, WORLD, World


async def start(request: web.Request) -> web.StreamResponse:
    """A start link: who holds it is the host, so only a live ZAK opens it.

    Source: Zoom API reference, Meetings, ``start_url``.
    """
    world = request.app[WORLD]
    meeting = _find_meeting(request)
    if meeting is None:
        return _refuse(request, "This meeting does not exist.", 404)
    zak = world.get_live_zak(request.query.get("zak", ""), meeting.account_id)
    if zak is None or not meeting.may_be_started_by(zak.user_id):
        return _refuse(request, "This start link has expired or is not the host's.", 403)
    account = world.accounts[meeting.account_id]
    request[ENTRY].account_id = account.account_id
    request[ENTRY].detail.update(verdict="ok", zak_user_id=zak.user_id)
    person = _find_on_page(get_room(world, meeting.number), zak.user_id)
    elsewhere = find_room_elsewhere(world, meeting, zak.user_id)
    if person is None and elsewhere:
        return _refuse(request, f"You have another meeting going on: {elsewhere.run.topic}.", 409)
    if person is None:
        standing = HOST if zak.user_id == meeting.host_id else ALTERNATIVE_HOST
        person = Person(account.users[zak.user_id].display_name, zak.user_id, standing)
        await enter_room(world, meeting, person)
    # Away from the address that holds the ZAK.
    raise web.HTTPSeeOther(f"/_pages/rooms/{meeting.number}/{person.id}")


def _find_on_page(room: Room | None, user_id: str) -> Person | None:
    people = room.people.values() if room else ()
    return next((p for p in people if p.user_id == user_id and p.socket is None), None)


def _refuse(request: web.Request, reason: str, status: int) -> web.Response:
    request[ENTRY].detail.update(verdict="refused", reason=reason)
    return markup.show("You cannot enter", markup.paragraph(reason), status)


async def join(request: web.Request) -> web.StreamResponse:
    """A join link: the passcode is in it; a guest gives a name and may have to wait.

    Whoever registered has a link of their own, with ``tk``. Nobody is signed in here.
    """
    world = request.app[WORLD]
    meeting = _find_meeting(request)
    if meeting is None:
        return _refuse(request, "This meeting does not exist.", 404)
    request[ENTRY].account_id = meeting.account_id
    registrant = find_admitted(meeting, request.query.get("tk", "")) or {}
    reason = _find_obstacle(request, meeting, registrant)
    if reason:
        return _refuse(request, reason, 403)
    name = request.query.get("name", "").strip()[:64] or _get_name(registrant)
    if not name:
        return markup.show(f"Join {meeting.topic}", _make_name_form(request))
    if get_room(world, meeting.number) is None and not lets_in_before_host(world, meeting):
        request[ENTRY].detail["verdict"] = "not started"
        return markup.show(meeting.topic, _make_waiting(request))
    person = Person(name, "", PARTICIPANT, registrant_id=registrant.get("id", ""))
    await enter_room(world, meeting, person)
    request[ENTRY].detail["verdict"] = "ok"
    raise web.HTTPSeeOther(f"/_pages/rooms/{meeting.number}/{person.id}")


def _find_meeting(request: web.Request) -> Meeting | None:
    world = request.app[WORLD]
    meeting = world.meetings.get(int(request.match_info["number"]))
    return None if meeting is None or has_expired(world, meeting) else meeting


def _find_obstacle(request: web.Request, meeting: Meeting, registrant: dict[str, Any]) -> str:
    """Why a guest cannot come in, in one sentence; empty when they can."""
    if request.query.get("pwd", "") not in (meeting.encrypted_password, meeting.password):
        return "The passcode in this link is wrong."
    if meeting.settings.get("meeting_authentication") is True:
        return "This meeting is for people who are signed in to Zoom, and here nobody is."
    if meeting.needs_registration and not registrant:
        return "This meeting requires registration."
    return ""


def _get_name(registrant: dict[str, Any]) -> str:
    names = (str(registrant.get(part) or "") for part in ("first_name", "last_name"))
    return " ".join(names).strip()[:64]


def _make_name_form(request: web.Request) -> markup.Html:
    limits: dict[str, Any] = {"required": True, "maxlength": 64, "autocomplete": "name"}
    return forms.form(
        quote(request.path),
        markup.element("input", type="hidden", name="pwd", value=request.query.get("pwd", "")),
        forms.field("name", "Your name", **limits, autofocus=True),
        forms.submit("Join"),
        method="get",
    )


def _make_waiting(request: web.Request) -> markup.Html:
    text = "The host has not started this meeting yet. This page goes on by itself."
    again = quote(request.path_qs, safe="/?=&%")
    return markup.element("p", text, role="status", data_again=again)


def _find_person(world: World, request: web.Request) -> tuple[Room | None, Person | None]:
    room = get_room(world, int(request.match_info["number"]))
    person = room.people.get(request.match_info["person"]) if room else None
    return room, person


async def room_page(request: web.Request) -> web.Response:
    """The meeting as the Zoom app would show it: the person's own address, unguessable."""
    room, person = _find_person(request.app[WORLD], request)
    part = "part" in request.query
    if room is None or person is None:
        text = markup.paragraph("You are no longer in this meeting. You can close this page.")
        return markup.show_part(text, 410) if part else markup.show("Meeting over", text, 410)
    person.seen = time.monotonic()
    people = markup.listing((f"{p.name}, {p.standing}" for p in room.people.values()), "Nobody.")
    if part:
        return markup.show_part(people)
    sentence = f"The Zoom app would open here; you are in {room.run.topic} as {person.standing} "
    buttons = [forms.button(f"{request.path}/leave", "Leave")]
    if person.has_host_rights:
        buttons.append(forms.button(f"{request.path}/end", "End meeting for all", "danger"))
    body = markup.join(
        markup.paragraph(f"{sentence}{person.name}.", "notice"),
        markup.heading("People"),
        markup.live(f"{request.path}?part", people),
        markup.element("div", *buttons, class_="actions"),
    )
    return markup.show(room.run.topic, body)


async def leave(request: web.Request) -> web.StreamResponse:
    _, person = _find_person(request.app[WORLD], request)
    if person:
        await leave_room(request.app[WORLD], int(request.match_info["number"]), person.id)
    raise web.HTTPSeeOther("/_pages/left")


async def end(request: web.Request) -> web.StreamResponse:
    _, person = _find_person(request.app[WORLD], request)
    if person and person.has_host_rights:
        await end_room(request.app[WORLD], int(request.match_info["number"]))
    raise web.HTTPSeeOther("/_pages/left")


async def left(request: web.Request) -> web.Response:
    return markup.show("You have left", markup.paragraph("You can close this page."))


ROUTES = (
    web.get("/_pages/rooms/{number:[0-9]{1,15}}/{person}", room_page),
    web.post("/_pages/rooms/{number:[0-9]{1,15}}/{person}/leave", leave),
    web.post("/_pages/rooms/{number:[0-9]{1,15}}/{person}/end", end),
    web.get("/_pages/left", left),
)
