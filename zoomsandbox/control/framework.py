"""What every control has in common: how it is described, asked and answered.

A control is open to programs on this machine and to the sandbox's own pages. A web page of another
origin cannot use it, nor can one whose name was made to lead here: requests with a foreign Origin
or for a host that is not loopback are refused.
"""

import inspect
import ipaddress
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from zoomsandbox.control.shapes import Record, Shape, ShapeError, read
from zoomsandbox.state.archive import ArchiveError
from zoomsandbox.state.world import WORLD, World

PREFIX = "/_control"
NOTHING = Record("Nothing", {}, "Done, and there is nothing to tell.")


@dataclass(frozen=True)
class Ask:
    """One request to a control: what was asked, checked against the control's shapes."""

    world: World
    path: Mapping[str, str]
    query: dict[str, Any]
    body: Any
    request: web.Request


class NotThereError(Exception):
    """What the request names does not exist: 404."""


@dataclass(frozen=True)
class Control:
    """One control. Its summary is the first line of the action's docstring, the rest explains.

    ``body`` is read and checked before the action is called; ``file`` is only described, the action
    reads it. An answer whose ``media`` is not JSON is a response that the action makes.
    """

    method: str
    path: str
    subject: str
    action: Callable[[Ask], Awaitable[Any]]
    body: Shape = None
    file: Shape = None
    query: Record | None = None
    answer: Shape = NOTHING
    media: str = "application/json"

    @property
    def address(self) -> str:
        return f"{PREFIX}/{self.path}"

    @property
    def summary(self) -> str:
        return self._text.partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        return " ".join(self._text.partition("\n")[2].split())

    @property
    def _text(self) -> str:
        return inspect.getdoc(self.action) or ""

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def as_route(self) -> web.RouteDef:
        return web.route(self.method, self.address, guarded(self._handle))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        query = read_query(self.query, request)
        body = None if self.body is None else read(self.body, await read_json(request))
        ask = Ask(request.app[WORLD], request.match_info, query, body, request)
        answer = await self.action(ask)
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response(answer)


def guarded(handler: Handler) -> Handler:
    """Only for this machine and no foreign web page; mistakes in the request are told, not 500."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if not is_ours(request):
            return _refuse(403, "only from this machine, and from no other web page")
        try:
            return await handler(request)
        except NotThereError as error:
            return _refuse(404, str(error))
        except (ShapeError, ArchiveError, UnicodeDecodeError, web.RequestPayloadError) as error:
            return _refuse(400, str(error))

    return handle


def is_ours(request: web.Request) -> bool:
    """Whether it comes from this machine, for this machine, and not from another site's page."""
    if not (_is_loopback(request.remote or "") and _is_loopback(_get_name(f"//{request.host}"))):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.host}"


def _get_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


async def read_json(request: web.Request) -> Any:
    """The body; an empty one is an empty object. Numbers that JSON does not have are refused."""
    try:
        text = await request.text()
    except LookupError as error:
        raise ShapeError("the body's charset is unknown") from error
    body = parse_json(text or "{}")
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ShapeError("half a surrogate pair is no text") from error
    return body


def parse_json(text: str) -> Any:
    """Raises ShapeError on what is not JSON: NaN, infinities and bottomless nesting too."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float)
    except (ValueError, RecursionError) as error:
        raise ShapeError(f"not JSON: {error}") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _read_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def read_query(record: Record | None, request: web.Request) -> dict[str, Any]:
    """The query by its shape: whole numbers become numbers, anything else stays text."""
    members = record.members if record else {}
    given: dict[str, Any] = {}
    for name, text in request.query.items():
        wants_number = members.get(name) not in (None, str) and re.fullmatch("[0-9]{1,15}", text)
        given[name] = int(text) if wants_number else text
    return dict(read(record or NOTHING, given, "the query"))
