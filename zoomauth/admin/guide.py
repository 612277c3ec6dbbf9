"""docs/zoom-setup.md as a page of the admin: one guide, where it is needed.

It renders what that file uses: headings, paragraphs, lists, tables, code, bold and links.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_ITEM = re.compile(r"(?P<mark>[-*]|[0-9]+\.) (?P<text>.*)")
_RULE = re.compile(r"\|[-| :]+\|")
_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\[([^\]]+)\]\((https://[^)\s]+)\)"), r'<a href="\2">\1</a>'),
    # Files beside the guide are not served; their names are enough here.
    (re.compile(r"\[([^\]]+)\]\([^)\s]+\)"), r"\1"),
)


@lru_cache(maxsize=1)
def render_guide() -> SafeString:
    """The guide without its title, which is the page's."""
    text = (settings.BASE_DIR / "docs" / "zoom-setup.md").read_text()
    blocks = [block.strip() for block in text.split("\n\n") if block.strip()]
    html = "\n".join(_render(block) for block in blocks if not block.startswith("# "))
    return mark_safe(html)  # noqa: S308 - our own file, and escaped word by word


def _render(block: str) -> str:
    if block.startswith("#"):
        level = len(block) - len(block.lstrip("#"))
        return f"<h{level}>{_inline(block.lstrip('# '))}</h{level}>"
    lines = block.splitlines()
    if lines[0].startswith("|"):
        return _table(lines)
    if _ITEM.fullmatch(lines[0]):
        return "".join(_lists(lines))
    return f"<p>{_inline(' '.join(lines))}</p>"


def _table(lines: list[str]) -> str:
    rows = [line.strip("|").split("|") for line in lines if not _RULE.fullmatch(line)]
    head = "".join(f'<th scope="col">{_inline(cell.strip())}</th>' for cell in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{_inline(cell.strip())}</td>" for cell in row) + "</tr>"
        for row in rows[1:]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _lists(lines: list[str]) -> Iterator[str]:
    items = [match for line in lines if (match := _ITEM.fullmatch(line))]
    for numbered, group in groupby(items, key=lambda item: item["mark"][0].isdigit()):
        entries = list(group)
        kind = f'ol start="{int(entries[0]["mark"].rstrip("."))}"' if numbered else "ul"
        inside = "".join(f"<li>{_inline(item['text'])}</li>" for item in entries)
        yield f"<{kind}>{inside}</{kind.split()[0]}>"


def _inline(text: str) -> str:
    html = str(escape(text))
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    return html
