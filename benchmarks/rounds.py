"""How often things are measured, and how sides that are compared take turns."""

import os
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.load import Measured

# Fewer for a quick look, which is no measurement.
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
Side = Callable[[], Measured]


@dataclass
class Rounds:
    """What was measured of each side, round by round; a round with a failed answer is none."""

    taken: dict[str, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    failed: int = 0

    def median(self, side: str, figure: Callable[[Measured], float]) -> float:
        """Over the rounds; infinite where none of them was good."""
        found = [figure(measured) for measured in self.taken[side]]
        return statistics.median(found) if found else float("inf")

    def p50(self, side: str) -> float:
        return self.median(side, lambda measured: measured.p50)

    def p99(self, side: str) -> float:
        return self.median(side, lambda measured: measured.p99)

    def rate(self, side: str) -> float:
        """Answers a second; none where no round was good."""
        return self.median(side, lambda measured: measured.rate) if self.taken[side] else 0.0

    def rate_over(self, side: str, other: str) -> float:
        """How many times as many answers; none where either had no good round."""
        return self.rate(side) / self.rate(other) if self.taken[other] else 0.0


def take_turns(sides: dict[str, Side], rounds: int = ROUNDS) -> Rounds:
    """Each side once a round, so that a slow minute of the machine hits all of them.

    Every other round goes backwards: what one side leaves behind then meets both its neighbours.
    """
    seen = Rounds()
    for number in range(rounds):
        for name, side in list(sides.items())[:: -1 if number % 2 else 1]:
            measured = side()
            seen.failed += measured.failed
            if not measured.failed and measured.latencies:
                seen.taken[name].append(measured)
    return seen
