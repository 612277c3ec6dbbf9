"""Which planted failure a call meets, if any."""

import re
from fnmatch import fnmatchcase

import jwt
from aiohttp import BasicAuth, web

from zoomsandbox.state.ledger import Fault
from zoomsandbox.state.world import World


async def take_fault(request: web.Request, world: World, call: str) -> Fault | None:
    """The first planted failure that hits this call, with one of its times spent."""
    for fault in list(world.faults):
        if not _is_about(fault, request, call):
            continue
        if fault.account and fault.account != await find_account_id(request, world):
            continue
        fault.seen += 1
        if fault.seen > fault.skip and not fault.is_spent:
            fault.hits += 1
            return fault
    return None


def _is_about(fault: Fault, request: web.Request, call: str) -> bool:
    return (
        fnmatchcase(call, fault.call)
        and (not fault.path or fnmatchcase(request.path, fault.path))
        and (not fault.pattern or re.search(fault.pattern, request.path_qs) is not None)
    )


async def find_account_id(request: web.Request, world: World) -> str | None:
    """Whose call this is, by what it shows: token, credentials, signature, ZAK or number.

    Nothing is verified here: the failure comes before anybody has looked at the call.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = world.tokens.get(value)
        return token.account_id if token else None
    if scheme.lower() == "basic":
        return _find_by_client(world, f"{scheme} {value}")
    return _find_by_number(request, world) or await _find_by_form(request, world)


def _find_by_client(world: World, header: str) -> str | None:
    try:
        client_id = BasicAuth.decode(header).login
    except ValueError:
        return None
    owners = (a for a in world.accounts.values() if a.client_id == client_id)
    return next((account.account_id for account in owners), None)


def _find_by_number(request: web.Request, world: World) -> str | None:
    number = request.match_info.get("number", "")
    meeting = world.meetings.get(int(number)) if re.fullmatch(r"[0-9]{1,19}", number) else None
    return meeting.account_id if meeting else None


async def _find_by_form(request: web.Request, world: World) -> str | None:
    """The Web SDK shows a signature, and at other times the ZAK alone."""
    try:
        form = await request.post()
    except (ValueError, LookupError, web.HTTPException):
        return None
    zak = world.zaks.get(str(form.get("zak", "")))
    if zak:
        return zak.account_id
    try:
        claims = jwt.decode(str(form.get("signature", "")), options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    owners = (a for a in world.accounts.values() if a.sdk_client_id == claims.get("appKey"))
    return next((account.account_id for account in owners), None)
