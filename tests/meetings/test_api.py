"""/api/v1/: the same rules as the pages, for the signed-in person."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from meetings.models import Meeting

pytestmark = pytest.mark.django_db
URL = "/api/v1/meetings/"


def wanted(**changes):
    return {
        "topic": "Seminar",
        "starts_at": (timezone.now() + timedelta(days=1)).isoformat(),
        "duration_minutes": 30,
        **changes,
    }


@pytest.fixture
def post(signed_in):
    def call(user, path=URL, data=None):
        return signed_in(user).post(path, data or {}, content_type="application/json")

    return call


def test_the_list_is_the_persons_own(cast, signed_in):
    answer = signed_in(cast.alice).get(URL).json()
    assert [row["id"] for row in answer["results"]] == [str(cast.meeting.pk)]


def test_the_list_carries_no_way_in(cast, signed_in):
    (row,) = signed_in(cast.alice).get(URL).json()["results"]
    assert set(row) == {
        "id", "topic", "starts_at", "duration_minutes", "time_zone", "host", "meeting_number",
    }  # fmt: skip


def test_one_meeting_has_what_guests_need(cast, signed_in):
    row = signed_in(cast.alice).get(f"{URL}{cast.meeting.pk}/").json()
    assert (row["join_url"], row["passcode"]) == (cast.meeting.join_url, cast.meeting.passcode)
    assert row["meeting_number"] == str(cast.meeting.meeting_number)
    assert [host["name"] for host in row["alternative_hosts"]] == ["Bob"]


def test_a_host_schedules(cast, zoom, post):
    answer = post(cast.alice, data=wanted())
    assert answer.status_code == 201
    meeting = Meeting.objects.get(pk=answer.json()["id"])
    assert (meeting.host, meeting.meeting_number) == (
        cast.alice_host,
        zoom.meetings()[0]["number"],
    )


def test_a_scheduler_of_several_names_the_host(cast, zoom, post):
    assert post(cast.sam, data=wanted()).json() == {"host": ["Name a host you schedule for."]}
    assert post(cast.sam, data=wanted(host=str(cast.bob_host.pk))).status_code == 201


@pytest.mark.parametrize("person", ["mia", "ada", "operator"])
def test_those_who_schedule_for_nobody_are_refused(cast, zoom, post, person):
    assert post(getattr(cast, person), data=wanted()).status_code == 400
    assert zoom.calls() == []


def test_foreign_hosts_are_as_unknown_as_missing_ones(cast, zoom, post):
    foreign = post(cast.alice, data=wanted(host=str(cast.carol_host.pk)))
    missing = post(cast.alice, data=wanted(host=str(uuid.uuid4())))
    assert foreign.json() == missing.json()
    alternative = wanted(alternative_hosts=[str(cast.carol_host.pk)])
    assert post(cast.alice, data=alternative).status_code == 400


def test_a_tenant_in_the_body_changes_nothing(cast, zoom, post):
    answer = post(cast.alice, data=wanted(organization=str(cast.globex.pk)))
    assert Meeting.objects.get(pk=answer.json()["id"]).organization == cast.acme


def test_start_gives_the_package(cast, at_zoom, post):
    answer = post(cast.alice, f"{URL}{at_zoom.pk}/start/")
    assert set(answer.json()) == {"signature", "meetingNumber", "passWord", "userName", "zak"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(("person", "status"), [("mia", 403), ("sam", 403), ("carol", 404)])
def test_start_is_refused_as_on_the_page(cast, at_zoom, zoom, post, person, status):
    zoom.clear_ledger()
    assert post(getattr(cast, person), f"{URL}{at_zoom.pk}/start/").status_code == status
    assert zoom.calls() == []


def test_start_needs_the_csrf_token(cast, at_zoom):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    assert client.post(f"{URL}{at_zoom.pk}/start/").status_code == 403


@pytest.mark.parametrize("header", ["Bearer abc", "Basic YWxpY2VAYWNtZS5leGFtcGxlOng="])
def test_nothing_but_a_session_is_accepted(cast, at_zoom, header):
    answer = Client().post(f"{URL}{at_zoom.pk}/start/", headers={"Authorization": header})
    assert answer.status_code == 403


def test_a_failure_at_zoom_is_told_in_the_same_form(cast, at_zoom, zoom, post):
    zoom.fault("users.token", "status", status=500)
    answer = post(cast.alice, f"{URL}{at_zoom.pk}/start/")
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "zoom_unavailable"


@pytest.mark.parametrize("cursor", ["cD14", "x", "cD0yMDQw"])
def test_a_bad_cursor_is_no_server_error(cast, signed_in, cursor):
    assert signed_in(cast.alice).get(f"{URL}?cursor={cursor}").status_code in (200, 404)


def test_the_far_end_of_time_is_refused(cast, zoom, post):
    assert post(cast.alice, data=wanted(starts_at="9999-12-31T23:50:00Z")).status_code == 400


def test_a_create_whose_outcome_is_unknown_says_so(cast, zoom, post):
    zoom.fault("meetings.create", "status", status=500)
    assert post(cast.alice, data=wanted()).json()["error"]["outcome_unknown"] is True


def test_the_schema_is_valid_and_names_every_operation(tmp_path):
    target = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    schema = target.read_text()
    assert "/api/v1/meetings/{meeting_id}/start/" in schema
    assert "StartPackage" in schema


def test_the_documentation_page_needs_no_other_host(cast, signed_in):
    page = signed_in(cast.alice).get("/api/v1/docs/")
    assert page.status_code == 200
    assert "https://" not in page.content.decode().replace("https://github.com", "")
