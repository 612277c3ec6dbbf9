"""What Zoom's Meeting SDK for Web talks to from ``join`` until a person is in the meeting.

The requests, their fields and the answers that satisfy the SDK are those seen with version 6.2.0.
A 4098 message right after the WebSocket opens makes its ``join`` call back with success.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

from zoomsandbox.faults import sockets
from zoomsandbox.life.hosting import find_room_elsewhere
from zoomsandbox.life.rooms import end_room, enter_room, leave_room
from zoomsandbox.rest.bodies import read_form
from zoomsandbox.sdk.verdicts import WIRE_ERRORS, Verdict, judge
from zoomsandbox.state.ledger import LedgerEntry
from zoomsandbox.state.rooms import PARTICIPANT, Person
from zoomsandbox.state.tokens import Admission
from zoomsandbox.state.world import ENTRY, WORLD, World

# Typings of the SDK, ``customerKey``.
LONGEST_CUSTOMER_KEY = 36
# In the table of the SDK 6.2.0 for the WebSocket this is its public error 3000; it was seen to tell
# the page status 3 and no more.
OTHER_MEETING_IN_PROGRESS = 3005

# Members the SDK 6.2.0 wants in a successful answer. Many are strings that hold JSON.
FIXED_RESULT: dict[str, Any] = {
    "isWebinar": "0",
    "optionAudioType": "both",
    "ccUrl": "",
    "meetingNotStartCheckInterval": "5",
    "jmakLiveTime": "0",
    "enableAutoLog": False,
    "support_call_out": "0",
    "can_recording": "0",
    "supportH323": "0",
    "support_h323": "0",
    "isSupportQA": "false",
    "optionVideoHost": "false",
    "optionVideoParticipants": "false",
    "otherTelInfo": "",
    "invite_email": "",
    "toll_numbers_json": "{}",
    "call_out_country_json": "[]",
    **dict.fromkeys(
        (
            "meetingOptions",
            "wcXMPPConfig",
            "encryptedGEORWC",
            "recordingDisclaimer",
            "recordingDisclaimerForRecorder",
            "wrInfo",
            "meetingInfo",
            "liveTranscription",
            "fileTransfer",
            "chatModerationPolicy",
        ),
        "{}",
    ),
}


async def join_info(request: web.Request) -> web.Response:
    """``POST /api/v1/wc/info``: everything the SDK knows about the person, in one form."""
    world = request.app[WORLD]
    form = await read_form(request)
    verdict = judge(world, form)
    _write_down(request, form, verdict)
    if verdict.refusal:
        code, message = WIRE_ERRORS[verdict.refusal]
        request[ENTRY].code = code
        return web.json_response(
            {"status": False, "errorCode": code, "errorMessage": message, "result": None}
        )
    ticket = _admit(world, form, verdict)
    result = _make_result(request, form, verdict, ticket)
    return web.json_response({"status": True, "errorCode": 0, "errorMessage": "", "result": result})


async def join_info_by_url(request: web.Request) -> web.Response:
    """The SDK's script fallback after a 5xx: secrets in a URL. Recorded and never answered."""
    request[ENTRY].detail.update(verdict="refused", reason="secrets in a URL")
    return web.json_response({"status": False, "errorCode": 1, "result": None}, status=404)


def _write_down(request: web.Request, form: Mapping[str, str], verdict: Verdict) -> None:
    world = request.app[WORLD]
    entry = request[ENTRY]
    entry.account_id = verdict.account.account_id if verdict.account else None
    zak = world.zaks.get(form.get("zsk") or form.get("ztk") or "")
    entry.detail.update(
        verdict=verdict.refusal or "ok",
        reason=verdict.reason,
        signature_verified=verdict.signature_verified,
        claims=verdict.claims,
        role=verdict.claims.get("role"),
        cv=form.get("cv", ""),
        meetingNumber=form.get("meetingNumber", ""),
        user_name=form.get("userName", ""),
        zak_sent=bool(form.get("zsk") or form.get("ztk")),
        zak_user_id=zak.user_id if zak else None,
        zak_kind=zak.kind if zak else None,
        standing=None if verdict.refusal else verdict.standing,
    )


def _admit(world: World, form: Mapping[str, str], verdict: Verdict) -> str:
    assert verdict.meeting is not None  # noqa: S101 - a verdict without refusal has one
    ticket = secrets.token_urlsafe(24)
    world.admissions[ticket] = Admission(
        ticket=ticket,
        number=verdict.meeting.number,
        name=form.get("userName", "") or "Nameless",
        user_id=verdict.user_id,
        standing=verdict.standing,
        stand_in=form.get("cv") == "stand-in",
        email=form.get("userEmail", ""),
        customer_key=form.get("customerKey", "")[:LONGEST_CUSTOMER_KEY],
        registrant_id=verdict.registrant_id,
    )
    return ticket


def _get_host_name(request: web.Request, subdomain: str) -> str:
    """Zoom answers with hosts of its own; elsewhere there is only the one being spoken to."""
    name = request.host.split(":")[0]
    is_zooms = request.secure and f".{name}".endswith(".zoom.us")
    return f"{subdomain}.zoom.us" if is_zooms else request.host


def _make_result(
    request: web.Request, form: Mapping[str, str], verdict: Verdict, ticket: str
) -> dict[str, Any]:
    meeting, account = verdict.meeting, verdict.account
    assert meeting is not None and account is not None  # noqa: S101, PT018 - no refusal
    number = str(meeting.number)
    is_host = verdict.standing != PARTICIPANT
    return {
        **FIXED_RESULT,
        "meetingNumber": number,
        "mid": meeting.uuid,
        "tid": secrets.token_hex(16),
        "ts": str(int(request.app[WORLD].now() * 1000)),
        "auth": ticket,
        # The SDK reads the role from here and takes nothing but a JWT.
        "sign": form["signature"],
        "track_auth": secrets.token_urlsafe(16),
        "zmk": "",
        "userName": form.get("userName", ""),
        "userEmail": form.get("userEmail", ""),
        "passWord": meeting.password,
        "rsPwd": meeting.password,
        "accountId": account.account_id,
        "meetingTopic": meeting.topic,
        "isOriginHost": "true" if is_host else "false",
        "userRole": 1 if is_host else 0,
        "zak": form.get("zsk") or form.get("ztk") or "",
        "tk": "",
        "formate_confno": f"{number[:3]} {number[3:7]} {number[7:]}",
        "encryptedRWC": json.dumps({_get_host_name(request, "rwcsandbox"): ticket}),
    }


async def ping(request: web.Request) -> web.Response:
    """``GET /wc/ping/<number>``: where to open the WebSocket."""
    return web.json_response(
        {
            "status": True,
            "errorCode": 0,
            "rwg": _get_host_name(request, "rwgsandbox"),
            "rwcAuth": secrets.token_urlsafe(16),
        }
    )


async def profile(request: web.Request) -> web.Response:
    """``POST /wc/profile/get``: asked by the SDK when it was given a ZAK."""
    form = await read_form(request)
    zak = request.app[WORLD].zaks.get(form.get("zak", ""))
    request[ENTRY].detail["zak_user_id"] = zak.user_id if zak else None
    return web.json_response({"status": True, "errorCode": 0, "result": "{}"})


async def anything_else(request: web.Request) -> web.Response:
    """Emoji lists, telemetry, token refreshes: the SDK only wants an answer."""
    return web.json_response({})


async def open_socket(request: web.Request) -> web.WebSocketResponse:
    """``/wc/api/<number>``: with the ticket of ``wc/info``, the person is in the meeting."""
    world = request.app[WORLD]
    entry = request[ENTRY]
    admission = world.admissions.get(request.query.get("auth", ""))
    meeting = world.meetings.get(admission.number) if admission else None
    zak = world.zaks.get(request.query.get("zak", ""))
    entry.detail["zak_user_id"] = zak.user_id if zak else None
    if admission is None or meeting is None or request.match_info["number"] != str(meeting.number):
        raise web.HTTPForbidden(text="not admitted")
    socket = web.WebSocketResponse(heartbeat=30)
    await socket.prepare(request)
    entry.status, entry.account_id = 101, meeting.account_id
    entry.detail.update(standing=admission.standing, number=meeting.number)
    person = Person(
        admission.name, admission.user_id, admission.standing, admission.stand_in, socket,
        admission.email, admission.customer_key, admission.registrant_id,
    )  # fmt: skip
    if person.has_host_rights and find_room_elsewhere(world, meeting, person.user_id):
        await _turn_away(socket, entry)
        return socket
    if not await sockets.greet(
        request, socket, _make_welcome(request, meeting.number, meeting.uuid, person)
    ):
        return socket
    await enter_room(world, meeting, person)
    try:
        await _listen(world, socket, meeting.number, person)
    finally:
        await leave_room(world, meeting.number, person.id)
    return socket


async def _turn_away(socket: web.WebSocketResponse, entry: LedgerEntry) -> None:
    """Both were let in before either was there: one hosts by now, the other may not."""
    entry.detail.update(verdict="refused", reason="already hosting another meeting")
    await socket.send_json({"evt": 4098, "seq": 1, "body": {"res": OTHER_MEETING_IN_PROGRESS}})
    await socket.close()


async def _listen(world: World, socket: web.WebSocketResponse, number: int, person: Person) -> None:
    """Only our stand-in says when a person leaves or ends; the real SDK's messages are its own."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT or not person.stand_in:
            continue
        try:
            wish = json.loads(message.data).get("standIn")
        except (ValueError, AttributeError):
            continue
        if wish == "end" and person.has_host_rights:
            await end_room(world, number)
        if wish == "leave":
            await socket.close()


def _make_welcome(request: web.Request, number: int, uuid: str, person: Person) -> dict[str, Any]:
    host = person.has_host_rights
    participant = secrets.randbelow(2**24) + 2**24
    return {
        "evt": 4098,
        "seq": 1,
        "body": {
            "res": 0,
            "userID": participant,
            "userGUID": secrets.token_hex(16).upper(),
            "conID": secrets.token_hex(16).upper(),
            "confID": uuid,
            "mn": str(number),
            "role": 1 if host else 0,
            "bHost": host,
            "dn": person.name,
            "participantID": participant,
            "jid": f"{person.id}@sandbox.invalid",
            "zoomID": person.user_id or person.id,
            "svcUrl": _get_host_name(request, "rwgsandbox"),
            "encType": 1,
            "encryptKey": base64.b64encode(secrets.token_bytes(32)).decode(),
            "opt": 0,
        },
    }
