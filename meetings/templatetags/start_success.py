"""How many starts ended in the meeting, in the admin's pages."""

from typing import Any

from django import template
from django.utils import timezone

from meetings.attempt_texts import PLACES
from meetings.services.success import get_success
from meetings.start_steps import Outcome, Step
from portal.models import Organization, User

register = template.Library()


@register.inclusion_tag("admin/_start_success.html")
def start_success_of(organization: Organization, user: User) -> dict[str, Any]:
    """The last seven days of one organization. Only numbers, so operators see them too."""
    success = get_success(organization, timezone.now())
    return {
        "success": success,
        "missed": [(PLACES[step], success.missed[step]) for step in Step if success.missed[step]],
        "handed_out": success.outcomes[Outcome.HANDED_OUT],
        "under_way": success.outcomes[Outcome.UNDER_WAY],
        "is_own": organization.pk in user.admin_of(),
    }
