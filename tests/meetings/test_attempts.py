"""What the portal notes of each press of Start, and that it stops none."""

import logging
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings.attempt_codes import read_code
from meetings.models import Host, Meeting, StartAttempt
from meetings.start_steps import SERVER_STEPS, Step
from portal.models import AuditEvent, Organization
from zoomauth.models import AccessToken

pytestmark = pytest.mark.django_db
CODE = "7K3M90PQ"


@pytest.fixture
def press(signed_in):
    def call(user, meeting, door="meetings:start", **form):
        return signed_in(user).post(reverse(door, args=[meeting.pk]), {"attempt": CODE, **form})

    return call


def the_attempt():
    return StartAttempt.objects.get()


def ended(attempt):
    outcome, step = attempt.judge(timezone.now())
    return str(outcome), str(step), attempt.error_code


def reached(attempt):
    return [step.value for step in Step if getattr(attempt, step.column)]


@pytest.mark.both_databases
def test_a_start_is_noted_step_by_step(cast, at_zoom, press):
    assert press(cast.alice, at_zoom).status_code == 200
    attempt = the_attempt()
    assert reached(attempt) == [step.value for step in SERVER_STEPS]
    times = [getattr(attempt, step.column) for step in SERVER_STEPS]
    assert times == sorted(times)


def test_it_says_who_started_what_as_whom(cast, at_zoom, press):
    press(cast.bob, at_zoom)
    attempt = the_attempt()
    assert (attempt.user, attempt.meeting, attempt.host) == (cast.bob, at_zoom, cast.bob_host)
    assert (attempt.organization, attempt.code, attempt.way) == (cast.acme, CODE, "browser")


@pytest.mark.parametrize("sent", ["", "short", "<script>", "x" * 500])
def test_without_a_code_the_portal_makes_one(cast, at_zoom, press, sent):
    assert press(cast.alice, at_zoom, attempt=sent).status_code == 200
    assert read_code(the_attempt().code)


@pytest.mark.both_databases
def test_a_press_with_the_same_code_is_the_same_attempt(cast, at_zoom, press):
    for _press in range(2):
        assert press(cast.alice, at_zoom).status_code == 200
    assert reached(the_attempt())[-1] == "delivered"


def test_two_people_with_the_same_code_have_an_attempt_each(cast, at_zoom, press):
    press(cast.alice, at_zoom)
    press(cast.bob, at_zoom)
    assert StartAttempt.objects.count() == 2


def test_what_the_page_has_told_already_is_kept(cast, at_zoom, press, signed_in):
    trace = {"attempt": CODE, "told": "failed", "error": "left", "after": 10, "age": 20}
    signed_in(cast.alice).post(reverse("meetings:start_trace", args=[at_zoom.pk]), trace)
    pressed_at = the_attempt().pressed_at
    press(cast.alice, at_zoom)
    attempt = the_attempt()
    assert (attempt.pressed_at, attempt.error_code) == (pressed_at, "left")
    assert reached(attempt)[-1] == "delivered"


@pytest.mark.parametrize("door", ["meetings:start", "meetings:open_in_app"])
def test_zooms_tracking_id_is_there_though_nothing_failed(cast, at_zoom, press, door):
    press(cast.alice, at_zoom, door)
    assert the_attempt().tracking_id.startswith("v=2.0;")


def test_it_stays_when_the_page_fails_afterwards(cast, at_zoom, press, signed_in):
    press(cast.alice, at_zoom)
    told = {"attempt": CODE, "told": "failed", "during": "join", "error": "3610"}
    signed_in(cast.alice).post(
        reverse("meetings:start_trace", args=[at_zoom.pk]), {**told, "after": 900, "age": 0}
    )
    attempt = the_attempt()
    assert ended(attempt) == ("failed", "join", "3610")
    assert attempt.tracking_id


# --- What fails ---------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_failure_at_zoom_is_noted_with_what_zoom_said(cast, at_zoom, zoom, press):
    zoom.fault("users.token", "status", status=404, body={"code": 1001, "message": "x"})
    press(cast.alice, at_zoom)
    attempt = the_attempt()
    assert ended(attempt) == ("failed", "zak", "zoom_user_not_found")
    assert attempt.zoom_code == "1001"
    event = AuditEvent.objects.get(action="meeting.start")
    assert attempt.tracking_id == event.detail["tracking_id"] != ""


def test_a_token_that_is_refused_is_named(cast, at_zoom, zoom, press):
    AccessToken.objects.all().delete()
    zoom.change_account(client_secret="another-secret")
    press(cast.alice, at_zoom)
    attempt = the_attempt()
    assert ended(attempt) == ("failed", "token", "zoom_credentials_rejected")
    assert reached(attempt) == ["pressed", "allowed", "signed"]


def test_a_stored_token_that_zoom_refuses_and_no_other_is_named(cast, at_zoom, zoom, press):
    zoom.change_account(single_token=True)
    zoom.ask_token()
    zoom.fault("oauth.token", "status", status=500)
    press(cast.alice, at_zoom)
    assert ended(the_attempt())[:2] == ("failed", "token")


def test_a_zoom_that_cannot_be_reached_is_named_by_what_was_to_be_asked(
    cast, at_zoom, settings, press
):
    settings.ZOOM_API_URL = "http://127.0.0.1:9/v2"
    press(cast.alice, at_zoom)
    assert ended(the_attempt()) == ("failed", "zak", "zoom_unreachable")


def test_a_missing_connection_is_named(cast, at_zoom, press):
    cast.acme.zoom_connection.delete()
    press(cast.alice, at_zoom)
    assert ended(the_attempt()) == ("failed", "signed", "zoom_not_connected")


def test_sdk_credentials_that_do_not_sign_are_named(cast, at_zoom, press):
    cast.acme_account.sdk_client_secret = ""
    cast.acme_account.save(update_fields=["sdk_client_secret"])
    press(cast.alice, at_zoom)
    assert ended(the_attempt())[:2] == ("failed", "signed")


def test_who_is_turned_away_at_the_door_leaves_an_attempt_with_the_rule(cast, at_zoom, press):
    Host.objects.filter(pk=cast.alice_host.pk).update(is_active=False)
    assert press(cast.alice, at_zoom).status_code == 403
    attempt = the_attempt()
    assert ended(attempt) == ("failed", "allowed", "host_active.inactive")
    assert attempt.host is None


@pytest.mark.parametrize("door", ["meetings:start", "meetings:open_in_app", "api-meeting-start"])
def test_another_organizations_person_leaves_none(cast, at_zoom, press, door):
    assert press(cast.carol, at_zoom, door=door).status_code in (404, 415)
    assert not StartAttempt.objects.exists()


def test_the_page_itself_is_no_press(cast, at_zoom, signed_in):
    signed_in(cast.alice).get(reverse("meetings:start", args=[at_zoom.pk]))
    assert not StartAttempt.objects.exists()


# --- The other doors ----------------------------------------------------------------------------


def test_the_app_link_is_noted_as_handed_out(cast, at_zoom, press):
    assert press(cast.alice, at_zoom, door="meetings:open_in_app").status_code == 303
    attempt = the_attempt()
    assert ended(attempt) == ("handed_out", "None", "")
    assert attempt.way == "app"


def test_an_app_link_that_fails_shows_the_code(cast, at_zoom, zoom, press):
    zoom.fault("meetings.get", "status", status=500)
    page = press(cast.alice, at_zoom, door="meetings:open_in_app")
    attempt = the_attempt()
    assert attempt.shown_code in page.content.decode()
    assert ended(attempt)[:2] == ("failed", "zak")


def test_the_api_names_the_code_in_a_header(cast, at_zoom, signed_in, zoom):
    address = reverse("api-meeting-start", args=[at_zoom.pk])
    answer = signed_in(cast.alice).post(address, content_type="application/json")
    assert answer.status_code == 200
    attempt = the_attempt()
    assert (attempt.way, attempt.shown_code) == ("api", answer["X-Start-Attempt"])


def test_the_api_names_it_on_a_failure_too(cast, at_zoom, signed_in, zoom):
    zoom.fault("users.token", "status", status=500)
    address = reverse("api-meeting-start", args=[at_zoom.pk])
    answer = signed_in(cast.alice).post(address, content_type="application/json")
    assert (answer.status_code, answer["X-Start-Attempt"]) == (502, the_attempt().shown_code)


@pytest.fixture
def on_behalf(cast):
    Organization.objects.filter(pk=cast.acme.pk).update(admins_may_start_on_behalf=True)


def test_a_start_on_behalf_is_noted_as_one(cast, at_zoom, press, on_behalf):
    press(cast.ada, at_zoom, door="meetings:start_on_behalf", reason="Alice is ill")
    attempt = the_attempt()
    assert (attempt.way, attempt.user, attempt.host) == ("on_behalf", cast.ada, cast.alice_host)
    assert reached(attempt)[-1] == "delivered"


def test_one_without_a_reason_too(cast, at_zoom, press, on_behalf):
    press(cast.ada, at_zoom, door="meetings:start_on_behalf")
    assert ended(the_attempt()) == ("failed", "allowed", "reason_missing")


def test_one_that_is_switched_off_too(cast, at_zoom, press):
    press(cast.ada, at_zoom, door="meetings:start_on_behalf", reason="x")
    assert ended(the_attempt()) == ("failed", "allowed", "policy.off")


# --- What must never be in the way --------------------------------------------------------------


@contextmanager
def altered(table, postgresql, sqlite):
    """Two statements for each database: one that spoils this table, one that mends it."""
    spoil, mend = postgresql if connection.vendor == "postgresql" else sqlite
    with connection.cursor() as cursor:
        cursor.execute(spoil.format(table=table))
        yield
        cursor.execute(mend.format(table=table))


def full(table):
    """A table that takes no more rows."""
    return altered(
        table,
        ("ALTER TABLE {table} ADD CONSTRAINT full_table CHECK (false) NOT VALID",
         "ALTER TABLE {table} DROP CONSTRAINT full_table"),
        ("CREATE TRIGGER full_table BEFORE INSERT ON {table}"
         " BEGIN SELECT RAISE(ABORT, 'full'); END",
         "DROP TRIGGER full_table"),
    )  # fmt: skip


def missing(table):
    """A table that is not there, as before the migration has run."""
    there_and_back = (
        "ALTER TABLE {table} RENAME TO elsewhere",
        "ALTER TABLE elsewhere RENAME TO {table}",
    )
    return altered(table, there_and_back, there_and_back)


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.parametrize("trouble", [full, missing])
def test_a_black_box_that_is_broken_stops_no_start(cast, at_zoom, zoom, caplog, trouble):
    client = Client()
    client.force_login(cast.alice)
    AccessToken.objects.all().delete()
    zoom.clear_ledger()
    with trouble(StartAttempt._meta.db_table), caplog.at_level(logging.ERROR):
        answer = client.post(reverse("meetings:start", args=[at_zoom.pk]), {"attempt": CODE})
    assert answer.status_code == 200
    assert answer.json()["zak"]
    assert zoom.calls() == ["oauth.token", "users.token"]
    assert caplog.text.count("was not noted") == 2
    assert answer.json()["zak"] not in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("token", ["warm", "cold"])
def test_a_black_box_that_somebody_has_locked_holds_up_no_start(
    cast, at_zoom, second_connection, token, caplog
):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no table")
    client = Client()
    client.force_login(cast.alice)
    if token == "cold":
        AccessToken.objects.all().delete()
    with second_connection() as cursor:
        cursor.execute(f"LOCK TABLE {StartAttempt._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        answer = client.post(reverse("meetings:start", args=[at_zoom.pk]), {"attempt": CODE})
    assert answer.status_code == 200
    assert not StartAttempt.objects.exists()
    # The first that is lost, and the last.
    assert caplog.text.count("was not noted") == 2


@pytest.mark.django_db(transaction=True)
def test_a_page_tells_again_what_could_not_be_noted(cast, at_zoom, second_connection):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no table")
    client = Client()
    client.force_login(cast.alice)
    told = {"attempt": CODE, "told": "init", "after": 5, "age": 5}
    address = reverse("meetings:start_trace", args=[at_zoom.pk])
    with second_connection() as cursor:
        cursor.execute(f"LOCK TABLE {StartAttempt._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        assert client.post(address, told).status_code == 503
    assert client.post(address, told).status_code == 204


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_what_notes_an_attempt_is_in_no_transaction_that_it_could_break(cast, at_zoom):
    table, inside = StartAttempt._meta.db_table, []

    def look(execute, sql, *rest):
        if table in sql:
            inside.append(connection.in_atomic_block)
        return execute(sql, *rest)

    client = Client()
    client.force_login(cast.alice)
    AccessToken.objects.all().delete()
    with connection.execute_wrapper(look):
        client.post(reverse("meetings:start", args=[at_zoom.pk]), {"attempt": CODE})
    assert inside == [False, False, False]


@pytest.fixture
def second_connection():
    @contextmanager
    def call():
        other = connection.copy()
        other.set_autocommit(False)
        try:
            with other.cursor() as cursor:
                yield cursor
        finally:
            other.rollback()
            other.close()

    return call


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_without_an_audit_row_the_attempt_says_that_nothing_left(cast, at_zoom):
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice)
    with full(AuditEvent._meta.db_table):
        answer = client.post(reverse("meetings:start", args=[at_zoom.pk]), {"attempt": CODE})
    assert answer.status_code == 500
    assert ended(the_attempt()) == ("failed", "delivered", "internal")


@pytest.mark.django_db(transaction=True)
def test_a_right_taken_away_under_way_is_noted(cast, at_zoom, zoom):
    """The last look before Zoom finds it; its transaction takes nothing of the attempt along."""
    client = Client()
    client.force_login(cast.alice)
    AccessToken.objects.all().delete()
    zoom.fault("oauth.token", "latency", seconds=1)

    def take_away(execute, sql, params, many, context):
        if "token_at" in sql and "INSERT" in sql:
            Host._base_manager.filter(pk=cast.alice_host.pk).update(is_active=False)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(take_away):
        answer = client.post(reverse("meetings:start", args=[at_zoom.pk]), {"attempt": CODE})
    assert answer.status_code == 403
    assert ended(the_attempt()) == ("failed", "allowed", "taken_away")


def test_no_secret_is_in_it(cast, at_zoom, press):
    package = press(cast.alice, at_zoom).json()
    row = str(StartAttempt.objects.values().get())
    assert not [name for name in ("zak", "signature", "passWord") if package[name] in row]
    assert Meeting.objects.get(pk=at_zoom.pk).passcode == package["passWord"]
