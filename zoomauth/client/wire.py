"""One exchange with Zoom over HTTP: the only module that imports requests.

An adapter without a session: proxies of the environment, .netrc, cookies, redirects and the
waiting for their bodies are all a session's doing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import requests
import urllib3
from django.views.decorators.debug import sensitive_variables
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidHeader

from zoomauth.client.calls import Call
from zoomauth.client.deadline import (
    Deadline,
    Exchange,
    Gate,
    HTTPPool,
    HTTPSPool,
    exchange_until,
)
from zoomauth.errors import (
    ZoomAnswerInvalid,
    ZoomError,
    ZoomTimeout,
    ZoomUnavailable,
    ZoomUnreachable,
)

LARGEST_ANSWER: Final = 1024 * 1024

_CHUNK = 64 * 1024
_POOLED_CONNECTIONS = 32
_UNREADABLE = (InvalidHeader, urllib3.exceptions.DecodeError)
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError)


@dataclass(frozen=True)
class Request:
    """What a call sends. `timeouts`: seconds to connect, seconds for each read."""

    url: str
    authorization: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """`content` is None when it was too large to be taken in."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


@sensitive_variables()
def ask(
    call: Call, request: Request, timeouts: tuple[float, float], deadline: Deadline, gate: Gate
) -> Answer | ZoomError:
    """Zoom's answer, or why there is none. `timeouts`: to connect, and for each read.

    Raises what `gate` raises. The error comes back as a value, for the caller to raise out of reach
    of any `except`: the exceptions of requests hold the request with its secrets, and would
    otherwise hang on to ours.
    """
    if deadline.remaining() <= 0:
        return ZoomTimeout(call=call.name)
    status = None
    with exchange_until(deadline, gate) as exchange:
        try:
            with _adapter_of_process(os.getpid()).send(
                _prepare(call, request), stream=True, timeout=timeouts
            ) as response:
                status = response.status_code
                content = b"" if 300 <= status < 400 else _read_content(response)
                return Answer(status, response.headers, content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            outcome = _make_error(call, exchange, error, status)
    if exchange.withheld_by is not None:
        raise exchange.withheld_by
    return outcome


@lru_cache(maxsize=1)
def _adapter_of_process(process_id: int) -> HTTPAdapter:
    """The connections of this process; a fork must not write into those of its parent."""
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=_POOLED_CONNECTIONS, max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}
    return adapter


@sensitive_variables()
def _prepare(call: Call, request: Request) -> requests.PreparedRequest:
    return requests.Request(
        call.method,
        request.url,
        params=request.query,
        data=request.form,
        json=request.body,
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": request.authorization,
            "User-Agent": "greenroom",
        },
    ).prepare()


def _read_content(response: requests.Response) -> bytes | None:
    content = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            return None
    return bytes(content)


def _make_error(call: Call, exchange: Exchange, error: Exception, status: int | None) -> ZoomError:
    if exchange.was_kept_waiting:
        return ZoomTimeout(call=call.name)
    if not exchange.was_sent:
        return ZoomUnreachable(call=call.name, was_tried=True)
    kind: type[ZoomError] = ZoomUnavailable
    if isinstance(error, _UNREADABLE):
        kind = ZoomAnswerInvalid
    elif isinstance(error, _TIMEOUTS):
        kind = ZoomTimeout
    refused = status is not None and 400 <= status < 500
    return kind(
        call=call.name,
        http_status=status,
        outcome_unknown=call.is_write and not refused,
        repeatable=call.repeatable,
        was_tried=True,
    )
