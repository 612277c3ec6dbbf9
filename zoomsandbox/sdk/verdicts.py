"""Whether a person may come in by the Web SDK, and the words Zoom would use if not. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jwt

from zoomsandbox.life.rooms import get_room
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
    "bad zak": (3136, "Token error"),  # 3623
    "no such meeting": (3001, "Meeting does not exist."),  # 3610
    "wrong passcode": (3004, "Wrong passcode."),  # no callback: the SDK asks for the passcode
    "not started": (3008, "The meeting has not started."),  # 1
}

# Zoom, Meeting SDK authorization: between 1800 seconds and 48 hours; 1800 itself was seen refused.
MIN_LIFE = 1_800
MAX_LIFE = 172_800
LEEWAY = 2


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
        _check_times(world, known["claims"])
        known["meeting"] = _find_meeting(world, form, known["account"], known["claims"])
        role = _read_role(known["claims"])
        _check_passcode(known["meeting"], form)
        known["user_id"] = _read_zak(world, form, known["account"], role)
        known["standing"] = _find_standing(known["meeting"], known["user_id"], role)
        _check_started(world, known["meeting"], known["standing"])
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
    owner = next((a for a in world.accounts.values() if a.sdk_client_id == app_key), None)
    if owner is None:
        raise _RefusedError("signature invalid", "appKey of no app")
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
    if meeting is None:
        reason = "foreign meeting" if int(number) in world.meetings else "unknown meeting"
        raise _RefusedError("no such meeting", reason)
    return meeting


def _read_role(claims: dict[str, Any]) -> int:
    role = claims.get("role")
    if isinstance(role, bool) or not isinstance(role, int) or role not in (0, 1):
        raise _RefusedError("wrong role", "role is neither 0 nor 1")
    return role


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
        raise _RefusedError("bad zak", "ZAK of a user who is no host of the meeting")
    return HOST if user_id == meeting.host_id else ALTERNATIVE_HOST


def _check_started(world: World, meeting: Meeting, standing: str) -> None:
    early = meeting.fields["settings"].get("join_before_host")
    if standing == PARTICIPANT and not early and get_room(world, meeting.number) is None:
        raise _RefusedError("not started", "no host is in the meeting yet")
