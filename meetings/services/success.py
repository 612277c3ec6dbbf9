"""How many starts ended in the meeting: an organization's figure of the last seven days."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from meetings.models import StartAttempt
from meetings.start_steps import Outcome, Step
from portal.models import Organization


@dataclass
class Success:
    """Presses by what became of them; `missed` by step, failed and not heard of again together."""

    organization: Organization
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    missed: Counter[Step] = field(default_factory=Counter)

    @property
    def presses(self) -> int:
        return self.outcomes.total()

    @property
    def in_meeting(self) -> int:
        return self.outcomes[Outcome.IN_MEETING]

    @property
    def percentage(self) -> int | None:
        """Of those whose end is known; None where there are none. Rounded down: 100 is all."""
        known = self.in_meeting + self.missed.total()
        return 100 * self.in_meeting // known if known else None


def get_success(organization: Organization, now: datetime) -> Success:
    success = Success(organization)
    rows = (
        StartAttempt.objects.filter(organization=organization)
        .of_last_week(now)
        .with_outcome(now)
        .values_list("outcome", "step")
        .annotate(count=Count("pk"))
        .order_by()
    )
    for outcome, step, count in rows:
        success.outcomes[Outcome(outcome)] += count
        if outcome in (Outcome.FAILED, Outcome.STOPPED):
            success.missed[Step(step)] += count
    return success
