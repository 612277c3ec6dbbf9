"""Meeting numbers and UUIDs in paths."""

import re
from urllib.parse import unquote

from aiohttp import web

from zoomsandbox.life.meetings import has_expired
from zoomsandbox.rest.errors import ZoomRefusal, no_such_meeting
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.meetings import Meeting
from zoomsandbox.state.world import ENTRY, WORLD

NUMBER = re.compile(r"[0-9]{1,18}")


def read_number(request: web.Request) -> int:
    """The meeting number in the path; a UUID is refused where Zoom takes numbers only."""
    text = request.match_info["meeting"]
    request[ENTRY].detail["number"] = text
    if not NUMBER.fullmatch(text):
        raise ZoomRefusal(400, 300, "Invalid meeting id.")
    return int(text)


def find_meeting(request: web.Request, account: Account) -> Meeting:
    """The meeting of this account with the number in the path; raises ZoomRefusal (3001)."""
    number = read_number(request)
    world = request.app[WORLD]
    meeting = world.get_meeting(number, account.account_id)
    if meeting is None or has_expired(world, meeting):
        raise no_such_meeting(number)
    return meeting


def read_number_or_uuid(request: web.Request) -> int | str:
    """What stands in the path of a call about past runs: the number, or the UUID of one run."""
    text = request.match_info["meeting"]
    request[ENTRY].detail["number"] = text
    return parse_number_or_uuid(text)


def parse_number_or_uuid(text: str) -> int | str:
    """``text`` has been decoded once; raises ZoomRefusal.

    Source: Zoom API, Using Zoom APIs: a UUID that begins with a slash or contains two in a row has
    to be encoded twice. What Zoom says when it is not is not documented; as its gateway then sees
    another path, the sandbox answers as for those. Other UUIDs may be encoded once or twice.
    """
    if NUMBER.fullmatch(text):
        return int(text)
    if "%" in text:
        # Base 64 has no percent sign: this was encoded twice.
        return unquote(text)
    if text.startswith("/") or "//" in text:
        raise ZoomRefusal(404, 2300, "This API endpoint is not recognized.")
    return text
