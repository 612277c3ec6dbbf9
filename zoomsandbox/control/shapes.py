"""The shapes of JSON that go in and out of the controls, taken from Python's own type hints.

One description serves twice: :func:`make_schema` writes it down as JSON Schema, :func:`read` checks
a value against it. What a dataclass of the state says is therefore what the document says.
"""

import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

# A hint, a Record or a Many.
Shape = Any
Components = dict[str, dict[str, Any]]

PLAIN: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


class ShapeError(ValueError):
    """One sentence on what is wrong, and where."""


@dataclass(frozen=True)
class Bounds:
    """The least and the most a number may be: ``Annotated[int, Bounds(1, 300)]``."""

    least: float
    most: float


@dataclass(frozen=True, eq=False)
class Record:
    """A JSON object with these members, read as a dict of those that were given.

    ``optional`` names those that may be missing; ``is_open``: others may be there too.
    """

    name: str
    members: Mapping[str, Shape]
    description: str = ""
    optional: Collection[str] = ()
    is_open: bool = False

    @property
    def required(self) -> list[str]:
        return [name for name in self.members if name not in self.optional]


@dataclass(frozen=True)
class Many:
    """A list of one shape."""

    item: Shape


@dataclass(frozen=True)
class ByName:
    """An object whose members have names of their own and all the same shape."""

    item: Shape


def answer_of(
    kind: type, name: str, without: Collection[str] = (), changed: Mapping[str, Shape] | None = None
) -> Record:
    """A dataclass as it is answered: every field is there, but for those left out."""
    return Record(name, _get_members(kind, without, changed), _describe(kind))


def body_of(
    kind: type, name: str, without: Collection[str] = (), changed: Mapping[str, Shape] | None = None
) -> Record:
    """What it takes to make one: fields with a default may be missing."""
    members = _get_members(kind, without, changed)
    missing = dataclasses.MISSING
    optional = [
        f.name
        for f in dataclasses.fields(kind)
        if (f.default, f.default_factory) != (missing, missing)
    ]
    return Record(name, members, _describe(kind), [key for key in optional if key in members])


def changes_of(
    kind: type, name: str, without: Collection[str] = (), changed: Mapping[str, Shape] | None = None
) -> Record:
    """What may be changed of one: any of the fields, and nothing must be there."""
    members = _get_members(kind, without, changed)
    return Record(name, members, _describe(kind), tuple(members))


def _get_members(
    kind: type, without: Collection[str], changed: Mapping[str, Shape] | None
) -> dict[str, Shape]:
    hints = typing.get_type_hints(kind, include_extras=True)
    members = {f.name: hints[f.name] for f in dataclasses.fields(kind)} | dict(changed or {})
    return {key: shape for key, shape in members.items() if key not in without}


def _describe(kind: type) -> str:
    """Its docstring, unless it is the one that dataclasses make up."""
    text = inspect.getdoc(kind) or ""
    return "" if text.startswith(f"{kind.__name__}(") else " ".join(text.split())


# --- As JSON Schema ---------------------------------------------------------------------------


def make_schema(shape: Shape, components: Components) -> dict[str, Any]:
    """The JSON Schema of a shape. Records and dataclasses are put among the components."""
    if shape in PLAIN:
        return {"type": PLAIN[shape]}
    if shape is None or shape is type(None):
        return {"type": "null"}
    if isinstance(shape, Many):
        return {"type": "array", "items": make_schema(shape.item, components)}
    if isinstance(shape, ByName):
        return {"type": "object", "additionalProperties": make_schema(shape.item, components)}
    if isinstance(shape, Record):
        return _refer(shape, components)
    if isinstance(shape, type) and dataclasses.is_dataclass(shape):
        return _refer(answer_of(shape, shape.__name__), components)
    return _make_generic_schema(shape, components)


def _make_generic_schema(shape: Shape, components: Components) -> dict[str, Any]:
    origin, arguments = _take_apart(shape)
    if origin is Annotated:
        bounds = next(note for note in arguments[1:] if isinstance(note, Bounds))
        limits = {"minimum": bounds.least, "maximum": bounds.most}
        return make_schema(arguments[0], components) | limits
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [make_schema(one, components) for one in arguments]}
    if origin is list or (origin is tuple and arguments[1:] == (...,)):
        return make_schema(Many(arguments[0]), components)
    if origin is dict:
        return make_schema(ByName(arguments[1]), components)
    if shape is Any:
        return {}
    raise TypeError(f"no schema for {shape!r}")


def _take_apart(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return typing.get_origin(hint), typing.get_args(hint)


def _refer(record: Record, components: Components) -> dict[str, Any]:
    if record.name not in components:
        schema: dict[str, Any] = {"type": "object", "additionalProperties": record.is_open}
        components[record.name] = schema
        if record.description:
            schema["description"] = record.description
        schema["properties"] = {
            name: make_schema(member, components) for name, member in record.members.items()
        }
        if record.required:
            schema["required"] = record.required
    return {"$ref": f"#/components/schemas/{record.name}"}


# --- Reading ----------------------------------------------------------------------------------


def read(shape: Shape, value: Any, where: str = "the body") -> Any:
    """The value as the shape has it: a list becomes a tuple where a tuple is wanted.

    Raises ShapeError on the first thing that does not fit.
    """
    if shape in PLAIN:
        return _read_plain(shape, value, where)
    if isinstance(shape, Many):
        items = _expect(list, value, where, "a list")
        return [read(shape.item, item, f"{where}[{n}]") for n, item in enumerate(items)]
    if isinstance(shape, ByName):
        members = _expect(dict, value, where, "an object")
        return {name: read(shape.item, item, f"{where}.{name}") for name, item in members.items()}
    if isinstance(shape, Record):
        return _read_record(shape, value, where)
    return _read_generic(shape, value, where)


def _read_plain(kind: type, value: Any, where: str) -> Any:
    allowed: tuple[type, ...] = (int, float) if kind is float else (kind,)
    if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
        raise ShapeError(f"{where} must be {WORDS[kind]}")
    if kind is not float:
        return value
    try:
        number = float(typing.cast("float", value))
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ShapeError(f"{where} must be a number of this world")
    return number


def _expect(kind: type, value: Any, where: str, words: str) -> Any:
    if not isinstance(value, kind):
        raise ShapeError(f"{where} must be {words}")
    return value


def _read_record(record: Record, value: Any, where: str) -> dict[str, Any]:
    given = _expect(dict, value, where, "an object")
    missing = [name for name in record.required if name not in given]
    if missing:
        raise ShapeError(f"{where} lacks {', '.join(missing)}")
    unknown = sorted(set(given) - set(record.members))
    if unknown and not record.is_open:
        raise ShapeError(f"{where} cannot have {', '.join(unknown)}")
    return {
        name: read(record.members.get(name, Any), member, f"{where}.{name}")
        for name, member in given.items()
    }


def _read_generic(shape: Shape, value: Any, where: str) -> Any:
    origin, arguments = _take_apart(shape)
    if origin is Annotated:
        return _read_bounded(arguments, value, where)
    if origin is Literal:
        # 1 equals True and 1.0, which a JSON reader must not confuse.
        if not any(type(one) is type(value) and one == value for one in arguments):
            raise ShapeError(f"{where} must be one of {', '.join(map(str, arguments))}")
        return value
    if origin in (types.UnionType, typing.Union):
        return _read_one_of(arguments, value, where)
    if origin in (list, tuple):
        return origin(read(Many(arguments[0]), value, where))
    if origin is dict:
        return read(ByName(arguments[1]), value, where)
    if shape is None or shape is type(None):
        return _expect(type(None), value, where, "null")
    if shape is Any:
        return value
    raise TypeError(f"cannot read {shape!r}")


def _read_bounded(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    bounds = next(note for note in arguments[1:] if isinstance(note, Bounds))
    number = read(arguments[0], value, where)
    if not bounds.least <= number <= bounds.most:
        raise ShapeError(f"{where} must be from {bounds.least:g} to {bounds.most:g}")
    return number


def _read_one_of(shapes: tuple[Any, ...], value: Any, where: str) -> Any:
    errors = []
    for shape in shapes:
        try:
            return read(shape, value, where)
        except ShapeError as error:
            errors.append(str(error))
    raise ShapeError(" or ".join(dict.fromkeys(errors)))
