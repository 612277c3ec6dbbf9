"""HTML for the few pages a person sees. Everything that comes from outside is escaped here."""

from collections.abc import Iterable
from html import escape

from aiohttp import web

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Zoom sandbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/_pages/pages.css">
<script src="/_pages/pages.js" defer></script>
</head>
<body>
<header>
<a href="/">Zoom sandbox</a> <span>not Zoom: a program to try the portal against</span>
</header>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def show(title: str, body: str, status: int = 200) -> web.Response:
    """A whole page; ``body`` is markup already."""
    return show_part(SHELL.format(title=escape(title), body=body), status)


def show_part(body: str, status: int = 200) -> web.Response:
    """Markup as an answer. JSON may have brought half a surrogate pair, which no page can hold."""
    return web.Response(
        body=body.encode("utf-8", "replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers=HEADERS,
    )


def live(address: str, body: str) -> str:
    """A part of the page that its script fetches again every two seconds."""
    return f'<div data-live="{escape(address)}">{body}</div>'


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{escape(kind)}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def listing(items: Iterable[str], empty: str) -> str:
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else paragraph(empty, "quiet")


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table that scrolls sideways on a phone instead of widening the page."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    lines = [
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    ]
    body = "".join(lines)
    if not lines:
        return f"<h2>{escape(caption)}</h2>" + paragraph("None yet.", "quiet")
    return (
        f'<h2>{escape(caption)}</h2><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(caption)}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def button(action: str, label: str, kind: str = "") -> str:
    return (
        f'<form method="post" action="{escape(action)}">'
        f'<button class="{escape(kind)}">{escape(label)}</button></form>'
    )
