"""The sandbox tells the portal, over HTTP and in its own hand: what arrives is recorded once."""

import http.client
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.deliveries import Sent, write
from tests.server import running
from zoomauth.models import WebhookEvent, ZoomAccount
from zoomauth.services import MeetingDraft, create_meeting, delete_meeting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(scope="module")
def portal(django_db_setup):
    """One gunicorn for all of these tests; the database behind it is emptied between them."""
    with running() as base:
        yield base


@pytest.fixture
def acme(cast):
    return cast.acme_account


@pytest.fixture
def subscribe(portal, zoom, acme):
    """Let the sandbox's acme tell the portal of everything; tells what it makes of the address."""

    def subscribe(**options):
        # The portal's clock cannot be turned with the sandbox's.
        wish = {"timestamps": "machine", "retries_refusals": True, **options}
        return zoom.subscribe(portal + acme.get_webhook_path(), **wish)

    return subscribe


def schedule(cast, topic="Lecture"):
    draft = MeetingDraft(
        topic=topic,
        starts_at=datetime.now(UTC) + timedelta(days=1),
        duration_minutes=30,
        timezone="UTC",
        passcode="secret12",
        alternative_hosts=(),
    )
    made = create_meeting(organization=cast.acme, zoom_user_id="alice", draft=draft)
    return made.meeting_number


def names():
    return list(WebhookEvent.objects.order_by("happened_at").values_list("name", flat=True))


def test_the_sandbox_validates_the_address(zoom, subscribe, acme):
    shown = subscribe()
    assert (shown["validation"]["passed"], shown["validation"]["status"]) == (True, 200)
    acme.refresh_from_db()
    assert datetime.now(UTC) - acme.webhook_validated_at < timedelta(minutes=1)


def test_it_validates_it_again_after_72_hours(zoom, subscribe, acme):
    subscribe()
    ZoomAccount.objects.update(webhook_validated_at=None)
    zoom.clock(72 * 3600)
    acme.refresh_from_db()
    assert acme.webhook_validated_at is not None


@pytest.mark.parametrize("stored", ["", "another-secret"])
def test_without_the_same_secret_the_address_is_not_validated(zoom, subscribe, acme, stored):
    acme.webhook_secret = stored
    acme.save(update_fields=["webhook_secret"])
    shown = subscribe()
    assert (shown["validation"]["passed"], shown["validation"]["status"]) == (False, 401)
    acme.refresh_from_db()
    assert acme.webhook_validated_at is None


def test_a_meeting_that_comes_and_goes_is_recorded(zoom, subscribe, cast, acme):
    subscribe()
    number = schedule(cast)
    delete_meeting(organization=cast.acme, meeting_number=number)
    zoom.settle()
    rows = WebhookEvent.objects.order_by("happened_at").values_list("name", "object_id", "account")
    assert list(rows) == [
        ("meeting.created", str(number), acme.pk),
        ("meeting.deleted", str(number), acme.pk),
    ]


def test_a_delivery_that_comes_twice_is_recorded_once(zoom, subscribe, cast):
    subscribe()
    zoom.delivery_fault("meeting.created", "duplicate")
    schedule(cast)
    zoom.settle()
    attempts = zoom.deliveries("meeting.created")
    assert [(a["status"], a["delivered"]) for a in attempts] == [(204, True)] * 2
    assert names() == ["meeting.created"]


def test_two_subscriptions_to_one_event_are_recorded_once(zoom, cast, portal, acme):
    wish = {"url": portal + acme.get_webhook_path(), "events": ["*"], "timestamps": "machine"}
    zoom.subscribe_all(wish, wish)
    schedule(cast)
    zoom.settle()
    assert len(zoom.deliveries("meeting.created")) == 2
    assert names() == ["meeting.created"]


def test_events_that_overtake_each_other_are_all_recorded_with_their_times(zoom, subscribe, cast):
    subscribe()
    zoom.delivery_fault("meeting.created", "disorder")
    number = schedule(cast)
    delete_meeting(organization=cast.acme, meeting_number=number)
    zoom.settle()
    arrived = WebhookEvent.objects.order_by("received_at").values_list("name", flat=True)
    assert list(arrived) == ["meeting.deleted", "meeting.created"]
    assert names() == ["meeting.created", "meeting.deleted"]


@pytest.mark.parametrize("kind", ["wrong_signature", "altered_body"])
@pytest.mark.parametrize("timestamps", ["first", "machine"])
def test_what_was_spoilt_at_first_is_recorded_at_the_retry(zoom, subscribe, cast, kind, timestamps):
    subscribe(timestamps=timestamps)
    zoom.delivery_fault("meeting.created", kind)
    schedule(cast)
    zoom.settle()
    assert names() == []
    zoom.clock(300)
    assert [a["status"] for a in zoom.deliveries("meeting.created")] == [401, 204]
    assert names() == ["meeting.created"]


def test_the_last_retry_is_recorded_once_the_secret_is_right_again(zoom, subscribe, cast, acme):
    subscribe(timestamps="first")
    ZoomAccount.objects.filter(pk=acme.pk).update(webhook_secret="")
    schedule(cast)
    zoom.settle()
    zoom.clock(300)
    zoom.clock(1200)
    acme.save(update_fields=["webhook_secret"])
    zoom.clock(3600)
    assert [a["status"] for a in zoom.deliveries("meeting.created")] == [401, 401, 401, 204]
    assert names() == ["meeting.created"]


@pytest.mark.parametrize(("minutes", "status"), [(6, 204), (85, 204), (121, 401)])
def test_a_delivery_that_is_signed_long_ago_is_taken_for_two_hours(
    zoom, subscribe, cast, minutes, status
):
    subscribe(retries_refusals=False)
    zoom.delivery_fault("meeting.created", "stale_timestamp", seconds=minutes * 60)
    schedule(cast)
    zoom.settle()
    assert [a["status"] for a in zoom.deliveries("meeting.created")] == [status]


def test_an_event_of_the_other_account_does_not_arrive_here(zoom, cast, portal):
    """globex's app is given acme's address, by mistake or not."""
    wish = {"url": portal + cast.acme_account.get_webhook_path(), "events": ["*"]}
    shown = zoom.subscribe_all(wish, account_id="globex-account")[0]
    assert (shown["validation"]["passed"], shown["validation"]["status"]) == (False, 401)


# --- What only a real server can be sent --------------------------------------------------------


@pytest.fixture
def event(acme):
    now = datetime.now(UTC).timestamp()
    body = write("a.b", {"id": 1}, account_id=acme.account_id, event_ts=int(now * 1000))
    return Sent.signed(acme.pk, body, secret=acme.webhook_secret, at=now)


def send(portal, event, *bodies):
    """The statuses of these bodies, sent one after the other over one connection."""
    to = http.client.HTTPConnection(urlsplit(portal).hostname, urlsplit(portal).port, timeout=10)
    statuses = []
    for body in bodies:
        in_chunks = not isinstance(body, bytes)
        to.request("POST", event.path, body, event.headers, encode_chunked=in_chunks)
        answer = to.getresponse()
        answer.read()
        statuses.append(answer.status)
    to.close()
    return statuses


def test_a_body_in_chunks_is_refused_and_the_next_request_is_understood(portal, event):
    chunks = iter([event.body[:10], event.body[10:]])
    assert send(portal, event, chunks, event.body) == [411, 204]
    assert names() == ["a.b"]


def test_a_body_that_is_too_large_is_refused(portal, event):
    assert send(portal, event, b"x" * (256 * 1024 + 1)) == [413]
    assert send(portal, event, event.body) == [204]


def test_a_body_of_the_largest_size_is_read(portal, event):
    assert send(portal, event, b"x" * (256 * 1024), event.body) == [401, 204]
