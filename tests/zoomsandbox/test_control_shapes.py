"""Shapes: what the document allows is what the controls take, and nothing else."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from zoomsandbox.control.shapes import (
    Bounds,
    ByName,
    Many,
    Record,
    ShapeError,
    answer_of,
    body_of,
    changes_of,
    make_schema,
    read,
)


@dataclass
class Thing:
    """A thing."""

    name: str
    size: int = 1
    tags: tuple[str, ...] = ()
    kind: Literal["a", "b"] = "a"
    weight: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


SHAPES = {
    "text": str,
    "number": float,
    "whole": int,
    "truth": bool,
    "bounded": Annotated[int, Bounds(1, 3)],
    "choice": Literal["a", 1, True],
    "maybe": str | None,
    "list": Many(int),
    "names": ByName(bool),
    "any": Any,
    "body": body_of(Thing, "NewThing"),
    "changes": changes_of(Thing, "ThingChanges", without=("name",)),
    "answer": answer_of(Thing, "ShownThing"),
    "open": Record("Open", {"a": int}, optional=("a",), is_open=True),
    "nested": Many(body_of(Thing, "NewThing", changed={"extra": Many(str)})),
}
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.sampled_from("abc")
NAMES = st.sampled_from(["a", "name", "size", "tags", "kind", "weight", "extra", "colour"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


def is_allowed(shape, value):
    components = {}
    schema = make_schema(shape, components)
    whole = {**schema, "components": {"schemas": components}}
    return Draft202012Validator(whole).is_valid(value)


def is_read(shape, value):
    try:
        read(shape, value)
    except ShapeError:
        return False
    return True


def is_float_for_whole(value):
    """JSON Schema takes 1.0 for a whole number, the controls do not."""
    if isinstance(value, list):
        return any(map(is_float_for_whole, value))
    if isinstance(value, dict):
        return any(map(is_float_for_whole, value.values()))
    return isinstance(value, float) and value.is_integer()


@pytest.mark.parametrize("name", SHAPES)
@given(value=VALUES)
def test_what_is_read_is_what_the_schema_allows(name, value):
    shape = SHAPES[name]
    if not is_float_for_whole(value):
        assert is_read(shape, value) == is_allowed(shape, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("body", {"name": "x", "size": 2, "tags": ["a"], "kind": "b", "weight": 1.5}),
        ("changes", {"weight": None}),
        ("nested", [{"name": "x", "extra": ["y"]}]),
        ("open", {"b": 1}),
        ("bounded", 3),
    ],
)
def test_what_fits_is_taken_by_both(name, value):
    assert is_read(SHAPES[name], value)
    assert is_allowed(SHAPES[name], value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("body", {"size": 2}),
        ("body", {"name": "x", "colour": "red"}),
        ("changes", {"name": "x"}),
        ("nested", [{"name": "x", "extra": "y"}]),
        ("bounded", 4),
        ("whole", True),
        ("truth", 1),
        ("choice", 1.5),
    ],
)
def test_what_does_not_fit_is_taken_by_neither(name, value):
    assert not is_read(SHAPES[name], value)
    assert not is_allowed(SHAPES[name], value)


def test_the_place_of_a_mistake_is_named():
    with pytest.raises(ShapeError, match=r"^the body\[1\]\.size must be a whole number$"):
        read(SHAPES["nested"], [{"name": "x"}, {"name": "y", "size": "z"}])


def test_a_list_becomes_a_tuple_where_a_tuple_is_wanted():
    assert read(SHAPES["body"], {"name": "x", "tags": ["a"]})["tags"] == ("a",)


def test_what_was_not_given_is_not_there():
    assert read(SHAPES["changes"], {"size": 2}) == {"size": 2}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_a_number_beyond_all_bounds_is_refused(value):
    assert not is_read(float, value)
