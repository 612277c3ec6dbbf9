"""What the page header offers this person about meetings."""

from typing import Any

from django.http import HttpRequest

from meetings.models import Host


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`can_schedule` answers only when a template asks: most answers are not pages."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"can_schedule": lambda: Host.objects.schedulable_by(user).exists()}
