"""Passcodes: what Zoom and the account ask of them, and those Zoom makes itself.

Source: Zoom API reference, Meetings, Create a meeting (``password``, ``default_password``); Users,
Get user settings (``meeting_password_requirement``).
"""

import itertools
import re
import secrets
import string
from typing import Any

from zoomsandbox.life.settings import get_setting
from zoomsandbox.rest.errors import invalid
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.meetings import INSTANT, Meeting

LONGEST = 10
USUAL_LENGTH = 6
ALLOWED = re.compile(rf"[A-Za-z0-9@\-_*]{{0,{LONGEST}}}")
SPECIAL = "@-_*"
# More than enough for the strictest rules that ten characters can satisfy.
TRIES = 1_000


def choose_passcode(account: Account, host: User, body: dict[str, Any], kind: int) -> str:
    """The passcode of a new meeting: the one sent, else one of Zoom's making, else none.

    Zoom makes one when the host's settings require passcodes, which they do unless switched off, or
    when the body's ``default_password`` asks for it.
    """
    sent = body.get("password")
    asked = body.get("default_password", False)
    if not isinstance(asked, bool):
        raise invalid("default_password")
    if sent not in (None, ""):
        return check_passcode(account, sent)
    return make_passcode(account) if asked or is_required(host, kind) else ""


def change_passcode(account: Account, host: User, meeting: Meeting, body: dict[str, Any]) -> str:
    """The passcode after an update; taking away one that is required is refused (a guess)."""
    if "password" not in body:
        return meeting.password
    if body["password"] == "" and not is_required(host, meeting.type):
        return ""
    if body["password"] == "":
        raise invalid("password")
    return check_passcode(account, body["password"])


def is_required(host: User, kind: int) -> bool:
    """Several of Zoom's switches speak of it; that each of them can lift the duty is a guess."""
    switches = [("meeting_security", "meeting_password")]
    if kind == INSTANT:
        switches += [("schedule_meeting", "require_password_for_instant_meetings")]
    else:
        switches += [
            ("meeting_security", "require_password_for_scheduled_meeting"),
            ("schedule_meeting", "require_password_for_scheduling_new_meetings"),
        ]
    return all(get_setting(host, section, switch, True) for section, switch in switches)


def check_passcode(account: Account, value: Any) -> str:
    """At most ten letters, digits and ``@ - _ *``, and what the account's rules ask."""
    if not isinstance(value, str) or not ALLOWED.fullmatch(value):
        raise invalid("password")
    if not satisfies(account.passcode_rules, value):
        raise invalid("password", "The passcode does not meet the account's requirements.")
    return value


def satisfies(rules: dict[str, Any], passcode: str) -> bool:
    """Whether it meets these of Zoom's requirements; detection of weak ones is not imitated."""
    wanted = {
        "have_letter": r"[A-Za-z]",
        "have_number": r"[0-9]",
        "have_special_character": r"[@\-_*]",
        "have_upper_and_lower_characters": r"[a-z].*[A-Z]|[A-Z].*[a-z]",
        "only_allow_numeric": r"^[0-9]+$",
    }
    fits = all(re.search(wanted[name], passcode) for name in wanted if rules.get(name) is True)
    longest_row = _read_length(rules, "consecutive_characters_length")
    return (
        fits
        and len(passcode) >= _read_length(rules, "length")
        and not (longest_row and _has_row(passcode, longest_row))
    )


def _read_length(rules: dict[str, Any], name: str) -> int:
    value = rules.get(name, 0)
    return min(value, LONGEST) if isinstance(value, int) and value > 0 else 0


def _has_row(passcode: str, length: int) -> bool:
    """Whether so many characters in a row are alike or follow each other, as in 1111 or 1234."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(passcode)]
    rows = (len(list(group)) + 1 for step, group in itertools.groupby(steps) if abs(step) < 2)
    return any(row >= length for row in rows)


def make_passcode(account: Account) -> str:
    """One that meets the account's rules, as far as any passcode can."""
    rules = account.passcode_rules
    letters = string.digits
    if rules.get("only_allow_numeric") is not True:
        letters += string.ascii_letters
        letters += SPECIAL if rules.get("have_special_character") is True else ""
    length = max(USUAL_LENGTH, _read_length(rules, "length"))
    for _ in range(TRIES):
        made = _draw(letters, length)
        if satisfies(rules, made):
            break
    return made


def make_phone_passcode(passcode: str) -> str:
    """What is keyed in on a telephone or a room system: digits only."""
    if not passcode or passcode.isdecimal():
        return passcode
    return _draw(string.digits, USUAL_LENGTH)


def _draw(letters: str, length: int) -> str:
    """Chosen at random, in one question to the operating system for all of them."""
    return "".join(letters[byte % len(letters)] for byte in secrets.token_bytes(length))


def set_passcode(meeting: Meeting, passcode: str) -> None:
    """With all that is derived from it."""
    meeting.password = passcode
    meeting.encrypted_password = f"{secrets.token_urlsafe(24)}.1" if passcode else ""
    meeting.h323_password = make_phone_passcode(passcode)
