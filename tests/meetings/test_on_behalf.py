"""An admin starts a meeting as its host: only where that is switched on, with a reason, told."""

import json
import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings.models import Host, OnBehalfStart
from meetings.tasks import mail_hosts_started_for
from portal.models import AuditEvent, Membership, Organization
from tests.factories import PASSWORD, MembershipFactory
from tests.sessions import sign_in, sign_in_by_page
from zoomauth.models import AccessToken

pytestmark = pytest.mark.django_db
REASON = {"reason": "Alice is ill"}


def url(meeting):
    return reverse("meetings:start_on_behalf", args=[meeting.pk])


@pytest.fixture
def allowed(cast):
    cast.acme.admins_may_start_on_behalf = True
    cast.acme.save(update_fields=["admins_may_start_on_behalf"])


@pytest.fixture
def start(signed_in):
    def call(user, meeting, data=REASON):
        return signed_in(user).post(url(meeting), data)

    return call


def owner_of(zoom, zak):
    (found,) = [entry for entry in zoom.zaks() if entry["value"] == zak]
    return found["user_id"]


@pytest.mark.both_databases
def test_the_package_is_the_hosts_and_names_who_it_really_is(cast, at_zoom, zoom, allowed, start):
    package = start(cast.ada, at_zoom).json()
    assert set(package) == {"signature", "meetingNumber", "passWord", "userName", "zak"}
    assert owner_of(zoom, package["zak"]) == "alice"
    assert package["userName"] == "Ada for Alice"
    claims = jwt.decode(package["signature"], options={"verify_signature": False})
    assert (claims["mn"], claims["role"]) == (str(at_zoom.meeting_number), 1)


@pytest.mark.parametrize("method", ["get", "post"])
def test_switched_off_nobody_may(cast, at_zoom, zoom, signed_in, method):
    zoom.clear_ledger()
    assert getattr(signed_in(cast.ada), method)(url(at_zoom), REASON).status_code == 403
    assert zoom.calls() == []


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("alice", 403), ("bob", 403), ("sam", 403), ("mia", 403),
        ("carol", 404), ("gus", 404), ("operator", 404),
    ],
)  # fmt: skip
def test_nobody_but_its_admins_may(cast, at_zoom, zoom, allowed, signed_in, person, status, method):
    zoom.clear_ledger()
    client = signed_in(getattr(cast, person))
    assert getattr(client, method)(url(at_zoom), REASON).status_code == status
    assert zoom.calls() == []


def test_the_policy_of_one_organization_is_not_anothers(cast, allowed, start):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    assert start(cast.ada, cast.carols_meeting).status_code == 403


def test_an_operator_is_no_admin(cast, at_zoom, allowed, start):
    MembershipFactory(user=cast.operator, organization=cast.acme)
    assert start(cast.operator, at_zoom).status_code == 403


@pytest.mark.parametrize("door", ["role", "membership", "user", "policy", "host"])
def test_what_is_taken_away_counts_at_the_next_request(
    cast, at_zoom, zoom, allowed, door, signed_in
):
    client = signed_in(cast.ada)
    assert client.post(url(at_zoom), REASON).status_code == 200
    own = cast.ada.memberships.get()
    row, name, value = {
        "role": (own, "role", Membership.Role.MEMBER),
        "membership": (own, "is_active", False),
        "user": (cast.ada, "is_active", False),
        "policy": (cast.acme, "admins_may_start_on_behalf", False),
        "host": (cast.alice_host, "is_active", False),
    }[door]
    setattr(row, name, value)
    row.save(update_fields=[name])
    zoom.clear_ledger()
    assert client.post(url(at_zoom), REASON).status_code in (302, 403, 404)
    assert zoom.calls() == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_reason_there_is_no_start(cast, at_zoom, zoom, allowed, start, reason):
    zoom.clear_ledger()
    answer = start(cast.ada, at_zoom, {"reason": reason})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "reason_missing")
    assert zoom.calls() == []
    assert not AuditEvent.objects.filter(action="start.on_behalf").exists()


def test_the_reason_is_in_the_trail_before_the_zak(cast, at_zoom, allowed, start):
    package = start(cast.ada, at_zoom).json()
    first, second = AuditEvent.objects.filter(target_id=str(at_zoom.pk)).order_by("at")[1:]
    assert (first.action, first.detail["reason"]) == ("start.on_behalf", "Alice is ill")
    assert (first.detail["host"], first.detail["zoom_user_id"]) == ("Alice", "alice")
    assert (second.action, second.result) == ("meeting.start", "done")
    assert second.detail["on_behalf"] is True
    rows = json.dumps(list(AuditEvent.objects.values()), default=str)
    assert package["zak"] not in rows


def test_a_start_that_zoom_refuses_is_in_the_trail_all_the_same(
    cast, at_zoom, zoom, allowed, start
):
    zoom.fault("users.token", "status", status=500)
    assert start(cast.ada, at_zoom).status_code == 502
    assert AuditEvent.objects.filter(action="start.on_behalf", result="done").exists()
    assert AuditEvent.objects.filter(action="meeting.start", result="failed").exists()


def test_a_refusal_is_in_the_trail_with_its_rule(cast, at_zoom, start):
    start(cast.ada, at_zoom)
    event = AuditEvent.objects.get(action="start.on_behalf")
    assert (event.result, event.detail) == ("denied", {"rule": "policy"})


def test_the_own_start_of_a_host_is_no_start_on_behalf(cast, at_zoom, allowed, signed_in):
    signed_in(cast.alice).post(reverse("meetings:start", args=[at_zoom.pk]))
    assert AuditEvent.objects.get(action="meeting.start").detail["on_behalf"] is False
    assert not OnBehalfStart.objects.exists()


def test_an_admin_gets_nothing_at_the_hosts_own_door(cast, at_zoom, allowed, signed_in):
    client = signed_in(cast.ada)
    for name in ("meetings:start", "meetings:open_in_app", "api-meeting-start"):
        kwargs = {"meeting_id": at_zoom.pk}
        assert client.post(reverse(name, kwargs=kwargs), REASON).status_code == 403


def test_a_meeting_that_zoom_never_confirmed_cannot_start(cast, zoom, allowed, start):
    type(cast.meeting).objects.filter(pk=cast.meeting.pk).update(meeting_number=None)
    assert start(cast.ada, cast.meeting).status_code == 410


def test_the_csrf_token_is_needed(cast, at_zoom, allowed):
    client = sign_in(Client(enforce_csrf_checks=True), cast.ada)
    assert client.post(url(at_zoom), REASON).status_code == 403


TAKEN_AWAY = {
    "role": lambda cast: cast.ada.memberships.update(role=Membership.Role.MEMBER),
    "policy": lambda cast: Organization.objects.update(admins_may_start_on_behalf=False),
    "host": lambda cast: Host.objects.filter(pk=cast.alice_host.pk).update(is_active=False),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_what_is_taken_away_while_the_token_is_fetched_counts(cast, at_zoom, zoom, allowed, what):
    AccessToken.objects.all().delete()
    zoom.fault("oauth.token", "latency", seconds=1.5)
    zoom.clear_ledger()

    def press(_):
        client = sign_in(Client(), cast.ada)
        try:
            return client.post(url(at_zoom), REASON).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(press, None)
        zoom.wait_until(lambda: OnBehalfStart.objects.exists())
        TAKEN_AWAY[what](cast)
        assert pressed.result() == 403
    assert "users.token" not in zoom.calls()
    assert AuditEvent.objects.filter(action="meeting.start", result="denied").exists()


# --- Who they are ---------------------------------------------------------------------------


@pytest.fixture
def stale(cast):
    """ada, who signed in an hour ago."""
    return sign_in_by_page(Client(), cast.ada, seconds_ago=3600)


def test_the_page_asks_first_who_they_are_and_comes_back(cast, at_zoom, allowed, stale):
    asked = stale.get(url(at_zoom))["Location"]
    assert asked.startswith(reverse("account_reauthenticate"))
    assert stale.post(asked, {"password": PASSWORD})["Location"] == url(at_zoom)
    assert stale.get(url(at_zoom)).status_code == 200


def test_an_old_session_gets_no_package_and_is_told_where_to_go(
    cast, at_zoom, zoom, allowed, stale
):
    zoom.clear_ledger()
    answer = stale.post(url(at_zoom), REASON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "stale_sign_in")
    assert "who you are" in answer.json()["error"]["message"]
    assert answer.json()["address"].startswith(reverse("account_reauthenticate"))
    assert zoom.calls() == []
    assert not OnBehalfStart.objects.exists()


def test_a_page_that_lay_open_a_while_still_starts(cast, at_zoom, allowed):
    client = sign_in(Client(), cast.ada, seconds_ago=1500)
    assert client.post(url(at_zoom), REASON).status_code == 200


def test_two_posts_of_an_old_session_bring_no_zak(cast, at_zoom, stale):
    """Switching the policy on, and starting."""
    policies = {"mfa_required": "nobody", "who_may_schedule": "hosts_and_schedulers"}
    fields = {"name": "Acme", "admins_may_start_on_behalf": "on"} | policies
    stale.post(reverse("admin:portal_organization_change", args=[cast.acme.pk]), fields)
    assert "zak" not in stale.post(url(at_zoom), REASON).content.decode()
    cast.acme.refresh_from_db()
    assert (cast.acme.admins_may_start_on_behalf, cast.acme.mfa_required) == (False, "admins")


def test_the_own_start_of_a_host_asks_for_no_recent_sign_in(cast, at_zoom):
    client = sign_in(Client(), cast.alice, seconds_ago=86400)
    assert client.post(reverse("meetings:start", args=[at_zoom.pk])).status_code == 200


# --- The page -------------------------------------------------------------------------------


def test_the_page_says_plainly_as_whom(cast, at_zoom, allowed, zoom, signed_in):
    zoom.clear_ledger()
    page = signed_in(cast.ada).get(url(at_zoom))
    body = page.content.decode()
    assert "You start as Alice." in body
    assert 'name="reason"' in body
    assert "Open in Zoom app" not in body
    assert "no-store" in page["Cache-Control"]
    assert at_zoom.passcode not in body
    assert zoom.calls() == []


def test_the_page_sends_its_form_to_its_own_door(cast, at_zoom, allowed, signed_in):
    body = signed_in(cast.ada).get(url(at_zoom)).content.decode()
    assert f'action="{url(at_zoom)}"' in body
    assert f'"startUrl": "{url(at_zoom)}"' in body
    # The meeting's own page is not for admins.
    assert reverse("meetings:detail", args=[at_zoom.pk]) + '"' not in body


def test_the_hosts_own_page_asks_for_no_reason(cast, at_zoom, allowed, signed_in):
    body = signed_in(cast.alice).get(reverse("meetings:start", args=[at_zoom.pk])).content.decode()
    assert 'name="reason"' not in body
    assert "You start as" not in body


def test_the_admins_page_of_the_meeting_leads_there_only_where_it_is_on(cast, signed_in):
    page = reverse("admin:meetings_meeting_change", args=[cast.meeting.pk])
    assert url(cast.meeting) not in signed_in(cast.ada).get(page).content.decode()
    cast.acme.admins_may_start_on_behalf = True
    cast.acme.save(update_fields=["admins_may_start_on_behalf"])
    assert url(cast.meeting) in signed_in(cast.ada).get(page).content.decode()


# --- The host is told -----------------------------------------------------------------------


@pytest.mark.both_databases
def test_the_host_is_told_by_mail_once(cast, at_zoom, allowed, start):
    start(cast.ada, at_zoom)
    mail_hosts_started_for()
    mail_hosts_started_for()
    (message,) = mail.outbox
    assert message.to == ["alice@acme.example"]
    assert "Ada" in message.subject
    assert "Alice is ill" in message.body
    assert at_zoom.topic in message.body


def test_both_addresses_of_the_host_are_told(cast, at_zoom, allowed, start):
    Host.objects.filter(pk=cast.alice_host.pk).update(email="alice@zoom.example")
    start(cast.ada, at_zoom)
    mail_hosts_started_for()
    assert mail.outbox[0].to == ["alice@acme.example", "alice@zoom.example"]


def test_a_former_member_is_told_nothing(cast, at_zoom, allowed, start):
    Host.objects.filter(pk=cast.alice_host.pk).update(email="alice@zoom.example")
    Membership.objects.filter(pk=cast.alice_host.membership_id).update(is_active=False)
    start(cast.ada, at_zoom)
    mail_hosts_started_for()
    assert mail.outbox[0].to == ["alice@zoom.example"]


def test_the_mail_holds_no_key(cast, at_zoom, allowed, start):
    package = start(cast.ada, at_zoom).json()
    mail_hosts_started_for()
    for secret in ("zak", "signature", "passWord"):
        assert package[secret] not in mail.outbox[0].body


def test_a_line_break_in_the_topic_makes_no_header(cast, at_zoom, allowed, start):
    type(at_zoom).objects.filter(pk=at_zoom.pk).update(topic="Physics\nBcc: eve@evil.example")
    start(cast.ada, at_zoom)
    mail_hosts_started_for()
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].bcc == []


class BrokenBackend:
    """A mail server that is away."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("away")


def test_a_mail_that_does_not_leave_is_sent_later(cast, at_zoom, allowed, start, settings):
    start(cast.ada, at_zoom)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    mail_hosts_started_for()
    row = OnBehalfStart.objects.get()
    assert (row.mailed_at, row.mail_attempts) == (None, 1)
    settings.EMAIL_BACKEND = working
    OnBehalfStart.objects.update(mail_due_at=timezone.now() - timedelta(seconds=1))
    mail_hosts_started_for()
    assert len(mail.outbox) == 1
    assert OnBehalfStart.objects.get().mailed_at


def test_two_sweeps_at_once_send_one_mail(cast, at_zoom, allowed, start):
    start(cast.ada, at_zoom)
    row, now = OnBehalfStart.objects.get(), timezone.now()
    assert row.take_mail(now, timedelta(minutes=5))
    assert not OnBehalfStart.objects.get().take_mail(now, timedelta(minutes=5))
    mail_hosts_started_for()
    assert mail.outbox == []


def test_a_start_that_is_refused_tells_nobody(cast, at_zoom, start):
    start(cast.ada, at_zoom)
    mail_hosts_started_for()
    assert mail.outbox == []
