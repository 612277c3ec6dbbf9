"""Figures, printed as a table and written as JSON."""

import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parents[1] / "build"


@dataclass(frozen=True)
class Figure:
    """A measured value and the limit it has to keep, where it has one."""

    name: str
    value: float
    unit: str
    limit: float | None
    ok: bool


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(name, round(value, 3), unit, limit, value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(name, round(value, 3), unit, limit, value >= limit)


def exactly(name: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, limit, value == limit)


def told(name: str, value: float, unit: str) -> Figure:
    return Figure(name, round(value, 3), unit, None, True)


def write_report(name: str, figures: list[Figure]) -> int:
    """Print the table, write `build/<name>.json` and `.md`; 1 when a figure misses its limit."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        limit = "" if figure.limit is None else f"limit {figure.limit:>8g}"
        mark = "ok" if figure.ok else "MISSED"
        sys.stdout.write(
            f"{figure.name:<{width}}  {figure.value:>10g} {figure.unit:<9} {limit:<14}  {mark}\n"
        )
    BUILD.mkdir(exist_ok=True)
    path = BUILD / f"{name}.json"
    path.write_text(json.dumps([_as_json(figure) for figure in figures], indent=2) + "\n")
    path.with_suffix(".md").write_text(_as_markdown(figures))
    sys.stdout.write(f"Written to build/{path.name}\n")
    return 0 if all(figure.ok for figure in figures) else 1


def _as_json(figure: Figure) -> dict[str, Any]:
    """What could not be measured is null: JSON knows no infinity."""
    value = figure.value if math.isfinite(figure.value) else None
    return {**asdict(figure), "value": value}


def _as_markdown(figures: list[Figure]) -> str:
    """For a document."""
    rows = [
        f"| `{figure.name}` | {figure.value:g} {figure.unit} "
        f"| {'' if figure.limit is None else f'{figure.limit:g}'} "
        f"| {'' if figure.ok else 'missed'} |"
        for figure in figures
    ]
    return "\n".join(["| figure | value | limit | |", "|---|--:|--:|---|", *rows, ""])
