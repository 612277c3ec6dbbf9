"""HTML for the pages a person sees. Everything that is not markup already is escaped here."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from aiohttp import web

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not no-referrer: with that, browsers call the origin of our own forms null.
    "Referrer-Policy": "same-origin",
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
<a class="skip" href="#main">Skip to content</a>
<header>
<p><a href="/">Zoom sandbox</a> <span>not Zoom: a program to try things against</span></p>
{navigation}</header>
<main id="main" tabindex="-1">
<div class="title"><h1>{title}</h1></div>
{body}
</main>
</body>
</html>
"""


# Elements that have no content and no end.
VOID = ("input",)
# Characters that a cell of a table may have in one line.
LONGEST_LINE = 36


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as markup: escaped, unless it is markup already."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(*parts: object) -> Html:
    """One after the other."""
    return Html("".join(text(part) for part in parts))


def element(tag: str, /, *content: object, **attributes: object) -> Html:
    """One element. ``class_`` is ``class``, underlines are dashes; None and False leave out."""
    told = "".join(_make_attribute(key, value) for key, value in attributes.items())
    end = "" if tag in VOID else f"{join(*content)}</{tag}>"
    return Html(f"<{tag}{told}>{end}")


def _make_attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def show(
    title: str, body: str, status: int = 200, *, navigation: Html | None = None
) -> web.Response:
    """A whole page; ``body`` is markup already."""
    page = SHELL.format(title=escape(title), body=body, navigation=navigation or "")
    return show_part(page, status)


def show_part(body: str, status: int = 200) -> web.Response:
    """Markup as an answer. JSON may have brought half a surrogate pair, which no page can hold."""
    return web.Response(
        body=body.encode("utf-8", "replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers=HEADERS,
    )


# --- Text -------------------------------------------------------------------------------------


def live(address: str, body: str) -> Html:
    """A part of the page that its script fetches again every two seconds."""
    return element("div", Html(body), data_live=address)


def paragraph(content: object, kind: str | None = None) -> Html:
    return element("p", content, class_=kind)


def note(sentence: str) -> Html:
    """What has just been done; read out when the page has loaded."""
    return element("p", sentence, class_="notice", role="status")


def alarm(sentence: str) -> Html:
    return element("p", sentence, class_="alarm", role="alert")


def heading(content: object) -> Html:
    return element("h2", content)


def link(address: str, content: object) -> Html:
    return element("a", content, href=address)


def code(content: object) -> Html:
    return element("code", content)


def badge(content: object, kind: str | None = None) -> Html:
    """A word that stands out; what it says does not depend on the colour."""
    return element("span", content, class_=f"badge {kind or ''}".strip())


def moment(seconds: float | None, *, with_date: bool = True) -> Html:
    """A moment in UTC; a dash for none, the number itself where no calendar has it."""
    if seconds is None:
        return Html("-")
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return text(seconds)
    shown = at.strftime("%Y-%m-%d %H:%M:%S" if with_date else "%H:%M:%S")
    return element("time", shown, datetime=at.isoformat())


def listing(items: Iterable[object], empty: str) -> Html:
    rows = [element("li", item) for item in items]
    return element("ul", *rows) if rows else paragraph(empty, "quiet")


def table(
    caption: str,
    heads: Iterable[str],
    rows: Iterable[Iterable[object]],
    empty: str = "None yet.",
) -> Html:
    """A headed table that scrolls sideways on a phone instead of widening the page."""
    lines = [element("tr", *map(_make_cell, row)) for row in rows]
    if not lines:
        return join(heading(caption), paragraph(empty, "quiet"))
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    grid = element("table", element("thead", head), element("tbody", *lines))
    return join(
        heading(caption),
        element("div", grid, class_="scroll", tabindex=0, role="region", aria_label=caption),
    )


def _make_cell(content: object) -> Html:
    """Sentences are wrapped, short things are not."""
    shown = text(content)
    is_long = len(re.sub("<[^>]*>", "", shown)) > LONGEST_LINE and "<form" not in shown
    return element("td", shown, class_="long" if is_long else None)


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """Names and what they are."""
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for name, value in pairs),
        class_="facts",
    )
