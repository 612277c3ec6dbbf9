"""What a case claims of Zoom, from where that is known, and how sure it is."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, TypeVar

Case = TypeVar("Case", bound=Callable[..., Any])
Sure = Literal["H", "M", "L"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Claim:
    """One thing that Zoom is relied on for.

    `sure`: H, a primary source was read; M, one secondary source; L, a guess or hearsay.
    `only_sandbox`: why a real account cannot be asked by a program; empty where it can.
    """

    what: str
    source: str
    sure: Sure
    only_sandbox: str = ""


def zoom_says(
    what: str, *, source: str, sure: Sure, only_sandbox: str = ""
) -> Callable[[Case], Case]:
    """Mark a test function as a case of the contract."""

    def mark(case: Case) -> Case:
        case.claim = Claim(what, source, sure, only_sandbox)  # type: ignore[attr-defined]
        return case

    return mark


def get_claim(function: Any) -> Claim | None:
    return getattr(function, "claim", None)


def read_cases() -> dict[str, list[tuple[str, Claim | None]]]:
    """For each file of cases, its test functions in their order, with their claims."""
    return {path.stem: list(_read_file(path)) for path in sorted(FOLDER.glob("test_*.py"))}


def _read_file(path: Path) -> Any:
    module = importlib.import_module(f"tests.contract.{path.stem}")
    for name, thing in vars(module).items():
        if name.startswith("test_") and isinstance(thing, FunctionType):
            yield name, get_claim(thing)
