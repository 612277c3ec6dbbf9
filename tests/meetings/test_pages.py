"""The list and the page of a meeting."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import MeetingFactory

pytestmark = pytest.mark.django_db


def page(client, name="meetings:list", *args, **headers):
    return client.get(reverse(name, args=args), headers=headers or None)


def text(answer):
    return answer.content.decode()


def test_home_leads_to_the_meetings(cast, signed_in):
    assert signed_in(cast.alice).get("/").headers["Location"] == "/meetings/"


def test_the_next_meeting_is_first_and_startable(cast, signed_in):
    context = page(signed_in(cast.alice)).context
    assert context["next_meeting"] == cast.meeting
    assert context["next_meeting"].can_start


def test_an_alternative_host_sees_the_meeting_too(cast, signed_in):
    context = page(signed_in(cast.bob)).context
    seen = {context["next_meeting"], *context["upcoming"]}
    assert seen == {cast.meeting, cast.bobs_meeting}
    assert all(meeting.can_start for meeting in seen)


def test_a_scheduler_sees_them_without_start(cast, signed_in):
    context = page(signed_in(cast.sam)).context
    seen = {context["next_meeting"], *context["upcoming"]}
    assert seen == {cast.meeting, cast.bobs_meeting}
    assert not any(meeting.can_start for meeting in seen)


@pytest.mark.parametrize("person", ["mia", "ada", "operator"])
def test_others_are_told_that_there_is_nothing(cast, signed_in, person):
    context = page(signed_in(getattr(cast, person))).context
    assert (context["next_meeting"], context["upcoming"]) == (None, [])


def test_a_running_meeting_is_still_the_next(cast, signed_in):
    running = MeetingFactory(
        host=cast.alice_host,
        starts_at=timezone.now() - timedelta(minutes=30),
        ends_at=timezone.now() + timedelta(minutes=30),
    )
    assert page(signed_in(cast.alice)).context["next_meeting"] == running


def test_a_meeting_that_is_over_moves_to_the_past(cast, signed_in):
    over = MeetingFactory(
        host=cast.alice_host,
        starts_at=timezone.now() - timedelta(hours=3),
        ends_at=timezone.now() - timedelta(hours=2),
    )
    context = page(signed_in(cast.alice)).context
    assert list(context["past"]) == [over]


def test_the_list_costs_the_same_however_many_meetings(
    cast, signed_in, django_assert_max_num_queries
):
    client = signed_in(cast.alice)
    MeetingFactory.create_batch(30, host=cast.alice_host)
    with django_assert_max_num_queries(9):
        page(client)


def test_more_rows_come_as_a_fragment(cast, signed_in):
    MeetingFactory.create_batch(30, host=cast.alice_host)
    answer = signed_in(cast.alice).get("/meetings/?page=2", headers={"HX-Request": "true"})
    assert len(answer.context["upcoming"]) == 11
    assert "<html" not in text(answer)


def test_the_host_reads_the_invitation(cast, signed_in):
    body = text(page(signed_in(cast.alice), "meetings:detail", cast.meeting.pk))
    assert cast.meeting.join_url.split("?")[0] in body
    assert cast.meeting.passcode in body
    assert cast.meeting.meeting_number_spaced in body


def test_the_list_shows_no_way_in(cast, signed_in):
    body = text(page(signed_in(cast.alice)))
    assert cast.meeting.passcode not in body
    assert "zoom.us/j/" not in body


def test_times_are_shown_in_the_persons_zone(cast, signed_in):
    cast.alice.time_zone = "Asia/Tokyo"
    cast.alice.save(update_fields=["time_zone"])
    body = text(page(signed_in(cast.alice), "meetings:detail", cast.meeting.pk))
    local = cast.meeting.starts_at.astimezone(timezone.zoneinfo.ZoneInfo("Asia/Tokyo"))
    assert "Asia/Tokyo" in body
    assert local.isoformat() in body


def test_an_unreadable_passcode_is_said_and_the_page_still_comes(cast, signed_in):
    foreign = cast.carols_meeting.__dict__["passcode"]
    type(cast.meeting).objects.filter(pk=cast.meeting.pk).update(passcode=foreign)
    answer = page(signed_in(cast.alice), "meetings:detail", cast.meeting.pk)
    assert answer.status_code == 200
    assert not answer.context["can_see_invitation"]


class TestOpenInZoomApp:
    def open_in_app(self, client, meeting):
        return client.post(reverse("meetings:open_in_app", args=[meeting.pk]))

    def test_the_host_is_sent_to_a_fresh_start_link(self, cast, at_zoom, zoom, signed_in):
        answer = self.open_in_app(signed_in(cast.alice), at_zoom)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(f"https://zoom.us/s/{at_zoom.meeting_number}")
        assert "no-store" in answer.headers["Cache-Control"]

    def test_an_alternative_host_never_gets_the_hosts_link(self, cast, at_zoom, zoom, signed_in):
        zoom.clear_ledger()
        answer = self.open_in_app(signed_in(cast.bob), at_zoom)
        assert answer.headers["Location"] == at_zoom.join_url
        assert "zak" not in answer.headers["Location"]
        assert zoom.calls() == []

    @pytest.mark.parametrize(
        "link",
        ["https://evil.example/s/1?zak=x", "http://zoom.us/s/1", "https://zoom.us.evil.example/"],
    )
    def test_a_link_elsewhere_is_not_followed(self, cast, at_zoom, zoom, signed_in, link):
        body = {
            "id": at_zoom.meeting_number, "start_url": link, "join_url": "https://zoom.us/j/1",
            "topic": "x", "uuid": "u", "host_id": "alice", "host_email": "alice@acme.example",
            "duration": 45, "type": 2,
        }  # fmt: skip
        zoom.fault("meetings.get", "status", status=200, body=body)
        assert self.open_in_app(signed_in(cast.alice), at_zoom).status_code == 502

    def test_a_meeting_that_has_another_host_at_zoom_is_refused(
        self, cast, at_zoom, zoom, signed_in
    ):
        cast.alice_host.zoom_user_id = "bob"
        type(cast.alice_host).objects.filter(pk=cast.bob_host.pk).update(zoom_user_id="other")
        cast.alice_host.save(update_fields=["zoom_user_id"])
        answer = self.open_in_app(signed_in(cast.alice), at_zoom)
        assert answer.status_code == 502
        assert "zak" not in text(answer)

    def test_a_meeting_gone_at_zoom_is_said(self, cast, at_zoom, zoom, signed_in):
        zoom.delete_meeting(at_zoom.meeting_number)
        answer = self.open_in_app(signed_in(cast.alice), at_zoom)
        assert answer.status_code == 410
        assert "no longer exists" in text(answer)
