"""How a case came out, in words that hold no value of Zoom's."""

import linecache
from pathlib import Path
from typing import Any

import pytest

from tests.contract.record import Outcome
from tests.contract.wire import ContractBreach

# Before each line that tells how far a run is.
LINE = "contract: "


def judge(
    item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport
) -> Outcome | None:
    """What this phase of a test adds to its outcome; None when nothing."""
    if report.skipped and call.excinfo is not None:
        return Outcome("unconfirmed", str(getattr(call.excinfo.value, "msg", "")))
    if report.failed and call.excinfo is not None:
        return _describe_failure(call.excinfo)
    return Outcome("passed") if report.when == "call" and report.passed else None


def _describe_failure(error: pytest.ExceptionInfo[BaseException]) -> Outcome:
    """The line of the case that failed, as it stands in the file.

    An exception's own text may hold what Zoom answered, so only those of our making are told.
    """
    line = next(
        (
            (Path(entry.path), entry.lineno + 1)
            for entry in reversed(error.traceback)
            if Path(str(entry.path)).parent.name == "contract"
            and Path(str(entry.path)).name.startswith("test_")
        ),
        None,
    )
    told = (
        str(error.value) if isinstance(error.value, ContractBreach) else type(error.value).__name__
    )
    if line is None:
        return Outcome("failed", told, "before the case")
    path, number = line
    source = linecache.getline(str(path), number).strip()
    return Outcome("failed", told, f"tests/contract/{path.name}:{number}: {source}")


def describe_progress(name: str, outcome: Outcome | None) -> str:
    if outcome is None:
        return f"{LINE}{name}: not run"
    told = f" ({outcome.reason})" if outcome.reason else ""
    return f"{LINE}{name}: {outcome.outcome}{told}"
