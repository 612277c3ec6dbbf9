"""Every way in which Zoom can fail, at the door where a host presses Start or schedules."""

import json
import logging
import time
import uuid
from datetime import timedelta

import pytest
import requests
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from meetings.models import Meeting
from portal.models import AuditEvent
from tests.leaks import find_leaks
from tests.sandbox import ACME
from tests.zoom_faults import IN_BROWSER, ON_START, find_gaps
from zoomauth.models import AccessToken

pytestmark = pytest.mark.django_db
FAILING = {kind: seen for kind, seen in ON_START.items() if seen.code}


@pytest.fixture
def trusted(zoom, tmp_path, monkeypatch, settings):
    """The portal asks by TLS, on a machine that trusts the sandbox's authority."""
    certificate = requests.get(f"{zoom.control_url}/_control/certificate", timeout=5)
    authority = tmp_path / "authority.pem"
    authority.write_bytes(certificate.content)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(authority))
    _ask_by_tls(zoom, settings)


def _ask_by_tls(zoom, settings, name="localhost"):
    settings.ZOOM_API_URL = f"https://{name}:{zoom.tls_port}/v2"
    settings.ZOOM_OAUTH_URL = f"https://{name}:{zoom.tls_port}/oauth/token"


@pytest.fixture
def press_start(cast, at_zoom, zoom, signed_in, settings, request):
    """Alice presses Start once, with this failure planted on this call."""
    client = signed_in(cast.alice)
    patience = settings.ZOOM_DEADLINE

    def call(kind="", on="users.token"):
        if kind == "tls_error":
            request.getfixturevalue("trusted")
        if kind == "refuse":
            zoom.refuse(**ON_START[kind].fields)
        elif kind:
            zoom.fault(on, kind, times=ON_START[kind].times, **ON_START[kind].fields)
        is_slow = bool(kind) and ON_START[kind].is_slow
        settings.ZOOM_DEADLINE = 0.5 if is_slow else patience
        return client.post(reverse("meetings:start", args=[at_zoom.pk]))

    return call


# --- What the host sees -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", FAILING)
def test_the_host_reads_one_sentence(press_start, kind):
    seen = FAILING[kind]
    answer = press_start(kind)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (seen.status, seen.code)
    assert (error["message"], error["outcome_unknown"]) == (seen.sentence, False)


@pytest.mark.parametrize("kind", [kind for kind in ON_START if kind not in FAILING])
def test_what_is_only_odd_does_not_keep_the_host_out(press_start, zoom, kind):
    answer = press_start(kind)
    assert answer.status_code == 200
    assert answer.json()["zak"] in {zak["value"] for zak in zoom.zaks("alice")}
    assert zoom.faults()[0]["hits"] == 1


@pytest.mark.parametrize("kind", [kind for kind, seen in ON_START.items() if seen.is_slow])
def test_a_slow_zoom_is_given_up_at_the_deadline(press_start, kind):
    begun = time.monotonic()
    press_start(kind)
    assert time.monotonic() - begun < 5, "what is planted lasts thirty seconds"


@pytest.mark.parametrize("kind", [kind for kind in ON_START if kind != "daily_limit"])
def test_the_next_start_works(press_start, zoom, kind):
    press_start(kind)
    if kind == "refuse":
        zoom.clear_faults()
    assert press_start().status_code == 200


def test_a_day_that_is_used_up_is_not_asked_for_again(press_start, zoom):
    first, second = press_start("daily_limit"), press_start()
    assert first.json() != second.json(), "the first has Zoom's tracking id"
    assert second.json()["error"]["message"] == FAILING["daily_limit"].sentence
    assert zoom.calls().count("users.token") == 1


@pytest.mark.parametrize("kind", ON_START)
def test_a_start_without_a_token_meets_the_same_and_the_next_works(press_start, zoom, kind):
    AccessToken.objects.all().delete()
    seen = ON_START[kind]
    answer = press_start(kind, on="oauth.token")
    code = answer.json().get("error", {}).get("code", "")
    assert (answer.status_code, code) == (seen.status, seen.code)
    zoom.clear_faults()
    assert press_start().status_code == 200


def test_an_untrusted_certificate_is_out_of_reach(press_start, zoom, settings):
    # Not the name by which earlier tests have connections that were trusted.
    _ask_by_tls(zoom, settings, "127.0.0.1")
    zoom.clear_ledger()
    answer = press_start()
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "zoom_unreachable")
    assert zoom.calls() == []


# --- What is left of it -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ON_START)
def test_the_audit_row_tells(press_start, kind):
    press_start(kind)
    event = AuditEvent.objects.get(action="meeting.start")
    result = "failed" if kind in FAILING else "done"
    assert (event.result, event.detail.get("cause", "")) == (result, ON_START[kind].code)


@pytest.fixture
def secrets_at(zoom):
    """(secret, sink) for every secret of this start that stands in the answer, log or audit."""

    def call(answer, caplog):
        secrets = {name: ACME[name] for name in ACME if name.endswith("secret")}
        secrets |= {f"zak {zak['value'][:4]}": zak["value"] for zak in zoom.zaks()}
        secrets |= {f"token {row.pk}": row.token for row in AccessToken.objects.all()}
        rows = json.dumps(list(AuditEvent.objects.values()), default=str)
        sinks = {"answer": answer.content.decode(), "log": caplog.text, "audit": rows}
        return {(name.partition(" ")[0], sink) for name, sink in find_leaks(secrets, sinks)}

    return call


@pytest.mark.parametrize("kind", ON_START)
def test_no_secret_is_in_answer_log_or_audit(press_start, secrets_at, caplog, kind):
    with caplog.at_level(logging.DEBUG):
        answer = press_start(kind)
    # The start package has its ZAK; and so it is seen that one would be found.
    due = set() if kind in FAILING else {("zak", "answer")}
    assert secrets_at(answer, caplog) == due


@pytest.mark.parametrize("kind", FAILING)
def test_each_call_that_fails_is_one_warning(press_start, caplog, kind):
    press_start(kind)
    lines = [r for r in caplog.record_tuples if r[0].startswith("zoomauth")]
    assert len(lines) == FAILING[kind].times
    _, level, text = lines[-1]
    assert level == logging.WARNING
    assert "call fetch_user_zak" in text


# --- Work that was done and not confirmed -----------------------------------------------------


@pytest.fixture
def send_form(cast, signed_in):
    client = signed_in(cast.alice)

    def call(topic="Thermodynamics"):
        starts_at = timezone.now() + timedelta(days=1)
        data = {
            "key": str(uuid.uuid4()),
            "host": str(cast.alice_host.pk),
            "topic": topic,
            "starts_at": starts_at.strftime("%Y-%m-%dT%H:%M"),
            "duration_minutes": 45,
            "passcode": "heat_1",
        }
        return client.post(reverse("meetings:schedule"), data)

    return call


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("lost_reply", "Zoom had a fault before it confirmed this."),
        ("body_drip", "Zoom took too long to confirm this."),
    ],
)
def test_a_meeting_made_and_not_confirmed_is_said_to_be_so(
    send_form, zoom, settings, kind, sentence
):
    zoom.fault("meetings.create", kind, times=1)
    settings.ZOOM_DEADLINE = 0.5
    answer = send_form()
    assert answer.status_code in (502, 504)
    assert f"{sentence} Look whether it was done before you try again." in answer.content.decode()
    assert [meeting["topic"] for meeting in zoom.meetings()] == ["Thermodynamics"]


def test_an_unconfirmed_meeting_keeps_its_row_and_the_next_is_scheduled(send_form, zoom):
    zoom.fault("meetings.create", "lost_reply", times=1)
    send_form("Lost")
    assert send_form("Found").status_code == 302
    numbers = dict(Meeting.objects.values_list("topic", "meeting_number"))
    assert (numbers["Lost"], numbers["Found"] is None) == (None, False)
    assert AuditEvent.objects.get(result="failed").detail["cause"] == "zoom_unavailable"


# --- A whole morning --------------------------------------------------------------------------

# Minutes after nine, and what Start says then.
MONDAY = [
    (0, ["zoom_rate_limited", "", ""]),
    (10, [""]),
    (30, ["zoom_unavailable", "zoom_unavailable"]),
    (40, [""]),
    (45, ["zoom_credentials_rejected"]),
    (60, [""]),
]


def test_a_bad_monday_is_told_truly_and_is_over_when_it_is_over(press_start, zoom):
    zoom.freeze()
    zoom.play("a-bad-monday", account="acme-account")
    told, clock = [], 0
    for minute, codes in MONDAY:
        zoom.clock((minute - clock) * 60)
        # Here the minutes have passed too, as far as a refusal is remembered.
        AccessToken.objects.update(failed_at=F("failed_at") - timedelta(minutes=minute - clock))
        clock = minute
        answers = [press_start().json() for _ in codes]
        told.append((minute, [a.get("error", {}).get("code", "") for a in answers]))
    assert told == MONDAY


def test_a_bad_monday_in_one_account_is_none_in_another(press_start, zoom):
    zoom.play("a-bad-monday", account="globex-account")
    assert press_start().status_code == 200


# --- No kind without a test -------------------------------------------------------------------


def test_every_kind_of_failure_is_seen_by_a_host(zoom):
    assert find_gaps(zoom.fault_kinds()) == set()


def test_a_kind_without_a_test_and_a_test_without_a_kind_would_be_found():
    tested = {*ON_START, *IN_BROWSER}
    assert find_gaps([*tested, "sulk"]) == {"sulk"}
    assert all(find_gaps(tested - {kind}) == {kind} for kind in tested)
