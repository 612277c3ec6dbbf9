"""Where two records of the suite differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.contract.record import Exchange, Outcome, Record
from tests.contract.shapes import Shape

NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """`where` is a field of the body or a header; empty where `kind` says it all."""

    case: str
    step: str
    kind: str
    where: str
    sandbox: str
    live: str


def compare(sandbox: Record, live: Record) -> list[Difference]:
    """Every difference of outcomes, statuses, codes, sentences, bodies, lengths and headers."""
    return [*_compare_outcomes(sandbox, live), *_compare_exchanges(sandbox, live)]


def _compare_outcomes(sandbox: Record, live: Record) -> Iterator[Difference]:
    for case in dict.fromkeys([*sandbox.outcomes, *live.outcomes]):
        ours, theirs = (record.outcomes.get(case, Outcome("not run")) for record in (sandbox, live))
        # What could not be tried on one side is told apart, with its reason.
        outcomes = {ours.outcome, theirs.outcome}
        if len(outcomes) == 2 and "unconfirmed" not in outcomes:
            yield Difference(case, "", "outcome", "", ours.outcome, theirs.outcome)


def _compare_exchanges(sandbox: Record, live: Record) -> Iterator[Difference]:
    ours, theirs = ({(e.case, e.step): e for e in record.exchanges} for record in (sandbox, live))
    for case, step in dict.fromkeys([*ours, *theirs]):
        # A case that was not made on one side differs by its outcome already.
        if any(r.outcomes.get(case, Outcome("")).outcome == "unconfirmed" for r in (sandbox, live)):
            continue
        one, other = ours.get((case, step)), theirs.get((case, step))
        if one and other:
            for kind, where, here, there in _compare_exchange(one, other):
                yield Difference(case, step, kind, where, here, there)
        else:
            asked = ["asked" if e else "not asked" for e in (one, other)]
            yield Difference(case, step, "call", "", *asked)


def _compare_exchange(one: Exchange, other: Exchange) -> Iterator[tuple[str, str, str, str]]:
    if one.status != other.status:
        yield "status", "", str(one.status), str(other.status)
    if one.code != other.code:
        yield "code", "", _show(one.code), _show(other.code)
    for sentence in sorted({*one.sentences} ^ {*other.sentences}):
        said = [sentence in e.sentences for e in (one, other)]
        yield "sentence", sentence, *("said" if so else "not said" for so in said)
    if one.status == other.status:
        yield from (("body", *rest) for rest in _compare_shapes("", one.shape, other.shape))
        yield from _compare_names("length", one.lengths, other.lengths, only_common=True)
    elif one.shape != other.shape:
        yield "body", "", _show(one.shape), _show(other.shape)
    yield from _compare_names("header", one.headers, other.headers)


def _compare_names(
    kind: str, one: dict[str, str], other: dict[str, str], *, only_common: bool = False
) -> Iterator[tuple[str, str, str, str]]:
    names = [*one, *other] if not only_common else [name for name in one if name in other]
    for name in dict.fromkeys(names):
        here, there = one.get(name, NOTHING), other.get(name, NOTHING)
        if here != there:
            yield kind, name, here, there


def _compare_shapes(path: str, one: Shape, other: Shape) -> Iterator[tuple[str, str, str]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({key.rstrip("?") for key in (*one, *other)}):
            inner = f"{path}.{name}" if path else name
            yield from _compare_fields(inner, _find(one, name), _find(other, name))
    elif isinstance(one, list) and isinstance(other, list) and one and other:
        yield from _compare_shapes(f"{path}[]", one[0], other[0])
    elif one != other:
        yield path, _show(one), _show(other)


def _compare_fields(
    path: str, one: tuple[str, Shape] | None, other: tuple[str, Shape] | None
) -> Iterator[tuple[str, str, str]]:
    if one is None or other is None:
        yield path, *(NOTHING if field is None else _show(field[1]) for field in (one, other))
        return
    if one[0] != other[0]:
        yield path, *("in some" if field[0].endswith("?") else "in all" for field in (one, other))
    yield from _compare_shapes(path, one[1], other[1])


def _find(shape: dict[str, Shape], name: str) -> tuple[str, Shape] | None:
    return next(((key, shape[key]) for key in (name, f"{name}?") if key in shape), None)


def _show(shape: Any) -> str:
    if shape is None or shape == "null":
        return NOTHING if shape is None else "null"
    if isinstance(shape, dict):
        return f"object with {', '.join(shape) or 'nothing'}"
    if isinstance(shape, list):
        return f"list of {_show(shape[0])}" if shape else "empty list"
    return str(shape)
