"""POST /meetings/<id>/start/: the start package, for the right person alone."""

import json
import time
from contextlib import contextmanager

import jwt
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.models import AuditEvent
from tests.crowds import multiply
from tests.factories import ZoomUserAssignmentFactory
from tests.sandbox import ACME
from tests.shared import share_account
from zoomauth.models import AccessToken, ZoomAccount

pytestmark = pytest.mark.django_db


def start_url(meeting):
    return reverse("meetings:start", args=[meeting.pk])


@pytest.fixture
def start(signed_in):
    def call(user, meeting):
        return signed_in(user).post(start_url(meeting))

    return call


def zak_owner(zoom, zak):
    (found,) = [entry for entry in zoom.zaks() if entry["value"] == zak]
    return found["user_id"]


@pytest.mark.both_databases
def test_the_host_gets_exactly_what_join_takes(cast, at_zoom, start):
    package = start(cast.alice, at_zoom).json()
    assert set(package) == {"signature", "meetingNumber", "passWord", "userName", "zak"}
    assert package["meetingNumber"] == str(at_zoom.meeting_number)
    assert package["passWord"] == "open_1"
    assert package["userName"] == "Alice"


def test_the_zak_is_the_hosts_own(cast, at_zoom, zoom, start):
    assert zak_owner(zoom, start(cast.alice, at_zoom).json()["zak"]) == "alice"


def test_an_alternative_host_gets_their_own_zak(cast, at_zoom, zoom, start):
    package = start(cast.bob, at_zoom).json()
    assert zak_owner(zoom, package["zak"]) == "bob"
    assert package["userName"] == "Bob"


def test_the_zak_lives_two_hours(cast, at_zoom, zoom, start):
    zak = start(cast.alice, at_zoom).json()["zak"]
    (issued,) = [entry for entry in zoom.zaks("alice") if entry["value"] == zak]
    assert issued["kind"] == "zak"
    assert issued["expires_at"] - issued["issued_at"] == 7200


def test_the_signature_is_for_this_meeting_as_host(cast, at_zoom, start):
    signature = start(cast.alice, at_zoom).json()["signature"]
    claims = jwt.decode(signature, ACME["sdk_client_secret"], algorithms=["HS256"])
    assert claims["appKey"] == claims["sdkKey"] == ACME["sdk_client_id"]
    assert (claims["mn"], claims["role"]) == (str(at_zoom.meeting_number), 1)
    assert claims["tokenExp"] == claims["exp"] == claims["iat"] + 7200


def test_the_answer_is_kept_by_nobody(cast, at_zoom, start):
    answer = start(cast.alice, at_zoom)
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_a_warm_start_is_one_call_to_zoom(cast, at_zoom, zoom, start):
    zoom.clear_ledger()
    start(cast.alice, at_zoom)
    assert zoom.calls() == ["users.token"]


@pytest.mark.parametrize("person", ["mia", "sam", "ada"])
def test_others_in_the_organization_are_refused(cast, at_zoom, zoom, start, person):
    zoom.clear_ledger()
    assert start(getattr(cast, person), at_zoom).status_code == 403
    assert zoom.calls() == []


@pytest.mark.parametrize("person", ["carol", "gus", "operator"])
def test_everybody_else_finds_nothing(cast, at_zoom, zoom, start, person):
    zoom.clear_ledger()
    assert start(getattr(cast, person), at_zoom).status_code == 404
    assert zoom.calls() == []


def test_alternative_of_one_meeting_is_nothing_for_another(cast, schedule, start):
    other = schedule(cast.alice_host)
    assert start(cast.bob, other).status_code == 403


@pytest.mark.parametrize("door", ["host", "membership", "user", "organization"])
def test_a_removed_host_is_refused_at_the_next_request(cast, at_zoom, zoom, signed_in, door):
    client = signed_in(cast.alice)
    assert client.post(start_url(at_zoom)).status_code == 200
    rows = {
        "host": cast.alice_host,
        "membership": cast.alice_host.membership,
        "user": cast.alice,
        "organization": cast.acme,
    }
    rows[door].is_active = False
    rows[door].save(update_fields=["is_active"])
    zoom.clear_ledger()
    assert client.post(start_url(at_zoom)).status_code in (302, 403, 404)
    assert zoom.calls() == []


def test_a_removed_alternative_host_is_refused(cast, at_zoom, start):
    at_zoom.alternative_hosts.all().delete()
    assert start(cast.bob, at_zoom).status_code == 403


def test_role_and_number_from_the_browser_change_nothing(cast, at_zoom, signed_in):
    forged = {"role": 0, "meetingNumber": "99999999999", "zoom_user_id": "bob"}
    answer = signed_in(cast.alice).post(start_url(at_zoom), forged)
    claims = jwt.decode(answer.json()["signature"], options={"verify_signature": False})
    assert (claims["mn"], claims["role"]) == (str(at_zoom.meeting_number), 1)


def test_the_csrf_token_is_needed(cast, at_zoom):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    assert client.post(start_url(at_zoom)).status_code == 403


def test_a_start_is_audited_without_its_secrets(cast, at_zoom, start):
    package = start(cast.alice, at_zoom).json()
    event = AuditEvent.objects.get(action="meeting.start")
    assert (event.actor_id, event.result, event.target_id) == (
        cast.alice.pk,
        "done",
        str(at_zoom.pk),
    )
    row = json.dumps(AuditEvent.objects.filter(pk=event.pk).values()[0], default=str)
    assert package["zak"] not in row
    assert package["signature"] not in row


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.parametrize("door", ["meetings:start", "meetings:open_in_app"])
def test_without_an_audit_row_there_is_no_zak(cast, at_zoom, door):
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice)
    with full_audit_table():
        answer = client.post(reverse(door, args=[at_zoom.pk]))
    assert answer.status_code == 500
    assert "zak" not in answer.content.decode() + answer.headers.get("Location", "")


@contextmanager
def full_audit_table():
    """A table that takes no more rows."""
    stop, go_on = {
        "postgresql": (
            "ALTER TABLE portal_auditevent ADD CONSTRAINT full_table CHECK (false) NOT VALID",
            "ALTER TABLE portal_auditevent DROP CONSTRAINT full_table",
        ),
        "sqlite": (
            "CREATE TRIGGER full_table BEFORE INSERT ON portal_auditevent"
            " BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER full_table",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(stop)
        yield
        cursor.execute(go_on)


def test_a_refusal_is_audited(cast, at_zoom, start):
    start(cast.mia, at_zoom)
    event = AuditEvent.objects.get(action="meeting.start")
    assert (event.actor_id, event.result) == (cast.mia.pk, "denied")


def test_a_refused_token_is_replaced_once(cast, at_zoom, zoom, start):
    zoom.change_account(single_token=True)
    zoom.ask_token()
    zoom.clear_ledger()
    assert start(cast.alice, at_zoom).status_code == 200
    assert zoom.calls() == ["users.token", "oauth.token", "users.token"]


def test_a_zoom_that_refuses_every_token_is_asked_twice(cast, at_zoom, zoom, start):
    zoom.fault("users.token", "status", status=401, body={"code": 124, "message": "Invalid"})
    zoom.clear_ledger()
    assert start(cast.alice, at_zoom).status_code == 502
    assert zoom.calls() == ["users.token", "oauth.token", "users.token"]


FAULTS = {
    "unreachable": ("drop", {}, 502, "zoom_unavailable"),
    "server error": ("status", {"status": 500}, 502, "zoom_unavailable"),
    "html": ("html", {"status": 200}, 502, "zoom_answer_invalid"),
    "bad json": ("bad_json", {}, 502, "zoom_answer_invalid"),
    "empty": ("empty", {}, 502, "zoom_answer_invalid"),
    "redirect": ("redirect", {}, 502, "zoom_answer_invalid"),
    "rate limit": ("status", {"status": 429, "body": {"code": 429, "message": "x"}}, 503,
                   "zoom_rate_limited"),
    "no such user": ("status", {"status": 404, "body": {"code": 1001, "message": "x"}}, 502,
                     "zoom_user_not_found"),
    "scope": (
        "status",
        {
            "status": 400,
            "body": {
                "code": 4711,
                "message": "Invalid access token, does not contain scopes:[user:read:token:admin].",
            },
        },
        502,
        "zoom_scope_missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_failure_at_zoom_has_its_sentence(cast, at_zoom, zoom, start, name, caplog):
    kind, fields, status, code = FAULTS[name]
    zoom.fault("users.token", kind, **fields)
    answer = start(cast.alice, at_zoom)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"].count(".") >= 2
    event = AuditEvent.objects.get(action="meeting.start")
    assert (event.result, event.detail["cause"]) == ("failed", code)


def test_a_stalled_zoom_is_given_up_at_the_deadline(cast, at_zoom, zoom, start, settings):
    settings.ZOOM_DEADLINE = settings.ZOOM_READ_TIMEOUT = 0.5
    zoom.fault("users.token", "stall", seconds=5)
    before = time.monotonic()
    assert start(cast.alice, at_zoom).status_code == 504
    assert time.monotonic() - before < 4, "the stall lasts five seconds"


def test_the_time_of_a_start_begins_with_the_press(cast, at_zoom, zoom, start, settings):
    """Our own database is slow at the door, and Zoom is not asked for what nobody waits for."""
    settings.ZOOM_DEADLINE = 0.4
    zoom.clear_ledger()
    slow_for = [0.5]

    def slow(execute, sql, *rest):
        if sql.startswith("SELECT") and 'FROM "meetings_meeting"' in sql and slow_for:
            time.sleep(slow_for.pop())
        return execute(sql, *rest)

    with connection.execute_wrapper(slow):
        assert start(cast.alice, at_zoom).status_code == 504
    assert zoom.calls() == []
    # Nor is it Zoom's failure.
    assert ZoomAccount.objects.get(pk=cast.acme_account.pk).failures == 0


def test_wrong_credentials_are_said(cast, at_zoom, zoom, start):
    AccessToken.objects.all().delete()
    zoom.change_account(client_secret="another-secret")
    assert start(cast.alice, at_zoom).json()["error"]["code"] == "zoom_credentials_rejected"


def test_an_organization_without_account_is_told_so(cast, at_zoom, start):
    cast.acme.zoom_connection.delete()
    answer = start(cast.alice, at_zoom)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "zoom_not_connected")


def test_a_meeting_zoom_never_confirmed_cannot_start(cast, zoom, start):
    cast.meeting.meeting_number = None
    cast.meeting.save(update_fields=["meeting_number"])
    assert start(cast.alice, cast.meeting).status_code == 410


def test_a_secret_moved_from_another_tenant_opens_nothing(cast, at_zoom, start):
    foreign = cast.globex_account.__dict__["sdk_client_secret"]
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(sdk_client_secret=foreign)
    assert start(cast.alice, at_zoom).json()["error"]["code"] == "zoom_not_connected"


def test_the_page_holds_no_secret(cast, at_zoom, zoom, signed_in):
    zoom.clear_ledger()
    page = signed_in(cast.alice).get(start_url(at_zoom))
    assert page.status_code == 200
    assert zoom.calls() == []
    assert at_zoom.passcode not in page.content.decode()
    assert "zak=" not in page.content.decode()


def test_the_page_is_isolated_and_has_its_own_policy(cast, at_zoom, signed_in):
    page = signed_in(cast.alice).get(start_url(at_zoom))
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page["Cross-Origin-Embedder-Policy"] == "require-corp"
    policy = page["Content-Security-Policy"]
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert "report-" not in policy


def test_other_pages_keep_the_strict_policy(cast, signed_in):
    page = signed_in(cast.alice).get(reverse("meetings:list"))
    assert "Cross-Origin-Embedder-Policy" not in page
    assert "script-src 'self';" in page["Content-Security-Policy"] + ";"


# Who starts, whether on a shared account; statements, and with what begins and ends transactions.
COSTS = {
    "host": ("alice", False, (7, 9)),
    "alternative": ("bob", False, (7, 9)),
    "shared": ("alice", True, (8, 10)),
}
TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def cost_of(press):
    """Statements of a start, and those with what begins and ends transactions."""
    with CaptureQueriesContext(connection) as captured:
        assert press().status_code == 200
    queries = [query["sql"] for query in captured]
    return sum(not sql.startswith(TRANSACTION_CONTROL) for sql in queries), len(queries)


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.parametrize("start", COSTS)
def test_what_a_start_costs(cast, at_zoom, signed_in, start):
    """Session, person, meeting; the last look, and what begins and ends it; the audit row.

    Two note the attempt, each by itself: while Zoom makes the ZAK, and at the end.

    On a shared account one more, as its assignment is looked at and held there too.
    """
    who, shared, cost = COSTS[start]
    if shared:
        share_alice(cast)
    client = signed_in(getattr(cast, who))
    assert client.post(start_url(at_zoom)).status_code == 200
    assert cost_of(lambda: client.post(start_url(at_zoom))) == cost


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the rows are PostgreSQL's work")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("start", COSTS)
def test_a_start_costs_no_more_where_there_is_much(cast, at_zoom, signed_in, start):
    who, shared, cost = COSTS[start]
    if shared:
        share_alice(cast)
    crowd(cast, at_zoom)
    client = signed_in(getattr(cast, who))
    assert client.post(start_url(at_zoom)).status_code == 200
    assert cost_of(lambda: client.post(start_url(at_zoom))) == cost


def share_alice(cast):
    account = share_account(cast)
    ZoomUserAssignmentFactory(organization=cast.acme, account=account, zoom_user_id="alice")


def crowd(cast, meeting):
    """1,000 meetings of the host's, 100 alternative hosts, 100 memberships of both people."""

    def key(name):
        return f"md5('{name}' || n)::uuid"

    multiply(meeting, 1000, meeting_number="n")
    host, alternative = cast.bob_host, meeting.alternative_hosts.get()
    multiply(
        host, 100, id=key("host"), membership_id="NULL", zoom_user_id="'zoom' || n"
    )  # fmt: skip
    multiply(alternative, 100, host_id=key("host"))
    multiply(cast.acme, 100, id=key("organization"), name="'Faculty ' || n")
    for row in (cast.alice_host.membership, cast.bob_host.membership):
        multiply(row, 100, organization_id=key("organization"))
    assert meeting.alternative_hosts.count() == len(cast.alice.member_of()) == 101
