"""A start as a Zoom user who may not host: Zoom's answer decides, the last import says why."""

import pytest

from meetings.models import Host
from tests.factories import ZoomUserFactory
from zoomauth.importing import start_import, work_on

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def alice(cast, signed_in):
    return signed_in(cast.alice)


def imported(organization):
    row = start_import(organization, actor=None)
    while work_on(row.pk):
        pass


def start(client, meeting):
    return client.post(f"/meetings/{meeting.pk}/start/")


def said(answer):
    return answer.json()["error"]["message"]


SENTENCES = {
    "inactive": "deactivated. Ask your admin to activate it in Zoom",
    "pending": "has not accepted Zoom's invitation. Open Zoom's mail and accept it",
}


@pytest.mark.parametrize(("status", "sentence"), SENTENCES.items())
def test_who_may_not_host_is_told_why_and_what_to_do(cast, zoom, alice, status, sentence):
    zoom.change_user("alice", status=status)
    imported(cast.acme)
    answer = start(alice, cast.meeting)
    assert answer.status_code == 502
    assert sentence in said(answer)


def test_who_is_gone_from_zoom_is_told_so(cast, zoom, alice):
    imported(cast.acme)
    zoom.delete_user("alice")
    imported(cast.acme)
    assert "no longer in the Zoom account" in said(start(alice, cast.meeting))


def test_without_an_import_the_sentence_is_the_general_one(cast, zoom, alice):
    zoom.change_user("alice", status="inactive")
    assert "may not host at the moment" in said(start(alice, cast.meeting))


def test_zooms_answer_counts_and_not_the_last_import(cast, zoom, alice):
    zoom.change_user("alice", status="inactive")
    imported(cast.acme)
    zoom.change_user("alice", status="active")
    assert start(alice, cast.meeting).status_code == 200


def test_other_failures_keep_their_sentence(cast, zoom, alice):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="alice", status="inactive")
    zoom.fault("users.token", "status", status=503)
    assert "fault of its own" in said(start(alice, cast.meeting))


def note(client, meeting):
    return client.get(f"/meetings/{meeting.pk}/start/").context["host_note"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"status": "inactive"}, "is deactivated"), ({"licence": 1}, "after 40 minutes")],
)
def test_the_page_before_the_start_says_what_is_known(cast, alice, fields, words):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="alice", **fields)
    assert words in note(alice, cast.meeting)


def test_the_page_says_nothing_of_who_may_host(cast, alice):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="alice", licence=2)
    assert note(alice, cast.meeting) == ""


def test_another_accounts_user_of_that_id_says_nothing(cast, alice):
    ZoomUserFactory(account=cast.globex_account, zoom_user_id="alice", status="inactive")
    assert note(alice, cast.meeting) == ""


def test_a_host_whose_link_was_ended_starts_nothing(cast, zoom, alice):
    Host.objects.filter(pk=cast.alice_host.pk).update(membership=None)
    assert start(alice, cast.meeting).status_code == 403
    assert "users.token" not in zoom.calls()
