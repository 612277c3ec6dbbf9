"""Whether a person may come in by the Web SDK, and the words Zoom would use if not. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jwt

from zoomsandbox.life.hosting import find_room_elsewhere, lets_in_before_host
from zoomsandbox.life.meetings import has_expired
from zoomsandbox.life.registrants import find_admitted
from zoomsandbox.life.rooms import get_room
from zoomsandbox.life.settings import get_setting
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.rooms import ALTERNATIVE_HOST, HOST, PARTICIPANT
from zoomsandbox.state.world import World

# Wire code and wire message; the SDK 6.2.0 maps the exact pair to its public error code, noted at
# the end of the line. Sending the public codes themselves only yields its general error 1.
WIRE_ERRORS: dict[str, tuple[int, str]] = {
    "signature invalid": (200, "Invalid signature."),  # 3712
    "signature expired": (200, "The signature has expired."),  # 3705
    "wrong meeting number": (200, "The meeting number is wrong."),  # 3706
    "wrong role": (200, "The role is not applicable."),  # 3708
    "unknown app": (200, "The api key is wrong."),  # 3704
    "app deactivated": (200, "The account don't enable API."),  # 3710
    # What the SDK then says to people speaks of another meeting at the same time.
    "hosting elsewhere": (200, "Can not be host in other account's meeting."),  # 3711
    "other meeting in progress": (3000, "Already has other meetings in progress."),  # 3000
    "web client off": (3000, "Not support start or join meeting from web."),  # 3603
    "encrypted end to end": (
        3000,
        "Unable join from browser, please join using the Zoom desktop client or mobile app.",
    ),  # 3611
    "sdk too old": (
        3000,
        "The current sdk version is no longer supported, please upgrade to the latest version.",
    ),  # 10000
    "bad zak": (3136, "Token error"),  # 3623
    "not host": (3003, "You are not the meeting host."),  # 3003
    "host inactive": (1001, "Meeting host is inactive."),  # 3625
    "sign-in required": (3100, "Require login"),  # 3100
    "no such meeting": (3001, "Meeting does not exist."),  # 3610
    "registration void": (124, "Token has expired."),  # 3610
    "registration required": (3099, "This meeting requires registration."),  # no callback
    "wrong passcode": (3004, "Wrong passcode."),  # no callback: the SDK asks for the passcode
    "not started": (3008, "The meeting has not started."),  # 1
}

# Zoom, Meeting SDK authorization: between 1800 seconds and 48 hours; 1800 itself was seen refused.
MIN_LIFE = 1_800
MAX_LIFE = 172_800
LEEWAY = 2
VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}")


@dataclass(frozen=True)
class Verdict:
    """``refusal`` is a key of WIRE_ERRORS, or None for a person let in."""

    refusal: str | None
    reason: str
    claims: dict[str, Any] = field(default_factory=dict)
    account: Account | None = None
    meeting: Meeting | None = None
    user_id: str = ""
    standing: str = PARTICIPANT
    registrant_id: str = ""
    signature_verified: bool = False


class _RefusedError(Exception):
    def __init__(self, refusal: str, reason: str) -> None:
        super().__init__(reason)
        self.refusal = refusal
        self.reason = reason


def judge(world: World, form: Mapping[str, str]) -> Verdict:
    """The verdict on one ``wc/info`` request of the SDK.

    Sources: Zoom, Meeting SDK authorization (claims) and ZAK (who may start); the fields are those
    the SDK was seen to send: the ZAK as ``zsk`` for role 1 and ``ztk`` for role 0.
    """
    known: dict[str, Any] = {}
    try:
        known["account"], known["claims"] = _read_signature(world, form)
        known["signature_verified"] = True
        _check_app(known["account"], form)
        _check_times(world, known["claims"])
        known["meeting"] = _find_meeting(world, form, known["account"], known["claims"])
        role = _read_role(known["claims"])
        _check_place(known["account"], known["meeting"])
        _check_passcode(known["meeting"], form)
        known["user_id"] = _read_zak(world, form, known["account"], role)
        known["standing"] = _find_standing(known["meeting"], known["user_id"], role)
        if known["standing"] == PARTICIPANT:
            known["registrant_id"] = _check_guest(
                known["account"], known["meeting"], form, known["user_id"]
            )
            _check_started(world, known["meeting"])
        else:
            _check_elsewhere(world, known["meeting"], known["user_id"])
    except _RefusedError as refused:
        return Verdict(refused.refusal, refused.reason, **known)
    return Verdict(None, "", **known)


def _read_signature(world: World, form: Mapping[str, str]) -> tuple[Account, dict[str, Any]]:
    signature = form.get("signature", "")
    try:
        app_key = jwt.decode(signature, options={"verify_signature": False}).get("appKey")
    except jwt.PyJWTError as error:
        raise _RefusedError("signature invalid", "not a JWT") from error
    if not app_key or app_key != form.get("apiKey"):
        raise _RefusedError("signature invalid", "no appKey, or another than apiKey")
    owner = _find_app(world, app_key)
    # Times are checked against the sandbox's clock, not PyJWT's.
    try:
        claims = jwt.decode(
            signature,
            owner.sdk_client_secret,
            algorithms=["HS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.PyJWTError as error:
        raise _RefusedError("signature invalid", "signed with another secret") from error
    return owner, dict(claims)


def _find_app(world: World, app_key: str) -> Account:
    """The account of the Meeting SDK app; the id of a server-to-server app is the wrong pair."""
    for account in world.accounts.values():
        if account.sdk_client_id == app_key:
            return account
    if any(account.client_id == app_key for account in world.accounts.values()):
        raise _RefusedError("signature invalid", "appKey of a server-to-server app")
    raise _RefusedError("unknown app", "appKey of no app")


def _check_app(account: Account, form: Mapping[str, str]) -> None:
    if not account.sdk_app_active:
        raise _RefusedError("app deactivated", "the Meeting SDK app is deactivated")
    version, least = form.get("cv", ""), account.min_sdk_version
    # What is no version, such as that of our stand-in, is never too old.
    comparable = VERSION.fullmatch(version) and VERSION.fullmatch(least)
    if comparable and _split(version) < _split(least):
        raise _RefusedError("sdk too old", f"SDK {version} is below {least}")


def _split(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _check_times(world: World, claims: dict[str, Any]) -> None:
    times = [claims.get(name) for name in ("iat", "exp", "tokenExp")]
    if any(isinstance(value, bool) or not isinstance(value, int) for value in times):
        raise _RefusedError("signature invalid", "iat, exp and tokenExp must be whole seconds")
    issued, expires, token_expires = (int(value) for value in times if value is not None)
    if issued > world.now() + LEEWAY:
        raise _RefusedError("signature invalid", "issued in the future")
    if token_expires != expires:
        raise _RefusedError("signature invalid", "tokenExp differs from exp")
    if not MIN_LIFE < expires - issued <= MAX_LIFE:
        raise _RefusedError("signature invalid", "life outside 1800 to 172800 seconds")
    if expires <= world.now():
        raise _RefusedError("signature expired", "exp has passed")


def _find_meeting(
    world: World, form: Mapping[str, str], account: Account, claims: dict[str, Any]
) -> Meeting:
    number = claims.get("mn")
    if not isinstance(number, str) or not re.fullmatch(r"[0-9]{9,11}", number):
        raise _RefusedError("wrong meeting number", "mn is not a string of 9 to 11 digits")
    if number != form.get("meetingNumber"):
        raise _RefusedError("wrong meeting number", "mn differs from meetingNumber")
    meeting = world.get_meeting(int(number), account.account_id)
    if meeting is not None and has_expired(world, meeting):
        raise _RefusedError("no such meeting", "the meeting number has expired")
    if meeting is None:
        reason = "foreign meeting" if int(number) in world.meetings else "unknown meeting"
        raise _RefusedError("no such meeting", reason)
    return meeting


def _read_role(claims: dict[str, Any]) -> int:
    role = claims.get("role")
    if isinstance(role, bool) or not isinstance(role, int) or role not in (0, 1):
        raise _RefusedError("wrong role", "role is neither 0 nor 1")
    return role


def _check_place(account: Account, meeting: Meeting) -> None:
    """Whether this meeting may take place in a browser at all.

    Which of Zoom's settings turns the web client off for the Web SDK is a guess.
    """
    host = account.users[meeting.host_id]
    if host.status != "active":
        raise _RefusedError("host inactive", "the meeting's host is not active")
    if not get_setting(host, "in_meeting", "show_a_join_from_your_browser_link", True):
        raise _RefusedError("web client off", "the host's settings do not allow the web client")
    if meeting.settings.get("encryption_type") == "e2ee":
        raise _RefusedError("encrypted end to end", "no browser can join")


def _check_passcode(meeting: Meeting, form: Mapping[str, str]) -> None:
    # The SDK percent-encodes the passcode before it encodes the form.
    if unquote(form.get("passWord", "")) != meeting.password:
        raise _RefusedError("wrong passcode", "wrong passcode")


def _read_zak(world: World, form: Mapping[str, str], account: Account, role: int) -> str:
    """The id of the user the ZAK speaks for; empty for a participant without one."""
    value = form.get("zsk" if role else "ztk", "")
    if not value and role == 0:
        return ""
    if not value:
        raise _RefusedError("bad zak", "no ZAK")
    if role and form.get("ulsm") != "1":
        raise _RefusedError("bad zak", "ulsm is not 1")
    zak = world.get_live_zak(value, account.account_id)
    if zak is None:
        known = world.zaks.get(value)
        kind = known.kind if known else "unknown"
        raise _RefusedError("bad zak", f"no live ZAK of this account ({kind})")
    return zak.user_id


def _find_standing(meeting: Meeting, user_id: str, role: int) -> str:
    if role == 0:
        return PARTICIPANT
    if not meeting.may_be_started_by(user_id):
        raise _RefusedError("not host", "ZAK of a user who is no host of the meeting")
    return HOST if user_id == meeting.host_id else ALTERNATIVE_HOST


def _check_elsewhere(world: World, meeting: Meeting, user_id: str) -> None:
    """One meeting at a time. That the two codes part host and alternative host is a guess."""
    other = find_room_elsewhere(world, meeting, user_id)
    if other is None:
        return
    is_host = user_id == meeting.host_id
    refusal = "hosting elsewhere" if is_host else "other meeting in progress"
    raise _RefusedError(refusal, f"already hosting {other.run.number}")


def _check_guest(account: Account, meeting: Meeting, form: Mapping[str, str], user_id: str) -> str:
    """The id of the registration the guest comes with, if the meeting asks for one.

    Whoever comes with a ZAK is signed in. Of the meeting's own people no registration is asked.
    """
    host = account.users[meeting.host_id]
    wanted = meeting.settings.get("meeting_authentication") is True or get_setting(
        host, "meeting_security", "only_authenticated_can_join_from_webclient", False
    )
    if wanted and not user_id:
        raise _RefusedError("sign-in required", "no ZAK, and the meeting wants people signed in")
    tk = form.get("tk", "")
    if not meeting.needs_registration or meeting.may_be_started_by(user_id):
        return ""
    if not tk:
        raise _RefusedError("registration required", "no tk")
    registrant = find_admitted(meeting, tk)
    if registrant is None:
        raise _RefusedError("registration void", "tk of nobody who is approved")
    return str(registrant["id"])


def _check_started(world: World, meeting: Meeting) -> None:
    if get_room(world, meeting.number) is None and not lets_in_before_host(world, meeting):
        raise _RefusedError("not started", "no host is in the meeting yet")
