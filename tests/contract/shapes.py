"""What stays of an answer: types, forms and classes of length. Never a value."""

import re
from typing import Any

Shape = Any

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_FORMS = (
    ("empty", re.compile(r"")),
    ("digits", re.compile(r"[0-9]+")),
    ("date-time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")),
    ("local date-time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")),
    ("e-mail", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("https link", re.compile(r"https://\S+")),
    ("http link", re.compile(r"http://\S+")),
)
_CLASSES = (10, 40, 100, 300, 1000, 3000)


def make_shape(value: Any) -> Shape:
    """The tree of JSON types. A key that is no plain name may itself be a value, so it goes."""
    if isinstance(value, dict):
        named = {k if _KEY.fullmatch(k) else "<key>": make_shape(v) for k, v in value.items()}
        return dict(sorted(named.items()))
    if isinstance(value, list):
        return [_merge_all([make_shape(one) for one in value])] if value else []
    return _leaf(value)


def _leaf(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return f"string ({next((name for name, form in _FORMS if form.fullmatch(value)), 'text')})"


def _merge_all(shapes: list[Shape]) -> Shape:
    merged = shapes[0]
    for shape in shapes[1:]:
        merged = _merge(merged, shape)
    return merged


def _merge(one: Shape, other: Shape) -> Shape:
    """The shape of a list's element, whichever it is: a key that not all have ends in `?`."""
    if one == other:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({key.rstrip("?") for key in (*one, *other)})
        return dict(_merge_key(name, one, other) for name in names)
    if isinstance(one, list) and isinstance(other, list):
        elements = [*one, *other]
        return [_merge_all(elements)] if elements else []
    parts = {part for shape in (one, other) for part in _name(shape).split(" | ")}
    return " | ".join(sorted(parts))


def _merge_key(name: str, one: dict[str, Shape], other: dict[str, Shape]) -> tuple[str, Shape]:
    found = [shapes[key] for shapes in (one, other) for key in (name, f"{name}?") if key in shapes]
    always = name in one and name in other
    return (name if always else f"{name}?"), _merge_all(found)


def _name(shape: Shape) -> str:
    return "object" if isinstance(shape, dict) else "array" if isinstance(shape, list) else shape


def get_length_class(value: Any) -> str:
    """Of a secret no more than between which bounds its length lies."""
    if not isinstance(value, str):
        return _leaf(value)
    low = 0
    for high in _CLASSES:
        if len(value) <= high:
            return f"{low} to {high} characters"
        low = high + 1
    return f"over {_CLASSES[-1]} characters"
