"""Meetings that Zoom knows too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from meetings.models import Host, Meeting
from meetings.services.schedule import Plan, schedule_meeting
from tests.cast import Cast
from tests.sandbox import Sandbox


@pytest.fixture
def schedule(cast: Cast, zoom: Sandbox) -> Callable[..., Meeting]:
    """Schedule at the sandbox, as the host themselves."""

    def call(host: Host, **fields: Any) -> Meeting:
        key = fields.pop("key", None) or Meeting().pk
        plan = Plan(
            **{
                "host": host,
                "topic": "Rehearsal",
                "starts_at": timezone.now() + timedelta(hours=1),
                "duration_minutes": 45,
                "passcode": "open_1",
                **fields,
            }
        )
        with scope(organization=[host.organization_id]):
            return schedule_meeting(plan=plan, user=host.membership.user, key=key)

    return call


@pytest.fixture
def at_zoom(cast: Cast, schedule: Callable[..., Meeting]) -> Meeting:
    """A meeting of alice's with bob as alternative host, scheduled at the sandbox."""
    return schedule(cast.alice_host, alternative_hosts=[cast.bob_host])
