"""Every kind of planted failure, with one sentence: the table that control lists and checks by."""

from dataclasses import dataclass

# What every kind heeds: which calls, and which of those.
AIM = ("name", "call", "path", "pattern", "account", "skip", "times")
# Longer than any caller should wait.
FOREVER = 600.0
OVERSIZE = 64 * 1024 * 1024
SOCKET = "web.socket"
JOIN = "web.info"


@dataclass(frozen=True)
class Kind:
    """``heeds``: the fields of a fault that mean something to this kind, besides its aim.

    ``seconds`` is what counts where a fault gives none. ``after``: the call does its work first.
    ``silent``: no answer goes out, so the ledger has no status. ``call``: the one call it is for.
    """

    name: str
    sentence: str
    heeds: tuple[str, ...] = ()
    seconds: float | None = None
    after: bool = False
    silent: bool = False
    call: str = ""
    has_aim: bool = True


_ALL = (
    Kind(
        "latency",
        "The call is carried out at once, and its answer waits for `seconds`, give or take up to "
        "`jitter`.",
        ("seconds", "jitter"),
        seconds=1.0,
        after=True,
    ),
    Kind(
        "stall",
        "Nothing is sent for `seconds`; then the connection is closed.",
        ("seconds", "after"),
        seconds=FOREVER,
        silent=True,
    ),
    Kind(
        "drip",
        "Response headers come a byte at a time for `seconds`; then the connection is closed.",
        ("seconds", "after"),
        seconds=FOREVER,
        silent=True,
    ),
    Kind(
        "body_drip",
        "The call is carried out, and the body of its answer is spread over `seconds`.",
        ("seconds",),
        seconds=60.0,
        after=True,
    ),
    Kind(
        "refuse",
        "The public ports are closed for `seconds`: connections break, new ones are refused.",
        ("seconds",),
        seconds=5.0,
        has_aim=False,
    ),
    Kind("drop", "The connection is closed before any answer.", ("after",), silent=True),
    Kind("reset", "The connection is reset (TCP RST) before any answer.", ("after",), silent=True),
    Kind(
        "lost_reply",
        "The call is carried out, and the connection is closed before its answer.",
        after=True,
        silent=True,
    ),
    Kind(
        "tls_error",
        "Bytes that are neither TLS nor HTTP arrive in place of the answer.",
        ("after",),
        silent=True,
    ),
    Kind(
        "status",
        "An answer with this `status` (500), `body` (an error in Zoom's shape) and `headers`.",
        ("status", "body", "headers", "after"),
    ),
    Kind(
        "html_error",
        "A gateway's page: `status` (503) and HTML, as when what stands behind it is down.",
        ("status", "headers", "after"),
    ),
    Kind(
        "rate_limit",
        "429 as Zoom sends it when calls of a second are used up.",
        ("headers", "after"),
    ),
    Kind(
        "daily_limit",
        "429 as Zoom sends it when calls of a day are used up; it names 00:00 UTC.",
        ("headers", "after"),
    ),
    Kind("bad_json", "JSON that is cut off in the middle.", ("status", "headers", "after")),
    Kind("empty", "A success without a body.", ("status", "headers", "after")),
    Kind(
        "html",
        "A success with a page of HTML in place of JSON, as a portal of a network sends.",
        ("status", "headers", "after"),
    ),
    Kind(
        "wrong_type",
        "The call is carried out, and its answer is called `text/html`.",
        after=True,
    ),
    Kind(
        "oversize",
        "The call is carried out, and blanks follow its answer: 64 MiB, or all a client takes.",
        after=True,
    ),
    Kind(
        "redirect",
        "A redirect (302) to a host that does not exist, or where `headers` say.",
        ("status", "headers", "after"),
    ),
    Kind(
        "wire_error",
        "The Web SDK is refused with the error of this name: `error`.",
        ("error",),
        call=JOIN,
    ),
    Kind(
        "late_welcome",
        "The meeting's WebSocket opens, and the first message in it comes after `seconds`.",
        ("seconds",),
        seconds=5.0,
        call=SOCKET,
    ),
    Kind(
        "no_welcome",
        "The meeting's WebSocket opens and stays silent; after `seconds` it is closed.",
        ("seconds",),
        seconds=FOREVER,
        call=SOCKET,
    ),
    Kind(
        "socket_close",
        "The person is let in by the meeting's WebSocket, which is closed after `seconds`.",
        ("seconds",),
        seconds=1.0,
        call=SOCKET,
    ),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
# After these no answer has gone out.
SILENT = tuple(kind.name for kind in _ALL if kind.silent)
