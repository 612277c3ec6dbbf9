"""The checklist in the admin's pages."""

from dataclasses import dataclass
from typing import Any

from django import template

from portal.checklist import State, Step, get_checklist
from portal.models import Organization, User

register = template.Library()

# Whoever is admin of more opens an organization's own page for it.
_MOST_AT_ONCE = 3


@register.inclusion_tag("admin/_checklist.html")
def checklist_of(organization: Organization) -> dict[str, Any]:
    """The steps of one organization."""
    items = get_checklist(organization)
    done = sum(item.state is State.DONE for item in items)
    return {
        "organization": organization,
        "items": items,
        "done": done,
        "all_done": done == len(items),
    }


@register.simple_tag
def organizations_to_set_up(user: User) -> list[Organization]:
    """Those of which this person is an admin; none for an operator who belongs nowhere."""
    own = Organization.objects.filter(pk__in=user.admin_of(), is_active=True)
    return list(own.order_by("name")[:_MOST_AT_ONCE])


@dataclass(frozen=True)
class NextStep:
    """What an organization's admin does next, and how far that is."""

    organization: Organization
    step: Step
    number: int
    total: int
    is_one_of_several: bool


@register.inclusion_tag("admin/_next_steps.html")
def next_steps(user: User, here: str = "") -> dict[str, Any]:
    """A line for each organization that is not set up, except where its next step is `here`."""
    return {"open": [one for one in steps_to_do(user) if one.step.name != here]}


@register.simple_tag
def steps_to_do(user: User) -> list[NextStep]:
    """The next step of each organization that this person administers and is not set up."""
    organizations = organizations_to_set_up(user)
    found = []
    for organization in organizations:
        items = get_checklist(organization)
        for number, item in enumerate(items, start=1):
            if item.state is State.NEXT:
                several = len(organizations) > 1
                found.append(NextStep(organization, item.step, number, len(items), several))
    return found
