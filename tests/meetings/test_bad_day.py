"""What a person reads at each door that asks Zoom, when Zoom fails or is left alone."""

import uuid
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.zoom_faults import ON_START
from zoomauth.containment import place_for
from zoomauth.models import ZoomAccount

pytestmark = pytest.mark.django_db

# One kind for each cause; that the others come to the same is in tests/zoomauth/test_bad_day.py.
KINDS = ("drip", "refuse", "html_error", "html", "rate_limit", "daily_limit")
IN_DOUBT = {
    "drip": "Zoom took too long to confirm this.",
    "html_error": "Zoom had a fault before it confirmed this.",
    "html": "Zoom&#x27;s confirmation could not be read.",
}
STOPPED = "Zoom has failed several times in a row for your organization."
CROWDED = "Many people of your organization are waiting for Zoom at this moment"


def _form(cast):
    return {
        "key": str(uuid.uuid4()),
        "host": str(cast.alice_host.pk),
        "topic": "Thermodynamics",
        "starts_at": (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        "duration_minutes": 45,
        "passcode": "heat_1",
    }


# The call that each makes, and how it is made.
DOORS = {
    "start": ("users.token", lambda c, cast, m: c.post(reverse("meetings:start", args=[m.pk]))),
    "start by api": (
        "users.token",
        lambda c, cast, m: c.post(reverse("api-meeting-start", args=[m.pk])),
    ),
    "app": (
        "meetings.get",
        lambda c, cast, m: c.post(reverse("meetings:open_in_app", args=[m.pk])),
    ),
    "schedule": (
        "meetings.create",
        lambda c, cast, m: c.post(reverse("meetings:schedule"), _form(cast)),
    ),
}


@pytest.fixture
def knock(cast, at_zoom, zoom, settings):
    client = Client()
    client.force_login(cast.alice)

    def call(door, kind=""):
        name, press = DOORS[door]
        if kind == "refuse":
            zoom.refuse(**ON_START[kind].fields)
        elif kind:
            zoom.fault(name, kind, **ON_START[kind].fields)
            if ON_START[kind].is_slow:
                settings.ZOOM_DEADLINE = 0.5
        zoom.clear_ledger()
        answer = press(client, cast, at_zoom)
        return answer.status_code, answer.content.decode()

    return call


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
def test_a_person_reads_why_and_what_to_do(knock, door, kind):
    status, page = knock(door, kind)
    assert status == ON_START[kind].status
    told = ON_START[kind].sentence.replace("'", "&#x27;")
    if door == "schedule":
        told = IN_DOUBT.get(kind, told)
    assert told in page.replace("Zoom's", "Zoom&#x27;s")


@pytest.mark.parametrize("door", DOORS)
def test_a_stopped_account_is_said_at_once_and_zoom_is_not_asked(knock, cast, zoom, door):
    now = timezone.now()
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(
        failures=5, failing_since=now, stopped_at=now, try_at=now + timedelta(seconds=15)
    )
    status, page = knock(door)
    assert (status, zoom.calls()) == (503, [])
    assert STOPPED in page


@pytest.mark.parametrize("door", DOORS)
def test_a_crowded_account_is_said_and_zoom_is_not_asked(knock, cast, zoom, settings, door):
    settings.ZOOM_CALLS_AT_ONCE = 1
    with ExitStack() as held:
        held.enter_context(place_for(cast.acme_account.pk))
        status, page = knock(door)
    assert (status, zoom.calls()) == (503, [])
    assert CROWDED in page


def test_a_meeting_that_was_not_asked_for_leaves_no_row(knock, cast, settings):
    settings.ZOOM_CALLS_AT_ONCE = 1
    before = set(cast.acme.meetings.values_list("pk", flat=True))
    with place_for(cast.acme_account.pk):
        knock("schedule")
    assert set(cast.acme.meetings.values_list("pk", flat=True)) == before
