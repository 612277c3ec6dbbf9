"""One scripted day of the cast; then every sink is searched for every secret of that day.

The positive control is the same search after one leak was planted in each sink on purpose.
"""

import base64
import contextlib
import json
import re
import secrets as random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from allauth.mfa.models import Authenticator
from django.db import connection
from django.utils import timezone

from portal.celery import app
from portal.identity import second_factors
from portal.rotation import SealedColumn, all_sealings
from portal.sealing import seal
from tests.deliveries import Sent, write
from tests.factories import PASSWORD, MeetingFactory
from tests.leaks import dump_database, find_leaks
from tests.portal.rows import row_with
from tests.sandbox import ACME
from tests.server import BUILD, running, worker
from zoomauth.models import AccessToken
from zoomauth.tasks import refresh_access_token, sweep_access_tokens

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Day:
    """What the cast did, what came back, and what must not be seen anywhere."""

    base: str
    secrets: dict[str, str] = field(default_factory=dict)
    responses: list[str] = field(default_factory=list)
    packages: list[dict[str, str]] = field(default_factory=list)
    meeting: str = ""


class Browser:
    """Somebody's browser: signs in, sends forms with their token, keeps every answer."""

    def __init__(self, day: Day, email: str, password: str = PASSWORD) -> None:
        self.day = day
        self.http = requests.Session()
        self.http.trust_env = False
        self.token = ""
        self.get("/accounts/login/")
        self.post("/accounts/login/", login=email, password=password)

    def get(self, path: str) -> requests.Response:
        return self._keep(self.http.get(self.day.base + path, timeout=30))

    def post(self, path: str, *, follow: bool = True, **form: Any) -> requests.Response:
        data = {"csrfmiddlewaretoken": self.token, **form}
        return self._keep(
            self.http.post(self.day.base + path, data=data, timeout=30, allow_redirects=follow)
        )

    def api(self, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken", "")}
        answer = self.http.post(self.day.base + path, json=body, headers=headers, timeout=30)
        return self._keep(answer)

    def _keep(self, answer: requests.Response) -> requests.Response:
        for one in (*answer.history, answer):
            if one.headers.get("Location", "").startswith("https://zoom.us/s/"):
                # The other answer whose purpose is a secret: the way into the Zoom app.
                self.day.secrets["start url"] = one.headers["Location"]
                continue
            if "json" in one.headers["Content-Type"] and '"zak"' in one.text:
                self.day.packages.append(one.json())
                one = _without_body(one)
            self.day.responses.append(f"{one.url}\n{dict(one.headers)}\n{one.text}")
        if found := CSRF.search(answer.text):
            self.token = found[1]
        return answer


def _without_body(answer: requests.Response) -> requests.Response:
    headers_only = requests.Response()
    headers_only.url, headers_only.headers = answer.url, answer.headers
    headers_only._content = b""
    return headers_only


@pytest.fixture
def day(cast, zoom) -> Iterator[tuple[Day, Path, Path]]:
    """The day has been; server and worker still run."""
    with running(LOG_LEVEL="DEBUG") as base, worker(TOKEN_SWEEP_SECONDS="1") as worker_log:
        server_log = BUILD / f"server-{base.rpartition(':')[2]}.log"
        day = Day(base)
        _admin_enters_credentials(day, cast, zoom)
        _hosts_work(day, cast)
        _zoom_tells(day, cast)
        _collect_secrets(day, zoom)
        _others_try(day, cast)
        _zoom_has_a_bad_hour(day, zoom)
        _collect_secrets(day, zoom)
        yield day, server_log, worker_log


def _admin_enters_credentials(day: Day, cast: Any, zoom: Any) -> None:
    new = {
        name: random.token_hex(16)
        for name in ("client_secret", "sdk_client_secret", "webhook_secret")
    }
    day.secrets.update({f"entered {name}": value for name, value in new.items()})
    zoom.change_account(**new)
    ada = Browser(day, "ada@acme.example")
    page = f"/admin/zoomauth/zoomaccount/{cast.acme_account.pk}/change/"
    ada.get(page)
    fields = {name: ACME[name] for name in ("account_id", "client_id", "sdk_client_id")}
    form = {f"new_{name}": value for name, value in new.items()}
    saved = ada.post(page, name="Zoom", region="", **fields, **form)
    assert "was changed successfully" in saved.text, saved.text
    assert "can start meetings" in ada.post(page.replace("change", "check")).text
    for path in ("history/", "change/"):
        ada.get(page.replace("change/", path))
    ada.get("/admin/portal/auditevent/")


def _hosts_work(day: Day, cast: Any) -> None:
    starts_at = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    alice = Browser(day, "alice@acme.example")
    page = alice.get("/meetings/schedule/")
    key = re.search(r'name="key" value="([^"]+)"', page.text)[1]
    made = alice.post(
        "/meetings/schedule/", key=key, host=str(cast.alice_host.pk), topic="Day",
        starts_at=starts_at, duration_minutes=30, passcode="", alternative_hosts=[
            str(cast.bob_host.pk)],
    )  # fmt: skip
    meeting = re.search(r"/meetings/([0-9a-f-]{36})/", made.url)[1]
    for path in ("", "start/"):
        alice.get(f"/meetings/{meeting}/{path}")
    assert alice.post(f"/meetings/{meeting}/start/").status_code == 200
    assert alice.post(f"/meetings/{meeting}/open-in-zoom/", follow=False).status_code == 303
    alice.get("/api/v1/meetings/")
    alice.api("/api/v1/meetings/", {"topic": "By API", "starts_at": starts_at + "Z",
                                    "duration_minutes": 30})  # fmt: skip
    assert alice.api(f"/api/v1/meetings/{meeting}/start/").status_code == 200
    bob = Browser(day, "bob@acme.example")
    bob.get(f"/meetings/{meeting}/start/")
    assert bob.post(f"/meetings/{meeting}/start/").status_code == 200
    day.meeting = meeting


def _zoom_tells(day: Day, cast: Any) -> None:
    """An event with all that must not be seen, once signed and once not."""
    told = {name: random.token_hex(16) for name in ("password", "pwd", "zak", "email")}
    day.secrets.update({f"told {name}": value for name, value in told.items()})
    about = {
        "id": 81234567890,
        "password": told["password"],
        "join_url": f"https://zoom.us/j/81234567890?pwd={told['pwd']}",
        "start_url": f"https://zoom.us/s/81234567890?zak={told['zak']}",
        "participant": {"email": f"{told['email']}@people.example"},
    }
    now = time.time()
    body = write("meeting.created", about, account_id=ACME["account_id"], event_ts=int(now * 1000))
    secret = day.secrets["entered webhook_secret"]
    sent = Sent.signed(cast.acme_account.pk, body, secret=secret, at=now)
    http = requests.Session()
    http.trust_env = False
    for one, status in ((sent, 204), (sent.but(signature="v0=" + "0" * 64), 401)):
        answer = http.post(day.base + one.path, one.body, headers=one.headers, timeout=30)
        assert answer.status_code == status
        day.responses.append(f"{answer.url}\n{dict(answer.headers)}\n{answer.text}")


def _others_try(day: Day, cast: Any) -> None:
    Browser(day, "alice@acme.example", password="not-her-password")
    for email in ("mia@acme.example", "sam@acme.example", "carol@globex.example"):
        person = Browser(day, email)
        person.get("/meetings/")
        person.post(f"/meetings/{day.meeting}/start/")
    operator = Browser(day, "operator@greenroom.example")
    for path in ("zoomauth/zoomaccount/", "portal/auditevent/", "portal/user/"):
        operator.get(f"/admin/{path}")


def _zoom_has_a_bad_hour(day: Day, zoom: Any) -> None:
    alice = Browser(day, "alice@acme.example")
    alice.get("/meetings/")
    for kind in ("status", "html", "drop"):
        zoom.fault("users.token", kind, **({"status": 500} if kind == "status" else {}), times=1)
        alice.post(f"/meetings/{day.meeting}/start/")
    AccessToken.objects.update(expires_at=timezone.now())
    zoom.fault("oauth.token", "status", status=400, body={"error": "invalid_client"}, times=1)
    alice.post(f"/meetings/{day.meeting}/start/")
    # Some seconds later, when Zoom is asked again.
    AccessToken.objects.update(failed_at=timezone.now() - timedelta(minutes=1))
    alice.post(f"/meetings/{day.meeting}/start/")


def _collect_secrets(day: Day, zoom: Any) -> None:
    for number, package in enumerate(day.packages):
        day.secrets[f"signature {number}"] = package["signature"]
    for number, zak in enumerate(zoom.zaks()):
        day.secrets[f"zak {number}"] = zak["value"]
    for row in AccessToken.objects.all():
        day.secrets[f"access token {row.generation}"] = row.token
    day.secrets["password"] = PASSWORD


@pytest.fixture
def queue(cast):
    with app.connection_for_read() as broker, broker.SimpleQueue("refresh") as simple:
        simple.clear()
        yield simple
        simple.clear()


def _messages(queue: Any) -> str:
    """What lies in the broker, unread by any worker."""
    found = []
    with contextlib.suppress(queue.Empty):
        while True:
            message = queue.get(timeout=1)
            found.append(f"{message.headers} {message.body} {message.properties}")
            message.ack()
    return "\n".join(found)


def _read(day: Day, server_log: Path, worker_log: Path, messages: str) -> dict[str, str]:
    return {
        "server log": server_log.read_text(),
        "worker log": worker_log.read_text(),
        "database": dump_database(),
        "broker": messages,
        "responses": "\n".join(day.responses),
    }


def test_no_secret_of_the_day_is_anywhere(day, zoom, record_property):
    story, server_log, worker_log = day
    sinks = _read(story, server_log, worker_log, "")
    kinds = {name.rstrip("0123456789 ") for name in story.secrets}
    assert kinds >= {"signature", "zak", "access token", "start url", "password", "told zak"}
    assert all(len(text) > 1000 for name, text in sinks.items() if name != "broker")
    leaks = find_leaks(story.secrets, sinks)
    record_property("G4.secrets_searched", len(story.secrets))
    record_property("G4.zak_leaks", len(leaks))
    assert leaks == []
    # Invitations show passcodes, so here the responses do not count.
    del sinks["responses"]
    passcodes = {f"passcode {m['number']}": m["password"] for m in zoom.meetings()}
    assert passcodes
    assert find_leaks(passcodes, sinks) == []


def test_a_task_in_the_broker_holds_no_secret(cast, zoom, queue):
    AccessToken.objects.create(
        account=cast.acme_account, token="stored-token", next_refresh_at=timezone.now()
    )
    assert sweep_access_tokens() == 1
    messages = _messages(queue)
    names = ("client_secret", "sdk_client_secret", "webhook_secret")
    secrets = {name: getattr(cast.acme_account, name) for name in names}
    assert str(cast.acme_account.pk) in messages
    assert find_leaks({**secrets, "token": "stored-token"}, {"broker": messages}) == []


def test_a_leak_planted_in_each_sink_is_found(day, zoom, record_property):
    story, server_log, worker_log = day
    secret = story.secrets["entered client_secret"]
    alice = Browser(story, "alice@acme.example")
    alice.get(f"/{secret}/")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE meetings_meeting SET topic = %s", [secret])
    alice.get("/meetings/")
    # No account's id, so the task fails and the worker logs what it was given.
    refresh_access_token.delay(secret, secret)
    zoom.wait_until(lambda: secret in worker_log.read_text(), seconds=20)
    # A task that only the broker sees: this queue has no worker.
    refresh_access_token.apply_async((secret, secret), queue="planted")
    with app.connection_for_read() as broker, broker.SimpleQueue("planted") as planted:
        sinks = _read(story, server_log, worker_log, _messages(planted))
    leaks = find_leaks({"client_secret": secret}, sinks)
    record_property("G4.planted_leaks_found", len(leaks))
    assert {sink for _, sink in leaks} == set(sinks)


def _plant_everywhere(cast: Any) -> dict[str, str]:
    """A secret in every sealed column of two organizations, and in everybody's second step."""
    # With what is written another way in JSON, in addresses and in base64.
    planted = {}
    for organization in (cast.acme, cast.globex):
        for sealing in all_sealings():
            if isinstance(sealing, SealedColumn):
                secret = f'{random.token_hex(12)}"/+é\\={random.token_hex(4)}'
                row = row_with(sealing.model, organization)
                setattr(row, sealing.field.name, secret)
                row.save(update_fields=[sealing.field.name])
                planted[f"{sealing} of {organization}"] = secret
    for person in (cast.ada, cast.gus):
        for kind, name in (("totp", "secret"), ("recovery_codes", "seed")):
            secret = random.token_hex(20).upper()
            sealed = seal(secret, second_factors.place_of(person.pk)).ciphertext
            Authenticator.objects.create(user=person, type=kind, data={name: sealed})
            planted[f"{kind} of {person}"] = secret
    return planted


def test_a_dump_of_the_database_holds_no_planted_secret(cast, record_property):
    planted = _plant_everywhere(cast)
    leaks = find_leaks(planted, {"database": dump_database()})
    record_property("G6.secrets_planted", len(planted))
    record_property("G6.dump_leaks", len(leaks))
    assert len(planted) >= 20
    assert leaks == []


FORMS = {
    "plain": str,
    "base64": lambda secret: base64.b64encode(f"x{secret}y".encode()).decode(),
    "url-safe base64": lambda secret: base64.urlsafe_b64encode(f"xy{secret}".encode()).decode(),
    "hex": lambda secret: secret.encode().hex(),
    "url": lambda secret: quote(secret, safe=""),
    "json": json.dumps,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_dump_with_them_in_any_form_would_be_noticed(cast, form, record_property):
    """The positive control: the same secrets, once where they may not be."""
    planted = _plant_everywhere(cast)
    for number, secret in enumerate(planted.values()):
        MeetingFactory(host=cast.alice_host, topic=f"{number} {FORMS[form](secret)}")
    found = find_leaks(planted, {"database": dump_database()})
    record_property("G6.planted_dump_leaks_found", len(found))
    assert len(found) == len(planted)


@pytest.mark.parametrize("form", ["plain", "base64 inside other text", "hex", "url"])
def test_the_search_knows_the_usual_disguises(form):
    secret = "s3cr3t+/=value-0123456789"
    text = {
        "plain": f"a {secret} b",
        "base64 inside other text": base64.b64encode(f"user:{secret}!".encode()).decode(),
        "hex": secret.encode().hex(),
        "url": quote(secret, safe=""),
    }[form]
    assert find_leaks({"it": secret}, {"sink": text}) == [("it", "sink")]
