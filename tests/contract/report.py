"""What a run against Zoom came to, for people and for programs."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from tests.contract.compare import Difference, compare
from tests.contract.meetings import TOPIC
from tests.contract.record import Outcome, Record
from tests.contract.says import Claim
from tests.contract.table import make_row

WRITES_A_DAY = 100
NOT_RUN = Outcome("not run")


@dataclass(frozen=True)
class Report:
    """Both records, and what is known of the live one. `day` is that of the run, in UTC."""

    sandbox: Record
    live: Record
    api_host: str
    is_zoom: bool
    day: str

    @property
    def cases(self) -> list[tuple[str, str, Claim]]:
        """File, name and claim of every case."""
        return [
            (file, name, claim)
            for file, claims in self.sandbox.claims.items()
            for name, claim in claims.items()
        ]

    @property
    def differences(self) -> list[Difference]:
        return compare(self.sandbox, self.live)

    @property
    def has_failed(self) -> bool:
        records = (self.sandbox, self.live)
        outcomes = [one.outcome for record in records for one in record.outcomes.values()]
        broken_off = self.count()["not run"]
        return "failed" in outcomes or bool(broken_off or self.live.counts["left behind"])

    def get_outcome(self, case: str) -> Outcome:
        return self.live.outcomes.get(case, NOT_RUN)

    def count(self) -> Counter[str]:
        return Counter(self.get_outcome(name).outcome for _, name, _ in self.cases)

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "api_host": self.api_host,
            "is_zoom": self.is_zoom,
            "counts": dict(self.live.counts),
            "clock_skew_seconds": self.live.clock_skew,
            "cases": [
                {
                    "file": f"tests/contract/{file}.py",
                    "case": name,
                    **asdict(claim),
                    "sandbox": asdict(self.sandbox.outcomes.get(name, NOT_RUN)),
                    "live": asdict(self.get_outcome(name)),
                }
                for file, name, claim in self.cases
            ],
            "differences": [asdict(difference) for difference in self.differences],
            "exchanges": {
                "sandbox": [asdict(exchange) for exchange in self.sandbox.exchanges],
                "live": [asdict(exchange) for exchange in self.live.exchanges],
            },
        }

    def as_text(self) -> str:
        parts = (
            self._make_head(),
            self._make_outcomes("Failed", "failed"),
            self._make_differences(),
            self._make_outcomes("Not confirmed", "unconfirmed"),
            self._make_outcomes("Not run", "not run"),
            self._make_cases(),
            self._make_rows(),
        )
        return "\n".join(part for part in parts if part)

    def summarize(self) -> str:
        counted = self.count()
        held = f"{counted['passed']} of {len(self.cases)} cases hold"
        rest = f"{counted['failed']} failed, {counted['unconfirmed']} not confirmed"
        return f"{held}, {rest}; {len(self.differences)} differences"

    def _make_head(self) -> str:
        counts, skew = self.live.counts, self.live.clock_skew
        lines = [
            f"# The contract against {self.api_host}\n",
            f"{self.day}. {self.summarize()}.\n",
            f"- {counts['calls']} calls of the suite's own, beside those of the portal.",
            f"- {counts['writes']} creates and updates for the host, who has {WRITES_A_DAY} a day.",
            f"- {counts['replaced tokens']} times the access token had died by a newer one.",
            f"- {counts['swept']} meetings of an earlier run were cleared away.",
            f"- {counts['left behind']} meetings could not be deleted"
            f" (their topic begins with “{TOPIC}”).",
            f"- Zoom's clock: {skew:+d} s from this machine's.",
        ]
        if not self.is_zoom:
            lines.append("\n**This was not Zoom**, so nothing here confirms anything of Zoom.")
        return "\n".join(lines) + "\n"

    def _make_outcomes(self, heading: str, outcome: str) -> str:
        found = [
            f"- `{name}` (sure: {claim.sure}): {_tell(self.get_outcome(name))}"
            for _, name, claim in self.cases
            if self.get_outcome(name).outcome == outcome
        ]
        return "\n".join([f"## {heading}\n", *found, ""]) if found else ""

    def _make_differences(self) -> str:
        head = "| case | call | differs in | sandbox | live |\n|---|---|---|---|---|"
        rows = [
            f"| {d.case} | {_code(d.step)} | {d.kind} {_code(d.where)} | {d.sandbox} | {d.live} |"
            for d in self.differences
        ]
        body = [head, *rows] if rows else ["None."]
        return "\n".join(["## Differences\n", *body, ""])

    def _make_cases(self) -> str:
        head = "| case | what | source | sure | sandbox | live |\n|---|---|---|---|---|---|"
        rows = [
            f"| `{name}` | {claim.what} | {claim.source} | {claim.sure} |"
            f" {self.sandbox.outcomes.get(name, NOT_RUN).outcome} |"
            f" {self.get_outcome(name).outcome} |"
            for _, name, claim in self.cases
        ]
        return "\n".join(["## All cases\n", head, *rows, ""])

    def _make_rows(self) -> str:
        """What to write into docs/contract.md."""
        if not self.is_zoom:
            return ""
        rows = [
            make_row(name, claim, self.day).rstrip()
            for _, name, claim in self.cases
            if self.get_outcome(name).outcome == "passed"
        ]
        return "\n".join(["## Lines for docs/contract.md\n", "```", *rows, "```", ""])


def _tell(outcome: Outcome) -> str:
    return ", ".join(filter(None, (outcome.reason, _code(outcome.where)))) or "no reason told"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
