"""The table of the cases, as it stands in docs/contract.md."""

import re
from collections.abc import Iterable, Mapping

from tests.contract.says import Claim

NEVER = "never"
HEAD = "| case | what Zoom is relied on for | source | sure | confirmed |\n|---|---|---|---|---|\n"

_ROW = re.compile(r"^\| `(test_\w+)` \|.* \| (never|\d{4}-\d\d-\d\d) \|$", re.MULTILINE)


def make_table(file: str, cases: Iterable[tuple[str, Claim]], confirmed: Mapping[str, str]) -> str:
    """One file's cases under its heading; `confirmed` has the day of those that were."""
    rows = "".join(make_row(name, claim, confirmed.get(name, NEVER)) for name, claim in cases)
    return f"### `tests/contract/{file}.py`\n\n{HEAD}{rows}"


def make_row(name: str, claim: Claim, confirmed: str) -> str:
    what = f"{claim.what} (sandbox only)" if claim.only_sandbox else claim.what
    return f"| `{name}` | {what} | {claim.source} | {claim.sure} | {confirmed} |\n"


def read_confirmed(text: str) -> dict[str, str]:
    """What the last column says of each case."""
    return dict(_ROW.findall(text))
