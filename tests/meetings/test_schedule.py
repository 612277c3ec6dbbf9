"""GET and POST /meetings/schedule/."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from meetings.models import Meeting
from meetings.services.schedule import discard_meeting
from portal.models import AuditEvent
from tests.factories import HostFactory
from zoomauth.models import HostWrites

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
URL = "/meetings/schedule/"


def form(host, **changes):
    starts_at = timezone.now() + timedelta(days=1)
    return {
        "key": str(uuid.uuid4()),
        "host": str(host.pk),
        "topic": "Thermodynamics",
        "starts_at": starts_at.strftime("%Y-%m-%dT%H:%M"),
        "duration_minutes": 45,
        "passcode": "heat_1",
        **changes,
    }


@pytest.fixture
def only_new(cast):
    """The meetings that a test schedules; the cast's own are none of Zoom's."""
    known = set(Meeting.objects.values_list("pk", flat=True))
    return lambda: Meeting.objects.exclude(pk__in=known)


def test_a_host_schedules_at_zoom_and_here(cast, zoom, signed_in, only_new):
    answer = signed_in(cast.alice).post(URL, form(cast.alice_host))
    meeting = only_new().get()
    (at_zoom,) = zoom.meetings()
    assert answer.headers["Location"] == reverse("meetings:detail", args=[meeting.pk])
    assert meeting.meeting_number == at_zoom["number"]
    assert (meeting.passcode, meeting.topic) == ("heat_1", "Thermodynamics")
    assert meeting.join_url.startswith(f"https://zoom.us/j/{meeting.meeting_number}")


def test_without_a_passcode_zooms_own_is_kept(cast, zoom, signed_in, only_new):
    signed_in(cast.alice).post(URL, form(cast.alice_host, passcode=""))
    assert only_new().get().passcode


def test_the_time_is_read_in_the_persons_zone(cast, zoom, signed_in, only_new):
    cast.alice.time_zone = "Asia/Tokyo"
    cast.alice.save(update_fields=["time_zone"])
    signed_in(cast.alice).post(URL, form(cast.alice_host, starts_at="2040-03-01T09:00"))
    assert only_new().get().starts_at.isoformat() == "2040-03-01T00:00:00+00:00"


def test_a_time_that_daylight_saving_skips_is_refused(cast, zoom, signed_in):
    cast.alice.time_zone = "Europe/Berlin"
    cast.alice.save(update_fields=["time_zone"])
    answer = signed_in(cast.alice).post(URL, form(cast.alice_host, starts_at="2040-03-25T02:30"))
    assert answer.status_code == 422
    assert zoom.calls() == []


def test_the_only_host_is_not_offered_as_their_own_alternative(cast, signed_in):
    form = signed_in(cast.alice).get(URL).context["form"]
    assert list(form.fields["alternative_hosts"].queryset) == [cast.bob_host]


def test_nothing_is_asked_where_there_is_no_other_host(cast, signed_in):
    assert "alternative_hosts" not in signed_in(cast.carol).get(URL).context["form"].fields


def test_who_schedules_for_several_may_choose_among_all_of_them(cast, signed_in):
    form = signed_in(cast.sam).get(URL).context["form"]
    assert set(form.fields["alternative_hosts"].queryset) == {cast.alice_host, cast.bob_host}


def test_alternative_hosts_are_told_to_zoom(cast, zoom, signed_in, only_new):
    signed_in(cast.alice).post(
        URL, form(cast.alice_host, alternative_hosts=[str(cast.bob_host.pk)])
    )
    assert only_new().get().can_be_started_by(cast.bob)
    assert zoom.meetings()[0]["alternative_hosts"] == ["bob"]


def test_a_scheduler_schedules_for_a_host_and_may_not_start(cast, zoom, signed_in, only_new):
    signed_in(cast.sam).post(URL, form(cast.bob_host))
    meeting = only_new().get()
    assert (meeting.host, meeting.created_by) == (cast.bob_host, cast.sam)
    assert meeting.can_be_started_by(cast.bob)
    assert not meeting.can_be_started_by(cast.sam)


@pytest.mark.parametrize("person", ["mia", "ada", "gus", "operator"])
def test_those_who_schedule_for_nobody_are_refused(cast, zoom, signed_in, person):
    answer = signed_in(getattr(cast, person)).post(URL, form(cast.alice_host))
    assert answer.status_code == 422
    assert zoom.calls() == []


def test_nobody_schedules_for_another_tenants_host(cast, zoom, signed_in):
    assert signed_in(cast.alice).post(URL, form(cast.carol_host)).status_code == 422
    assert zoom.calls() == []


def test_an_alternative_host_of_another_tenant_is_refused(cast, zoom, signed_in):
    data = form(cast.alice_host, alternative_hosts=[str(cast.carol_host.pk)])
    assert signed_in(cast.alice).post(URL, data).status_code == 422
    assert zoom.calls() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": ""},
        {"starts_at": "2001-01-01T10:00"},
        {"starts_at": "9999-12-31T23:50"},
        {"duration_minutes": 0},
        {"passcode": "has space"},
        {"passcode": "elevenchars"},
        {"key": "not-a-uuid"},
    ],
    ids=str,
)
def test_bad_input_is_told_and_not_sent(cast, zoom, signed_in, changes):
    answer = signed_in(cast.alice).post(URL, form(cast.alice_host, **changes))
    assert answer.status_code == 422
    assert zoom.calls() == []


def test_the_same_form_twice_is_one_meeting(cast, zoom, signed_in, only_new):
    client, data = signed_in(cast.alice), form(cast.alice_host)
    first, second = client.post(URL, data), client.post(URL, data)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(zoom.meetings()) == only_new().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_meeting(cast, zoom, only_new):
    zoom.fault("meetings.create", "latency", seconds=0.5)
    data = form(cast.alice_host)

    def click(_):
        client = Client()
        client.force_login(cast.alice)
        try:
            return client.post(URL, data).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, range(2))) == [302, 302]
    assert len(zoom.meetings()) == only_new().count() == 1


def test_anothers_key_does_not_lead_to_their_meeting(cast, zoom, signed_in, only_new):
    data = form(cast.alice_host)
    signed_in(cast.alice).post(URL, data)
    signed_in(cast.carol).post(URL, {**data, "host": str(cast.carol_host.pk)})
    assert {meeting.host for meeting in only_new()} == {cast.alice_host, cast.carol_host}


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("status", {"status": 500}, "Look whether it was done"),
        ("bad_json", {}, "Look whether it was done"),
        ("status", {"status": 429, "body": {"code": 429, "message": "x"}}, "Wait a few seconds"),
    ],
    ids=["server error", "bad json", "rate limit"],
)
def test_a_failed_create_is_said_and_never_repeated(
    cast, zoom, signed_in, only_new, kind, fields, words
):
    zoom.fault("meetings.create", kind, **fields)
    answer = signed_in(cast.alice).post(URL, form(cast.alice_host))
    assert words in answer.content.decode()
    assert zoom.calls().count("meetings.create") == 1
    assert AuditEvent.objects.get(action="meeting.scheduled").result == "failed"


def test_a_failed_form_can_be_sent_again(cast, zoom, signed_in, only_new):
    client, data = signed_in(cast.alice), form(cast.alice_host)
    zoom.fault("meetings.create", "status", status=429, times=1)
    client.post(URL, data)
    assert not only_new().exists()
    assert client.post(URL, data).status_code == 302
    assert only_new().count() == 1


def test_a_lost_answer_keeps_the_row_and_the_same_form_asks_no_more(
    cast, zoom, signed_in, only_new, settings
):
    settings.ZOOM_DEADLINE = 0.5
    client, data = signed_in(cast.alice), form(cast.alice_host)
    zoom.fault("meetings.create", "drop", after=True, times=1)
    assert client.post(URL, data).status_code == 502
    again = client.post(URL, data, follow=True)
    assert len(zoom.meetings()) == 1
    assert not only_new().get().is_scheduled
    assert "Zoom has not confirmed this meeting" in again.content.decode()
    assert "The meeting is scheduled" not in again.content.decode()


def no_longer_under_way(meetings):
    meetings.update(created_at=timezone.now() - timedelta(seconds=settings.ZOOM_DEADLINE + 1))


def test_an_unconfirmed_meeting_can_be_taken_off_the_list(cast, zoom, signed_in, only_new):
    client = signed_in(cast.alice)
    zoom.fault("meetings.create", "status", status=500)
    client.post(URL, form(cast.alice_host))
    no_longer_under_way(only_new())
    answer = client.post(f"/meetings/{only_new().get().pk}/discard/", follow=True)
    assert "taken off the list" in answer.content.decode()
    assert not only_new().exists()
    assert AuditEvent.objects.filter(action="meeting.discarded", actor_id=cast.alice.pk).exists()


def test_while_zoom_may_still_be_making_it_a_meeting_stays(cast, zoom, signed_in, only_new):
    client = signed_in(cast.alice)
    zoom.fault("meetings.create", "status", status=500)
    client.post(URL, form(cast.alice_host))
    answer = client.post(f"/meetings/{only_new().get().pk}/discard/", follow=True)
    assert "Zoom may still be making this meeting" in answer.content.decode()
    assert only_new().exists()
    assert not AuditEvent.objects.filter(action="meeting.discarded").exists()


@pytest.fixture
def discarded_meanwhile(cast, zoom, only_new):
    """Send the form; while Zoom is making the meeting its row goes, as by a clock that jumped."""

    def click():
        client = Client(raise_request_exception=False)
        client.force_login(cast.alice)
        try:
            return client.post(URL, form(cast.alice_host))
        finally:
            connection.close()

    def send(seconds=0.7):
        zoom.fault("meetings.create", "latency", seconds=seconds)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(click)
            row = zoom.wait_until(only_new().first)
            zoom.wait_until(lambda: "meetings.create" in zoom.calls())
            with scope(organization=[cast.acme.pk]):
                no_longer_under_way(only_new())
                row.refresh_from_db()
                assert discard_meeting(meeting=row, user=cast.alice)
            return answer.result()

    return send


@pytest.mark.django_db(transaction=True)
def test_what_was_discarded_while_zoom_made_it_is_deleted_at_zoom(
    cast, zoom, only_new, discarded_meanwhile
):
    answer = discarded_meanwhile()
    assert answer.status_code == 502
    assert "so it was deleted in Zoom again" in answer.content.decode()
    assert (zoom.meetings(), only_new().count()) == ([], 0)
    event = AuditEvent.objects.get(action="meeting.scheduled")
    assert (event.result, event.actor_id) == ("failed", cast.alice.pk)
    assert (event.detail["cause"], event.detail["left_at_zoom"]) == ("discarded_meanwhile", False)


@pytest.mark.django_db(transaction=True)
def test_what_zoom_does_not_delete_again_is_written_down_with_its_number(
    zoom, only_new, discarded_meanwhile
):
    zoom.fault("meetings.delete", "status", status=500)
    answer = discarded_meanwhile()
    assert "Delete it in Zoom" in answer.content.decode()
    (left,) = zoom.meetings()
    event = AuditEvent.objects.get(action="meeting.scheduled")
    assert event.detail["meeting_number"] == left["number"]
    assert event.detail["left_at_zoom"]


@pytest.mark.django_db(transaction=True)
def test_deleting_it_again_keeps_to_the_deadline_of_the_page(zoom, settings, discarded_meanwhile):
    settings.ZOOM_DEADLINE = 4.0
    zoom.fault("meetings.delete", "stall")
    begun = time.monotonic()
    answer = discarded_meanwhile(seconds=3.0)
    assert "Delete it in Zoom" in answer.content.decode()
    assert time.monotonic() - begun < 6, "a deadline of its own would end after seven seconds"


@pytest.mark.django_db(transaction=True)
def test_waiting_for_the_first_click_takes_a_place_too(cast, zoom, settings, signed_in):
    settings.ZOOM_CALLS_AT_ONCE = 1
    settings.ZOOM_DEADLINE = 4.0
    clients, sent = [signed_in(cast.alice) for _ in range(2)], form(cast.alice_host)
    zoom.fault("meetings.create", "stall")

    def click(client):
        try:
            return client.post(URL, sent)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(click, clients[0])
        zoom.wait_until(lambda: "meetings.create" in zoom.calls())
        second = clients[1].post(URL, sent)
        assert second.status_code == 503
        assert "are waiting for Zoom at this moment" in second.content.decode()
        assert first.result().status_code == 504
    assert zoom.calls().count("meetings.create") == 1


def test_a_confirmed_meeting_cannot_be_taken_off_the_list(cast, zoom, signed_in):
    signed_in(cast.alice).post(f"/meetings/{cast.meeting.pk}/discard/")
    assert Meeting.objects.filter(pk=cast.meeting.pk).exists()


CHANGES = {
    "topic": lambda cast: {"topic": "Something else"},
    "length": lambda cast: {"duration_minutes": 50},
    "time": lambda cast: {"starts_at": "2040-03-01T09:00"},
    "passcode": lambda cast: {"passcode": "heat_2"},
    "Zoom's passcode": lambda cast: {"passcode": ""},
    "alternative host": lambda cast: {"alternative_hosts": [str(cast.bob_host.pk)]},
    "waiting room": lambda cast: {"waiting_room": "yes"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_form_sent_again_is_another_meeting(cast, zoom, signed_in, only_new, change):
    client, data = signed_in(cast.alice), form(cast.alice_host)
    client.post(URL, data)
    assert client.post(URL, {**data, **CHANGES[change](cast)}).status_code == 302
    assert only_new().count() == len(zoom.meetings()) == 2


def test_the_order_of_the_alternative_hosts_makes_no_other_meeting(cast, zoom, schedule):
    zoom.change_user("sam", type=2)
    plan = {"key": uuid.uuid4(), "starts_at": timezone.now() + timedelta(hours=1)}
    others = [cast.bob_host, HostFactory(organization=cast.acme, zoom_user_id="sam")]
    first = schedule(cast.alice_host, alternative_hosts=others, **plan)
    second = schedule(cast.alice_host, alternative_hosts=others[::-1], **plan)
    assert first == second


def test_a_join_link_that_is_not_zooms_is_refused(cast, zoom, signed_in, only_new):
    body = {"id": 81234567890, "join_url": "https://zoom.us.evil.example/j/1", "topic": "x"}
    zoom.fault("meetings.create", "status", status=201, body=body)
    answer = signed_in(cast.alice).post(URL, form(cast.alice_host))
    assert answer.status_code == 502
    assert not only_new().get().is_scheduled
    assert only_new().get().join_url == ""


def test_a_number_the_organization_has_already_is_refused(cast, zoom, signed_in, only_new):
    body = {
        "id": cast.meeting.meeting_number, "join_url": "https://zoom.us/j/1", "topic": "x",
        "start_url": "https://zoom.us/s/1", "duration": 45, "uuid": "u", "host_id": "alice",
        "host_email": "alice@acme.example", "type": 2,
    }  # fmt: skip
    zoom.fault("meetings.create", "status", status=201, body=body)
    assert signed_in(cast.alice).post(URL, form(cast.alice_host)).status_code == 502
    assert not only_new().get().is_scheduled


def test_the_start_url_is_stored_nowhere(cast, zoom, signed_in, only_new):
    signed_in(cast.alice).post(URL, form(cast.alice_host))
    columns = {field.name for field in Meeting._meta.get_fields()}
    assert not {"start_url", "zak"} & columns
    assert "/s/" not in only_new().get().join_url


# --- Zoom's hundred a day ---------------------------------------------------------------------


def use_up(cast, count):
    today = timezone.now().astimezone(UTC).date()
    HostWrites.objects.create(
        account=cast.acme_account, zoom_user_id="alice", day=today, count=count
    )


def test_a_hosts_day_is_told_once_it_is_nearly_used_up(cast, signed_in):
    use_up(cast, 79)
    assert signed_in(cast.alice).get(URL).context["warnings"] == []
    HostWrites.objects.update(count=80)
    assert f"{cast.alice_host.name}: 80 of 100 today." in signed_in(cast.alice).get(URL).text


def test_a_scheduler_sees_those_of_the_hosts_they_schedule_for(cast, signed_in):
    use_up(cast, 90)
    (warning,) = signed_in(cast.sam).get(URL).context["warnings"]
    assert warning.startswith(cast.alice_host.name)
    assert signed_in(cast.bob).get(URL).context["warnings"] == []


def test_a_used_up_day_is_refused_in_words_and_zoom_is_not_asked(cast, zoom, signed_in, only_new):
    use_up(cast, 100)
    answer = signed_in(cast.alice).post(URL, form(cast.alice_host))
    assert answer.status_code == 503
    assert "changed too often today for Zoom. Try again tomorrow." in answer.text
    assert (zoom.calls(), only_new().count()) == ([], 0)
