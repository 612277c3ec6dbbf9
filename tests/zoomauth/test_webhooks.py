"""The webhook address: only what Zoom signed lately for this account gets in, and each event once.

The clock stands still, so that the edges of the window are exact.
"""

import hashlib
import hmac
import itertools
import json
import logging
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import make_cast
from tests.deliveries import Sent, sign, write
from tests.factories import WebhookEventFactory, ZoomAccountFactory
from tests.sandbox import ACME, GLOBEX
from zoomauth.models import WebhookEvent, ZoomAccount
from zoomauth.tasks import prune_webhook_events
from zoomauth.views import LONGEST_BODY, webhook

pytestmark = pytest.mark.django_db
both_databases = pytest.mark.both_databases

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
EVENT_TS = 1_777_895_999_123
STARTED = {
    "id": "81234567890",
    "uuid": "4444AAAiAAAAAiAiAiiAii==",
    "host_id": "alice",
    "topic": "Lecture-canary",
    "start_url": "https://zoom.us/s/81234567890?zak=start-url-canary",
    "join_url": "https://zoom.us/j/81234567890?pwd=join-url-canary",
    "password": "passcode-canary",
}
CANARIES = ("Lecture-canary", "start-url-canary", "join-url-canary", "passcode-canary")
INSIDE_AND_OUTSIDE = {
    timedelta(0): 204,
    timedelta(hours=2): 204,
    timedelta(hours=2, seconds=1): 401,
    timedelta(days=365): 401,
    timedelta(minutes=-5): 204,
    timedelta(minutes=-5, seconds=-1): 401,
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def started(account, *, event="meeting.started", event_ts=EVENT_TS, at=NOW, **changes):
    """A sound delivery to this account, signed with its secret."""
    body = write(event, {**STARTED, **changes}, account_id=account.account_id, event_ts=event_ts)
    return signed(account, body, at=at)


def signed(account, body, *, at=NOW, secret=None):
    secret = account.webhook_secret if secret is None else secret
    return Sent.signed(account.pk, body, secret=secret, at=at.timestamp())


def raw(account, content):
    """Signed, whatever it is."""
    return signed(account, content if isinstance(content, bytes) else json.dumps(content).encode())


def validation(account, token="qgg8vlvZRS6UYooatFL8Aw", **options):
    content = {"event": "endpoint.url_validation", "event_ts": EVENT_TS}
    body = json.dumps({**content, "payload": {"plainToken": token}}).encode()
    return signed(account, body, **options)


@pytest.fixture
def acme(cast):
    return cast.acme_account


@pytest.fixture
def globex(cast):
    return cast.globex_account


# --- What Zoom signed is taken ----------------------------------------------------------------


@both_databases
def test_an_event_is_recorded(acme, client):
    assert started(acme).to(client).status_code == 204
    row = WebhookEvent.objects.get()
    assert (row.account, row.name) == (acme, "meeting.started")
    assert (row.object_id, row.meeting_uuid) == ("81234567890", STARTED["uuid"])
    assert (row.received_at, row.processed_at) == (NOW, None)


def test_the_time_of_an_event_is_kept_to_the_millisecond(acme, client):
    started(acme).to(client)
    assert WebhookEvent.objects.get().happened_at.isoformat() == "2026-05-04T11:59:59.123000+00:00"


def test_the_answer_is_empty_and_sets_no_cookie_and_is_not_kept(acme, client):
    answer = started(acme).to(client)
    assert (answer.content, answer.cookies) == (b"", {})
    assert "no-store" in answer["Cache-Control"]


def test_no_csrf_token_is_needed(acme):
    assert started(acme).to(Client(enforce_csrf_checks=True)).status_code == 204


@both_databases
@pytest.mark.parametrize(
    # That a meeting has started is told to whoever waits for it: two reads.
    ("event", "then"),
    [("meeting.ended", []), ("meeting.started", ["SELECT", "SELECT"])],
)
def test_an_event_costs_one_read_and_one_insert(
    acme, client, django_assert_num_queries, event, then
):
    delivery = started(acme, event=event)
    with django_assert_num_queries(2 + len(then)) as asked:
        delivery.to(client)
    # What waits for a table no longer than it may is sent with its limit before it.
    sent = [query["sql"].rpartition("ms'; ")[2] for query in asked]
    assert [sql.split()[0] for sql in sent] == ["SELECT", "INSERT", *then]


@pytest.mark.parametrize("name", ["recording.completed", "phone.callee_ringing", "a.b_c-D9"])
def test_an_event_nobody_knows_yet_is_recorded_too(acme, client, name):
    assert started(acme, event=name).to(client).status_code == 204
    assert WebhookEvent.objects.get().name == name


@pytest.mark.parametrize("written", [81234567890, "81234567890"])
def test_an_object_id_is_text_whatever_zoom_writes(acme, client, written):
    started(acme, id=written).to(client)
    assert WebhookEvent.objects.get().object_id == "81234567890"


def test_an_event_without_an_object_is_recorded(acme, client):
    content = {"event": "app_deauthorized", "event_ts": EVENT_TS}
    delivery = raw(acme, {**content, "payload": {"account_id": acme.account_id}})
    assert delivery.to(client).status_code == 204
    assert WebhookEvent.objects.get().object_id == ""


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", ""])
def test_the_content_type_decides_nothing(acme, client, content_type):
    assert started(acme).but(content_type=content_type).to(client).status_code == 204


def test_an_account_of_the_installation_has_its_events_too(cast, client):
    shared = ZoomAccountFactory(organization=None, webhook_secret="shared-secret")
    assert started(shared).to(client).status_code == 204
    assert WebhookEvent.objects.get().account == shared


# --- What is kept of it -----------------------------------------------------------------------


@both_databases
def test_the_payload_is_sealed(acme, client):
    started(acme).to(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM zoomauth_webhookevent")
        columns = str(cursor.fetchall())
    assert "v1.test." in columns
    assert not any(canary in columns for canary in CANARIES)


def test_the_payload_can_be_read_again(acme, client):
    started(acme).to(client)
    payload = json.loads(WebhookEvent.objects.get().payload)
    assert (payload["account_id"], payload["object"]["password"]) == (
        acme.account_id,
        "passcode-canary",
    )


def test_a_start_link_is_not_kept_at_any_depth(acme, client):
    old = {"start_url": "https://zoom.us/s/1?zak=old-canary", "occurrences": [{"start_url": "x"}]}
    started(acme, old_object=old).to(client)
    text = WebhookEvent.objects.get().payload
    assert "start_url" not in text
    assert json.loads(text)["object"]["old_object"] == {"occurrences": [{}]}


def test_what_stands_beside_the_payload_is_not_kept(acme, client):
    content = json.loads(started(acme, event="recording.completed").body)
    raw(acme, {**content, "download_token": "download-canary"}).to(client)
    assert "download-canary" not in WebhookEvent.objects.get().payload


# --- Who signed it ----------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["signature", "timestamp"])
@pytest.mark.parametrize("value", [None, "", " ", "é", "v0=", "\ud800"])
def test_a_missing_or_odd_header_is_refused(acme, client, header, value):
    assert started(acme).but(**{header: value}).to(client).status_code == 401
    assert not WebhookEvent.objects.exists()


def test_another_accounts_secret_is_refused(acme, globex, client):
    delivery = signed(acme, started(acme).body, secret=globex.webhook_secret)
    assert delivery.to(client).status_code == 401


def test_a_delivery_to_one_account_is_refused_by_another(acme, globex, client):
    assert started(acme).but(account_id=globex.pk).to(client).status_code == 401
    assert not WebhookEvent.objects.exists()


def test_a_secret_that_two_accounts_share_lets_no_event_cross(acme, globex, client):
    globex.webhook_secret = acme.webhook_secret
    globex.save(update_fields=["webhook_secret"])
    assert started(acme).but(account_id=globex.pk).to(client).status_code == 401
    assert started(acme).to(client).status_code == 204
    assert WebhookEvent.objects.get().account == acme


@pytest.mark.parametrize("claimed", ["globex-account", "", None, 7, ["acme-account"]])
def test_an_event_about_another_account_is_refused(acme, client, claimed):
    body = write("meeting.started", STARTED, account_id=claimed, event_ts=EVENT_TS)
    assert signed(acme, body).to(client).status_code == 401


def about(account, account_id, **options):
    body = write("meeting.started", STARTED, account_id=account_id, event_ts=EVENT_TS)
    return signed(account, body, **options)


def noted(account):
    account = ZoomAccount.objects.get(pk=account.pk)
    return account.webhook_foreign_at, account.webhook_foreign_id


@both_databases
def test_the_account_that_a_refused_event_speaks_of_is_noted(acme, client):
    about(acme, "another-account").to(client)
    assert noted(acme) == (NOW, "another-account")


def test_the_next_event_about_this_account_clears_the_note(acme, client):
    about(acme, "another-account").to(client)
    assert started(acme).to(client).status_code == 204
    assert noted(acme) == (None, "")


def test_nothing_is_noted_of_an_event_that_is_not_signed(acme, globex, client):
    about(acme, "another-account", secret=globex.webhook_secret).to(client)
    assert noted(acme) == (None, "")


@pytest.mark.parametrize("claimed", [None, 7, "", "two words", "x" * 101, "a\nb", ["a"]])
def test_what_is_no_account_id_is_not_noted(acme, client, claimed):
    assert about(acme, claimed).to(client).status_code == 401
    assert noted(acme) == (None, "")


def test_the_same_note_is_not_written_with_each_delivery(
    acme, client, clock, django_assert_num_queries
):
    about(acme, "another-account").to(client)
    with django_assert_num_queries(1):
        about(acme, "another-account").to(client)
    clock.shift(timedelta(hours=1))
    about(acme, "another-account", at=NOW + timedelta(hours=1)).to(client)
    assert noted(acme) == (NOW + timedelta(hours=1), "another-account")


def test_an_event_about_no_account_is_refused(acme, client):
    content = json.loads(started(acme).body)
    del content["payload"]["account_id"]
    assert raw(acme, content).to(client).status_code == 401


@both_databases
def test_an_account_without_a_secret_takes_nothing(acme, client):
    ZoomAccount.objects.filter(pk=acme.pk).update(webhook_secret="")
    for delivery in (signed(acme, started(acme).body, secret=""), started(acme), validation(acme)):
        assert delivery.to(client).status_code == 401
    assert not WebhookEvent.objects.exists()


def test_a_secret_that_cannot_be_unsealed_takes_nothing(acme, client, caplog):
    delivery = started(acme)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE zoomauth_zoomaccount SET webhook_secret = 'v1.gone.AAAA'")
    assert delivery.to(client).status_code == 401
    assert "cannot be read" in caplog.text


def test_an_account_that_is_not_there_is_not_found(acme, client):
    assert started(acme).but(account_id=uuid.uuid4()).to(client).status_code == 404


def test_a_new_secret_counts_at_once_and_the_old_no_more(acme, client):
    old = started(acme)
    acme.webhook_secret = "a-new-secret"
    acme.save(update_fields=["webhook_secret"])
    assert old.to(client).status_code == 401
    assert started(acme).to(client).status_code == 204


def test_refusals_say_nothing_of_their_reason(acme, globex, client):
    unset = ZoomAccountFactory(webhook_secret="")
    refused = [
        started(acme).but(signature=None),
        started(acme).but(signature="v0=" + "0" * 64),
        started(acme, at=NOW - timedelta(days=1)),
        signed(unset, started(unset).body, secret="x"),
        signed(acme, write("a", {}, account_id="globex-account", event_ts=1)),
    ]
    answers = [delivery.to(client) for delivery in refused]
    seen = {(a.status_code, a.content, _steady_headers(a)) for a in answers}
    assert len(seen) == 1
    assert {a.status_code for a in answers} == {401}


def _steady_headers(answer):
    return tuple(sorted((n, v) for n, v in answer.items() if n != "X-Request-Id"))


def test_a_session_opens_nothing(cast, acme, signed_in):
    client = signed_in(cast.ada)
    assert started(acme).but(signature=None).to(client).status_code == 401
    assert started(acme).to(client).status_code == 204


# --- When ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "status"), INSIDE_AND_OUTSIDE.items(), ids=str)
def test_a_delivery_may_be_two_hours_old(acme, client, age, status):
    assert started(acme, at=NOW - age).to(client).status_code == status


@pytest.mark.parametrize("age", [age for age, s in INSIDE_AND_OUTSIDE.items() if s == 401], ids=str)
def test_a_validation_is_no_exception_to_that(acme, client, age):
    assert validation(acme, at=NOW - age).to(client).status_code == 401


@both_databases
def test_every_retry_is_taken_although_it_carries_the_first_time(acme, client, clock):
    statuses = []
    first = started(acme)
    for wait in (0, 5, 20, 60):
        clock.shift(timedelta(minutes=wait))
        statuses.append(first.to(client).status_code)
    assert statuses == [204] * 4
    assert WebhookEvent.objects.count() == 1


NO_SECONDS = [
    "1777896000.0", "+1777896000", " 1777896000", "1777896000\n", "-1", "1e9", "0x69f", "NaN",
    "١٧٧٧٨٩٦٠٠٠", "1777896000000", "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("timestamp", NO_SECONDS)
def test_a_time_that_is_no_number_of_seconds_is_refused(acme, client, timestamp):
    body = started(acme).body
    signature = sign(acme.webhook_secret, timestamp, body)
    assert Sent(acme.pk, body, timestamp, signature).to(client).status_code == 401


# --- Tampering ----------------------------------------------------------------------------------


def flipped(text, position):
    return text[:position] + chr(ord(text[position]) ^ 1) + text[position + 1 :]


def tampered(sound, acme, globex):
    """Over a thousand deliveries, each wrong in one place."""
    body, signature, timestamp = sound.body, sound.signature, sound.timestamp
    for i in range(len(body)):
        yield sound.but(body=body[:i] + bytes([body[i] ^ 1]) + body[i + 1 :])
        yield sound.but(body=body[:i] + body[i + 1 :])
        yield sound.but(body=body[:i] + b" " + body[i:])
    for i in range(len(signature)):
        yield sound.but(signature=flipped(signature, i))
        yield sound.but(signature=signature[:i])
        yield sound.but(signature=signature[:i] + " " + signature[i:])
    for i in range(len(timestamp)):
        yield sound.but(timestamp=flipped(timestamp, i))
        yield sound.but(timestamp=timestamp[:i])
        yield sound.but(timestamp=timestamp[:i] + "0" + timestamp[i:])
    for other in (signature.upper(), signature[3:], f"v1={signature[3:]}", f"{signature},x"):
        yield sound.but(signature=other)
    for i in range(len(acme.webhook_secret)):
        yield signed(acme, body, secret=flipped(acme.webhook_secret, i))
        yield signed(acme, body, secret=acme.webhook_secret[:i])
    for minutes in range(1, 200):
        yield signed(acme, body, at=NOW - timedelta(hours=2, minutes=minutes))
        yield signed(acme, body, at=NOW + timedelta(minutes=5 + minutes))
    yield sound.but(account_id=globex.pk)
    yield signed(acme, body, secret=globex.webhook_secret)


@pytest.mark.storm
@both_databases
def test_none_of_a_thousand_tampered_deliveries_gets_in(acme, globex, client, record_property):
    sound = started(acme)
    answers = [delivery.to(client).status_code for delivery in tampered(sound, acme, globex)]
    record_property("G8.tampered_deliveries", len(answers))
    record_property("G8.tampered_accepted", len(answers) - answers.count(401))
    assert len(answers) >= 1000
    assert set(answers) == {401}
    assert not WebhookEvent.objects.exists()
    assert sound.to(client).status_code == 204
    assert WebhookEvent.objects.count() == 1


# --- Once, in any order -----------------------------------------------------------------------


@both_databases
def test_a_hundred_replays_are_one_event(acme, client, record_property):
    delivery = started(acme)
    statuses = {delivery.to(client).status_code for _ in range(100)}
    record_property("G8.rows_of_a_hundred_replays", WebhookEvent.objects.count())
    assert statuses == {204}
    assert WebhookEvent.objects.count() == 1


@both_databases
def test_a_replay_leaves_the_first_record_as_it_is(acme, client):
    started(acme).to(client)
    WebhookEvent.objects.update(processed_at=NOW)
    before = WebhookEvent.objects.values().get()
    started(acme).to(client)
    assert WebhookEvent.objects.values().get() == before


def test_an_event_that_is_written_and_signed_anew_is_the_same(acme, client):
    """Other order of names, other tracking id, other time, and a number that was a string."""
    started(acme).to(client)
    again = json.loads(started(acme, id=81234567890).body)
    again = dict(reversed(again.items()))
    later = signed(acme, json.dumps(again, indent=1).encode(), at=NOW + timedelta(minutes=5))
    later.but(tracking_id="another").to(client)
    assert WebhookEvent.objects.count() == 1


PERSON = {"user_id": "16778240", "participant_uuid": "A-1", "id": ""}
OTHERS = {
    "name": {"event": "meeting.ended"},
    "time": {"event_ts": EVENT_TS + 1},
    "meeting": {"id": "81234567891"},
    "run": {"uuid": "5555BBBiBBBBBiBiBiiBii=="},
    "user_id": {"participant": {**PERSON, "user_id": "16778241"}},
    "participant_uuid": {"participant": {**PERSON, "participant_uuid": "A-2"}},
    "zoom user": {"participant": {**PERSON, "id": "alice"}},
    "nobody": {"participant": None},
    "registrant": {"registrant": {"id": "r-1"}},
}


@both_databases
@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_what_differs_in_one_of_these_is_another_event(acme, client, change):
    started(acme, participant=PERSON).to(client)
    started(acme, **{"participant": PERSON, **change}).to(client)
    assert WebhookEvent.objects.count() == 2


def test_the_same_event_of_two_accounts_is_two_events(acme, globex, client):
    for account in (acme, globex):
        started(account).to(client)
    assert WebhookEvent.objects.count() == 2


def test_no_order_of_arrival_leaves_other_rows(acme, client):
    names = ("meeting.created", "meeting.started", "meeting.participant_joined", "meeting.ended")
    deliveries = [started(acme, event=n, event_ts=EVENT_TS + i) for i, n in enumerate(names)]
    left = set()
    for order in itertools.permutations(deliveries):
        WebhookEvent.objects.all().delete()
        for delivery in (*order, order[0]):
            delivery.to(client)
        left.add(tuple(WebhookEvent.objects.order_by("happened_at").values_list("name", "key")))
    assert [len(rows) for rows in left] == [4]


@both_databases
@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_once_are_one_event():
    delivery = started(make_cast().acme_account)
    together = Barrier(2, timeout=10)

    def send(_):
        together.wait()
        try:
            return delivery.to(Client()).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert [set(threads.map(send, range(2))) for _ in range(5)] == [{204}] * 5
    assert WebhookEvent.objects.count() == 1


# --- What is no event -------------------------------------------------------------------------

SOUND = {"event": "a.b", "event_ts": EVENT_TS, "payload": {"account_id": "acme-account"}}
MALFORMED = {
    "a space": b" ",
    "no JSON": b"{",
    "a form": b"event=meeting.started",
    "a list": b"[]",
    "a string": b'"meeting.started"',
    "null": b"null",
    "not UTF-8": b"\xff\xfe",
    "UTF-16": json.dumps(SOUND).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(SOUND).encode(),
    "two values": json.dumps(SOUND).encode() * 2,
    "NaN": json.dumps(SOUND).replace(str(EVENT_TS), "NaN").encode(),
    "an endless number": json.dumps(SOUND).replace("acme-account", '", "x": 1e999, "": "').encode(),
    "a number of 5,000 digits": json.dumps(SOUND).replace(str(EVENT_TS), "9" * 5000).encode(),
    "no payload": {**SOUND, "payload": None},
    "a payload that is a list": {**SOUND, "payload": []},
    "no name": {**SOUND, "event": None},
    "a name that is a number": {**SOUND, "event": 7},
    "an empty name": {**SOUND, "event": ""},
    "a long name": {**SOUND, "event": "a" * 101},
    "a name with a zero byte": {**SOUND, "event": "a\0b"},
    "a name of two lines": {**SOUND, "event": "a\nb"},
    "no time": {**SOUND, "event_ts": None},
    "a time in quotes": {**SOUND, "event_ts": str(EVENT_TS)},
    "a broken time": {**SOUND, "event_ts": 1.5},
    "true for a time": {**SOUND, "event_ts": True},
    "a time before 1970": {**SOUND, "event_ts": -1},
    "a time beyond all dates": {**SOUND, "event_ts": 10**14},
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_what_is_signed_and_no_event_is_a_bad_request(acme, client, caplog, content):
    assert raw(acme, content).to(client).status_code == 400
    assert not WebhookEvent.objects.exists()
    assert "refused: no" in caplog.text


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_unsigned_it_is_not_even_read(acme, client, content):
    assert raw(acme, content).but(signature="v0=" + "0" * 64).to(client).status_code == 401


@pytest.mark.parametrize("where", ["id", "uuid"])
@pytest.mark.parametrize("value", ["x" * 201, "a\0b", "a\nb", "\ud800", 1.5, True, [], {}, 10**201])
def test_an_id_that_cannot_be_one_is_a_bad_request(acme, client, where, value):
    assert started(acme, **{where: value}).to(client).status_code == 400


@pytest.mark.parametrize("where", ["id", "uuid"])
def test_an_id_of_the_longest_kind_is_taken(acme, client, where):
    assert started(acme, **{where: "x" * 200}).to(client).status_code == 204


def test_an_object_that_is_none_is_a_bad_request(acme, client):
    body = write("meeting.started", [STARTED], account_id=acme.account_id, event_ts=EVENT_TS)
    assert signed(acme, body).to(client).status_code == 400


def test_text_that_no_database_likes_is_taken(acme, client):
    started(acme, topic="zero \0 and half a pair \ud800").to(client)
    assert "\\u0000" in WebhookEvent.objects.get().payload


BOMBS = {
    "lists": b"[" * 200_000,
    "objects": b'{"a":' * 40_000,
    "closed lists": b"[" * 100_000 + b"]" * 100_000,
    "many names": b"{" + b",".join(b'"%d":0' % i for i in range(20_000)) + b"}",
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_a_signed_bomb_is_a_bad_request(acme, client, body):
    assert raw(acme, body).to(client).status_code == 400


def test_no_depth_of_nesting_is_an_error_of_ours(acme, client):
    statuses = []
    for depth in (10, *range(200, 1200, 25)):
        deep = b"[" * depth + b"]" * depth
        body = started(acme, topic="DEEP", event_ts=depth).body.replace(b'"DEEP"', deep)
        statuses.append(signed(acme, body).to(client).status_code)
    assert set(statuses) == {204, 400}
    assert (statuses[0], statuses[-1]) == (204, 400)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_named = st.fixed_dictionaries(
    {},
    optional={
        "event": _json | st.just("meeting.started") | st.just("endpoint.url_validation"),
        "event_ts": _json | st.just(EVENT_TS),
        "payload": _json
        | st.fixed_dictionaries(
            {"account_id": st.just("acme-account") | _json},
            optional={"object": _json, "plainToken": _json},
        ),
    },
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(min_size=1, max_size=60) | _json | _named)
def test_nothing_that_is_signed_is_an_error_of_ours(acme, client, content):
    assert raw(acme, content).to(client).status_code in (200, 204, 400, 401)


# --- How much, and how --------------------------------------------------------------------------


def of_size(account, size):
    padding = size - len(started(account, topic="").body)
    return started(account, topic="x" * padding)


def test_a_body_of_the_largest_size_is_taken(acme, client):
    delivery = of_size(acme, LONGEST_BODY)
    assert len(delivery.body) == 256 * 1024
    assert delivery.to(client).status_code == 204


@pytest.mark.parametrize("size", [LONGEST_BODY + 1, 3_000_000])
def test_a_larger_body_is_refused_though_it_is_signed(acme, client, size):
    assert of_size(acme, size).to(client).status_code == 413
    assert not WebhookEvent.objects.exists()


def request_for(acme, **environ):
    delivery = started(acme)
    return RequestFactory().post(
        delivery.path, delivery.body, delivery.content_type, headers=delivery.headers, **environ
    )


class Untouchable:
    """A body of which nothing may be read."""

    def read(self, *args):
        raise AssertionError("the body was read")


def test_nothing_is_read_of_a_body_that_says_it_is_larger(acme):
    request = request_for(acme, CONTENT_LENGTH=str(LONGEST_BODY + 1))
    request._stream = Untouchable()
    assert webhook(request, account_id=acme.pk).status_code == 413


@pytest.mark.parametrize("length", ["", "-1", "1e3", "9" * 5000, "٣"])
def test_without_a_length_nothing_is_read(acme, length):
    request = request_for(acme, CONTENT_LENGTH=length)
    request._stream = Untouchable()
    assert webhook(request, account_id=acme.pk).status_code == 411


@pytest.mark.parametrize(("is_signed", "status"), [(False, 401), (True, 400)])
def test_an_empty_body_is_refused(acme, client, is_signed, status):
    empty = signed(acme, b"") if is_signed else signed(acme, b"").but(signature=None)
    answer = client.post(
        empty.path, b"", "application/json", headers=empty.headers, CONTENT_LENGTH="0"
    )
    assert answer.status_code == status


class BrokenOff:
    def read(self, *args):
        raise OSError("gone")

    def close(self):
        pass


def test_a_body_that_breaks_off_is_no_error_of_ours(acme):
    request = request_for(acme)
    request._stream = BrokenOff()
    assert webhook(request, account_id=acme.pk).status_code == 400


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete", "trace"])
def test_only_post_is_answered(acme, client, method):
    answer = getattr(client, method)(started(acme).path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "no-store" in answer["Cache-Control"]


# --- The validation of the address --------------------------------------------------------------


def in_hex(secret, text):
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@both_databases
def test_a_validation_is_answered_with_the_token_and_its_code(acme, client):
    answer = validation(acme, "a-Token_1").to(client)
    code = in_hex(acme.webhook_secret, "a-Token_1")
    expected = {"plainToken": "a-Token_1", "encryptedToken": code}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert "no-store" in answer["Cache-Control"]


@both_databases
def test_a_validation_is_remembered_and_is_no_event(acme, globex, client):
    validation(acme).to(client)
    acme.refresh_from_db()
    globex.refresh_from_db()
    assert (acme.webhook_validated_at, globex.webhook_validated_at) == (NOW, None)
    assert not WebhookEvent.objects.exists()


def test_a_validation_costs_one_read_and_one_update(acme, client, django_assert_num_queries):
    with django_assert_num_queries(2):
        validation(acme).to(client)


@pytest.mark.parametrize("signature", [None, "", "v0=" + "0" * 64])
def test_an_unsigned_validation_gets_no_code(acme, client, signature):
    answer = validation(acme).but(signature=signature).to(client)
    assert (answer.status_code, answer.content) == (401, b"")
    acme.refresh_from_db()
    assert acme.webhook_validated_at is None


def test_a_validation_signed_for_another_account_gets_no_code(acme, globex, client):
    answer = validation(acme).but(account_id=globex.pk).to(client)
    assert (answer.status_code, answer.content) == (401, b"")


ORACLES = ["v0:1777896000:{}", "v0:1777896000", ":", "v0%3A", "a b", "a\nb", "é", "", "x" * 129]


@pytest.mark.parametrize("token", [*ORACLES, None, 7, True, ["a"], {"a": "b"}], ids=repr)
def test_a_token_that_could_be_something_else_gets_no_code(acme, client, token):
    answer = validation(acme, token).to(client)
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize("token", ["x" * 128, "a", "AZaz09+/=_-"])
def test_a_token_of_the_kinds_there_are_gets_one(acme, client, token):
    assert validation(acme, token).to(client).json()["plainToken"] == token


def test_no_answer_to_a_validation_signs_a_delivery(acme, client):
    """Who could choose the token still gets no signature for an event."""
    body = started(acme).body
    wanted = f"v0:{int(NOW.timestamp())}:{body.decode()}"
    for token in (wanted, wanted[:128], wanted.replace(":", "_")[:128]):
        answer = validation(acme, token).to(client)
        code = answer.json()["encryptedToken"] if answer.status_code == 200 else "0" * 64
        forged = Sent(acme.pk, body, str(int(NOW.timestamp())), f"v0={code}")
        assert forged.to(client).status_code == 401


def test_a_validation_with_a_secret_that_is_just_being_replaced_is_not_remembered(acme, client):
    delivery = validation(acme)

    def replace_first(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and acme.webhook_secret != "the-next-secret":
            acme.webhook_secret = "the-next-secret"
            acme.save(update_fields=["webhook_secret"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(replace_first):
        assert delivery.to(client).status_code == 200
    assert ZoomAccount.objects.get(pk=acme.pk).webhook_validated_at is None


# --- The log --------------------------------------------------------------------------------------


def test_no_log_has_anything_of_a_delivery_but_its_tracking_id(acme, globex, client, caplog):
    caplog.set_level(logging.DEBUG)
    sound = started(acme)
    deliveries = [
        sound, sound.but(signature="v0=" + "0" * 64), sound.but(timestamp="1"),
        sound.but(account_id=globex.pk), sound.but(account_id=uuid.uuid4()), validation(acme),
        validation(acme, "v0:token-canary"), started(acme, id="id-canary\n"),
        raw(acme, b'{"event": "body-canary'), of_size(acme, LONGEST_BODY + 1),
    ]  # fmt: skip
    for delivery in deliveries:
        delivery.to(client)
    assert caplog.text.count("tracking id WEB_0123abc") == len(deliveries)
    hidden = [ACME["webhook_secret"], GLOBEX["webhook_secret"], str(int(NOW.timestamp()))]
    hidden += [*CANARIES, "token-canary", "id-canary", "body-canary", "qgg8vlvZRS6UYooatFL8Aw"]
    hidden += [delivery.signature for delivery in deliveries]
    assert [text for text in hidden if text in caplog.text] == []


@pytest.mark.parametrize("given", ["two\nlines", "x" * 101, "é", "a b", ""])
def test_a_tracking_id_that_is_none_is_not_logged(acme, client, caplog, given):
    started(acme).but(tracking_id=given, signature=None).to(client)
    assert re.search(r"wrong signature \(tracking id -\)", caplog.text)


def test_the_log_tells_apart_what_the_answer_does_not(acme, client, caplog):
    for delivery in (started(acme, at=NOW - timedelta(hours=3)), started(acme).but(signature="x")):
        delivery.to(client)
    assert "well signed, but not lately" in caplog.text
    assert "wrong signature" in caplog.text


# --- How long it is kept ------------------------------------------------------------------------


def received(ago):
    return WebhookEventFactory(received_at=NOW - ago)


@both_databases
def test_events_go_after_the_days_that_are_set(db, settings):
    settings.WEBHOOK_EVENT_DAYS = 30
    old, young = received(timedelta(days=30, seconds=1)), received(timedelta(days=30))
    assert prune_webhook_events() == 1
    assert list(WebhookEvent.objects.all()) == [young]
    assert old.account != young.account


def test_no_event_goes_while_its_delivery_could_be_replayed(acme, client, clock, settings):
    settings.WEBHOOK_EVENT_DAYS = 0.001
    last_moment = started(acme, at=NOW + timedelta(minutes=5))
    last_moment.to(client)
    statuses = []
    for _ in range(60):
        clock.shift(timedelta(minutes=5))
        prune_webhook_events()
        statuses.append(last_moment.to(client).status_code)
        assert WebhookEvent.objects.count() <= 1
    assert WebhookEvent.objects.count() == 0
    assert statuses == [204] * 25 + [401] * 35


def test_an_event_that_was_never_used_goes_too(db, settings):
    settings.WEBHOOK_EVENT_DAYS = 1
    WebhookEventFactory(received_at=NOW - timedelta(days=2), processed_at=None)
    assert prune_webhook_events() == 1


# --- Where it is --------------------------------------------------------------------------------


def test_the_address_has_the_accounts_own_id(acme):
    assert reverse("zoomauth:webhook", args=[acme.pk]) == f"/zoom/webhooks/{acme.pk}/"
    assert acme.get_webhook_path() == f"/zoom/webhooks/{acme.pk}/"
