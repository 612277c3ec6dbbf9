"""Who may schedule, and how new meetings are: each organization's own say."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from meetings.models import Meeting, MeetingDefaults
from meetings.services.schedule import Plan, schedule_meeting
from portal.models import AuditEvent
from portal.tenancy import acting_for
from tests.factories import MeetingDefaultsFactory

pytestmark = pytest.mark.django_db
FORM = "/meetings/schedule/"
API = "/api/v1/meetings/"
ADMIN = "/admin/meetings/meetingdefaults/"


@pytest.fixture
def schedulers_only(cast):
    cast.acme.who_may_schedule = "schedulers_only"
    cast.acme.save(update_fields=["who_may_schedule"])


@pytest.fixture
def by_form(signed_in):
    def call(user, host, **changes):
        starts_at = timezone.now() + timedelta(days=1)
        data = {
            "key": str(uuid.uuid4()),
            "host": str(host.pk),
            "topic": "Thermodynamics",
            "starts_at": starts_at.strftime("%Y-%m-%dT%H:%M"),
            "duration_minutes": 45,
            **changes,
        }
        return signed_in(user).post(FORM, data)

    return call


@pytest.fixture
def by_api(signed_in):
    def call(user, **changes):
        starts_at = (timezone.now() + timedelta(days=1)).isoformat()
        data = {"topic": "Seminar", "starts_at": starts_at, **changes}
        return signed_in(user).post(API, data, content_type="application/json")

    return call


def plan_for(host):
    return Plan(host, "Rehearsal", timezone.now() + timedelta(days=1), 30)


# --- Who may schedule -----------------------------------------------------------------------


@pytest.mark.both_databases
def test_hosts_schedule_for_themselves_where_they_may(cast, zoom, by_form):
    assert by_form(cast.alice, cast.alice_host).status_code == 302


@pytest.mark.both_databases
def test_hosts_do_not_where_it_is_left_to_schedulers(cast, zoom, by_form, by_api, schedulers_only):
    assert by_form(cast.alice, cast.alice_host).status_code == 422
    assert by_api(cast.alice, host=str(cast.alice_host.pk)).status_code == 400
    assert by_api(cast.alice).status_code == 400
    assert zoom.calls() == []


def test_schedulers_do_all_the_same(cast, zoom, by_form, by_api, schedulers_only):
    assert by_form(cast.sam, cast.alice_host).status_code == 302
    assert by_api(cast.sam, host=str(cast.bob_host.pk)).status_code == 201


def test_another_organizations_policy_is_its_own(cast, zoom, by_form, schedulers_only):
    assert by_form(cast.carol, cast.carol_host).status_code == 302


def test_the_service_refuses_whoever_comes_by_another_door(cast, zoom, schedulers_only):
    with acting_for(cast.acme.pk), pytest.raises(PermissionDenied):
        schedule_meeting(plan=plan_for(cast.alice_host), user=cast.alice, key=uuid.uuid4())
    assert zoom.calls() == []
    event = AuditEvent.objects.get(action="meeting.scheduled")
    assert (event.result, event.actor_id) == ("denied", cast.alice.pk)


@pytest.mark.parametrize("person", ["mia", "ada", "bob"])
def test_the_service_refuses_those_who_schedule_for_somebody_else(cast, zoom, person):
    with acting_for(cast.acme.pk), pytest.raises(PermissionDenied):
        schedule_meeting(
            plan=plan_for(cast.alice_host), user=getattr(cast, person), key=uuid.uuid4()
        )
    assert zoom.calls() == []


def test_a_host_who_may_not_schedule_still_starts(cast, at_zoom, signed_in, schedulers_only):
    client = signed_in(cast.alice)
    assert client.get(f"/meetings/{at_zoom.pk}/").status_code == 200
    assert client.post(f"/meetings/{at_zoom.pk}/start/").status_code == 200


def test_the_page_says_why_there_is_nobody_to_schedule_for(cast, signed_in, schedulers_only):
    body = signed_in(cast.alice).get(FORM).content.decode()
    assert "leaves it to its schedulers" in body
    assert FORM not in signed_in(cast.alice).get("/meetings/").content.decode()


# --- Meeting defaults -----------------------------------------------------------------------


@pytest.fixture
def settings_at_zoom(cast, zoom):
    def read():
        (made,) = zoom.meetings()
        token = zoom.ask_token().json()["access_token"]
        return zoom.api("GET", f"/meetings/{made['number']}", token).json()["settings"]

    return read


NAMES = ("waiting_room", "join_before_host", "mute_upon_entry")


def test_without_defaults_zooms_own_settings_hold(cast, zoom, by_form, settings_at_zoom):
    by_form(cast.alice, cast.alice_host)
    assert [settings_at_zoom()[name] for name in NAMES] == [False, False, False]


def test_the_defaults_are_told_to_zoom(cast, zoom, by_form, settings_at_zoom):
    MeetingDefaultsFactory(organization=cast.acme, waiting_room=True, mute_on_entry=True)
    by_form(cast.alice, cast.alice_host)
    assert [settings_at_zoom()[name] for name in NAMES] == [True, False, True]


def test_the_form_has_the_last_word(cast, zoom, by_form, settings_at_zoom):
    MeetingDefaultsFactory(organization=cast.acme, waiting_room=True, mute_on_entry=True)
    by_form(cast.alice, cast.alice_host, waiting_room="no", join_before_host="yes")
    assert [settings_at_zoom()[name] for name in NAMES] == [False, True, True]


def test_the_api_has_the_last_word(cast, zoom, by_api, settings_at_zoom):
    MeetingDefaultsFactory(organization=cast.acme, waiting_room=True, mute_on_entry=True)
    assert by_api(cast.alice, waiting_room=False, mute_on_entry=None).status_code == 201
    assert [settings_at_zoom()[name] for name in NAMES] == [False, False, True]


def test_the_length_is_the_organizations_in_form_and_api(cast, zoom, signed_in, by_api):
    MeetingDefaultsFactory(organization=cast.acme, duration_minutes=25)
    assert signed_in(cast.alice).get(FORM).context["form"]["duration_minutes"].value() == 25
    assert by_api(cast.alice).json()["duration_minutes"] == 25
    assert by_api(cast.alice, duration_minutes=90).json()["duration_minutes"] == 90


def test_without_defaults_it_is_an_hour(cast, zoom, signed_in, by_api):
    assert signed_in(cast.alice).get(FORM).context["form"]["duration_minutes"].value() == 60
    assert by_api(cast.alice).json()["duration_minutes"] == 60


def test_another_organizations_defaults_are_not_ours(cast, zoom, by_api, settings_at_zoom):
    MeetingDefaultsFactory(organization=cast.globex, duration_minutes=25, waiting_room=True)
    assert by_api(cast.alice).json()["duration_minutes"] == 60
    assert settings_at_zoom()["waiting_room"] is False


def test_a_changed_setting_sent_again_is_another_meeting(cast, zoom, by_form):
    key = str(uuid.uuid4())
    starts_at = "2040-03-01T09:00"
    before = Meeting.objects.count()
    for waiting_room in ("yes", "yes", "no"):
        by_form(
            cast.alice, cast.alice_host, key=key, starts_at=starts_at, waiting_room=waiting_room
        )
    assert Meeting.objects.count() == before + 2


@pytest.mark.parametrize("value", ["maybe", "true"])
def test_a_setting_that_is_none_is_refused(cast, zoom, by_form, value):
    assert by_form(cast.alice, cast.alice_host, waiting_room=value).status_code == 422
    assert zoom.calls() == []


# --- Defaults in the admin ------------------------------------------------------------------


def row(**changes):
    return {
        "duration_minutes": 30,
        "waiting_room": "True",
        "join_before_host": "",
        "mute_on_entry": "False",
        **changes,
    }


def test_an_admin_sets_them_and_it_is_written_down(cast, signed_in):
    answer = signed_in(cast.ada).post(f"{ADMIN}add/", row(organization=cast.acme.pk))
    assert answer.status_code == 302
    made = MeetingDefaults.objects.get()
    assert (made.organization, made.duration_minutes) == (cast.acme, 30)
    assert (made.waiting_room, made.join_before_host, made.mute_on_entry) == (True, None, False)
    event = AuditEvent.objects.get(action="meetingdefaults.added")
    assert event.organization_id == cast.acme.pk


def test_a_change_tells_what_was_before(cast, signed_in):
    MeetingDefaultsFactory(organization=cast.acme, duration_minutes=60)
    signed_in(cast.ada).post(f"{ADMIN}{cast.acme.pk}/change/", row())
    detail = AuditEvent.objects.get(action="meetingdefaults.changed").detail
    assert (detail["before"]["duration_minutes"], detail["after"]["duration_minutes"]) == (60, 30)
    assert (detail["before"]["waiting_room"], detail["after"]["waiting_room"]) == (None, True)


@pytest.mark.parametrize("minutes", [0, 4, 1441])
def test_an_impossible_length_is_a_form_error(cast, signed_in, minutes):
    data = row(organization=cast.acme.pk, duration_minutes=minutes)
    assert signed_in(cast.ada).post(f"{ADMIN}add/", data).status_code == 200
    assert not MeetingDefaults.objects.exists()


def test_a_second_row_is_a_form_error(cast, signed_in):
    MeetingDefaultsFactory(organization=cast.acme)
    answer = signed_in(cast.ada).post(f"{ADMIN}add/", row(organization=cast.acme.pk))
    assert answer.status_code == 200
    assert MeetingDefaults.objects.count() == 1


def test_nobody_sets_another_tenants(cast, signed_in):
    client = signed_in(cast.ada)
    client.post(f"{ADMIN}add/", row(organization=cast.globex.pk))
    assert not MeetingDefaults.objects.exists()
    MeetingDefaultsFactory(organization=cast.globex, duration_minutes=60)
    client.post(f"{ADMIN}{cast.globex.pk}/change/", row())
    assert MeetingDefaults.objects.get().duration_minutes == 60
