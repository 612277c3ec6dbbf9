"""The checklist in the admin's pages."""

from typing import Any

from django import template

from portal.checklist import State, get_checklist
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
