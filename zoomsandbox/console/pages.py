"""Pages for people: what is going on here, and where Zoom's own app would open."""

import time
from datetime import UTC, datetime
from html import escape
from itertools import islice
from urllib.parse import quote

from aiohttp import web

from zoomsandbox.console import markup
from zoomsandbox.life.rooms import end_room, enter_room, get_room, leave_room
from zoomsandbox.state.ledger import LedgerEntry
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.rooms import ALTERNATIVE_HOST, HOST, PARTICIPANT, Person, Room
from zoomsandbox.state.world import ENTRY, WORLD, World

LAST_LINES = 30
KINDS_OF_USER = {1: "Basic", 2: "Licensed"}


async def home(request: web.Request) -> web.Response:
    body = _describe_world(request.app[WORLD])
    if "part" in request.query:
        return markup.show_part(body)
    return markup.show("Who is in which meeting", markup.live("/?part", body))


def _describe_world(world: World) -> str:
    rooms = [room for room in (get_room(world, n) for n in list(world.rooms)) if room]
    people = [
        (
            room.run.topic,
            room.run.number,
            person.name,
            person.standing,
            "SDK" if person.socket else "page",
        )
        for run, room in ((room.run, room) for room in rooms)
        for person in room.people.values()
    ]
    users = [
        (account.account_id, u.display_name, u.email, KINDS_OF_USER.get(u.type, u.type), u.status)
        for account in world.accounts.values()
        for u in account.users.values()
    ]
    return (
        markup.table("In meetings now", ("Meeting", "Number", "Name", "As", "By"), people)
        + _describe_meetings(world)
        + markup.table("Users", ("Account", "Name", "E-mail", "Licence", "Status"), users)
        + _describe_ledger(world)
    )


def _describe_meetings(world: World) -> str:
    running = set(world.rooms)
    rows = [
        (
            m.topic,
            m.number,
            m.host_id,
            m.account_id,
            "running" if m.number in running else "waiting",
        )
        for m in world.meetings.values()
    ]
    return markup.table("Meetings", ("Topic", "Number", "Host", "Account", "State"), rows)


def _describe_ledger(world: World) -> str:
    rows = [
        (
            datetime.fromtimestamp(entry.at, UTC).strftime("%H:%M:%S"),
            entry.call,
            entry.account_id or "",
            "" if entry.status is None else entry.status,
            _make_note(entry),
        )
        for entry in islice(reversed(world.ledger), LAST_LINES)
    ]
    return markup.table("Last calls (UTC)", ("At", "Call", "Account", "Status", "Note"), rows)


def _make_note(entry: LedgerEntry) -> str:
    names = ("reason", "message")
    notes = [str(entry.detail[name]) for name in names if entry.detail.get(name)]
    if "fault" in entry.detail:
        notes.append(f"planted fault: {entry.detail['fault']}")
    return "; ".join(notes)


async def start(request: web.Request) -> web.StreamResponse:
    """A start link: who holds it is the host, so only a live ZAK opens it.

    Source: Zoom API reference, Meetings, ``start_url``.
    """
    world = request.app[WORLD]
    meeting = world.meetings.get(int(request.match_info["number"]))
    if meeting is None:
        return _refuse(request, "This meeting does not exist.", 404)
    zak = world.get_live_zak(request.query.get("zak", ""), meeting.account_id)
    if zak is None or not meeting.may_be_started_by(zak.user_id):
        return _refuse(request, "This start link has expired or is not the host's.", 403)
    account = world.accounts[meeting.account_id]
    request[ENTRY].account_id = account.account_id
    request[ENTRY].detail.update(verdict="ok", zak_user_id=zak.user_id)
    person = _find_on_page(get_room(world, meeting.number), zak.user_id)
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
    """A join link: the passcode is in it; a guest gives a name and may have to wait."""
    world = request.app[WORLD]
    meeting = world.meetings.get(int(request.match_info["number"]))
    if meeting is None:
        return _refuse(request, "This meeting does not exist.", 404)
    request[ENTRY].account_id = meeting.account_id
    passcode = request.query.get("pwd", "")
    if passcode not in (meeting.encrypted_password, meeting.password):
        return _refuse(request, "The passcode in this link is wrong.", 403)
    name = request.query.get("name", "").strip()[:64]
    if not name:
        return markup.show(f"Join {meeting.topic}", _make_name_form(meeting, passcode))
    early = meeting.fields["settings"].get("join_before_host")
    if get_room(world, meeting.number) is None and not early:
        request[ENTRY].detail["verdict"] = "not started"
        return markup.show(meeting.topic, _make_waiting(request))
    person = Person(name, "", PARTICIPANT)
    await enter_room(world, meeting, person)
    request[ENTRY].detail["verdict"] = "ok"
    raise web.HTTPSeeOther(f"/_pages/rooms/{meeting.number}/{person.id}")


def _make_name_form(meeting: Meeting, passcode: str) -> str:
    return (
        f'<form method="get" action="/j/{meeting.number}">'
        f'<input type="hidden" name="pwd" value="{escape(passcode)}">'
        '<label for="name">Your name</label>'
        '<input id="name" name="name" required maxlength="64" autocomplete="name" autofocus>'
        "<button>Join</button></form>"
    )


def _make_waiting(request: web.Request) -> str:
    text = "The host has not started this meeting yet. This page goes on by itself."
    return (
        f'<p role="status" data-again="{escape(quote(request.path_qs, safe="/?=&%"))}">{text}</p>'
    )


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
    body = (
        markup.paragraph(f"{sentence}{person.name}.", "notice")
        + "<h2>People</h2>"
        + markup.live(f"{request.path}?part", people)
        + '<div class="actions">'
        + markup.button(f"{request.path}/leave", "Leave")
    )
    if person.has_host_rights:
        body += markup.button(f"{request.path}/end", "End meeting for all", "danger")
    return markup.show(room.run.topic, body + "</div>")


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
    web.get("/", home),
    web.get("/_pages/rooms/{number:[0-9]+}/{person}", room_page),
    web.post("/_pages/rooms/{number:[0-9]+}/{person}/leave", leave),
    web.post("/_pages/rooms/{number:[0-9]+}/{person}/end", end),
    web.get("/_pages/left", left),
)
