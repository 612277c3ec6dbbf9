"""The button, the page of the last check, the nightly task, and the guide."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from portal.celery import VISIBILITY_SECONDS, app
from portal.models import AuditEvent
from tests.factories import OrganizationFactory, ZoomAccountFactory, ZoomConnectionFactory
from zoomauth import tasks
from zoomauth.admin.guide import render_guide
from zoomauth.connection_check import last_check, run_check
from zoomauth.models import ConnectionCheck, ZoomAccount
from zoomauth.scopes import NEEDED_SCOPES, OPTIONAL_SCOPES

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "zoom-setup.md"


def url_of(account):
    return f"/admin/zoomauth/zoomaccount/{account.pk}/check/"


def page_of(account):
    return f"/admin/zoomauth/zoomaccount/{account.pk}/change/"


@pytest.fixture
def check(cast, zoom, signed_in):
    """Press the button as ada; the page."""
    return lambda: signed_in(cast.ada).post(url_of(cast.acme_account)).content.decode()


# --- The page ---------------------------------------------------------------------------------


def test_a_good_account_is_said_to_be_fit(check):
    text = check()
    assert "This account can start meetings, if" in text
    assert text.count('data-result="pass"') >= 10


def test_what_keeps_nobody_from_starting_is_said_apart(check, cast):
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(webhook_validated_at=None)
    text = check()
    assert "This account can start meetings, if" in text
    assert "Something else is missing" in text


def test_a_zoom_too_slow_for_a_page_is_said_and_blamed_for_nothing(check, cast, zoom, settings):
    # It failed, and keeps nobody from starting.
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(webhook_validated_at=None)
    settings.ZOOM_DEADLINE = 2.3
    zoom.fault("users.list", "latency", seconds=1.5)
    text = check()
    assert "Zoom was so slow that not all of it could be checked" in text
    assert "can start meetings, if" not in text
    assert "Something is missing" not in text


def test_a_missing_scope_is_named_with_its_fix(check, zoom):
    zoom.change_account(scopes=["user:read:token:admin"])
    text = check()
    assert "Something is missing" in text
    assert "Add meeting:write:meeting:admin on the Scopes page" in text


def test_a_failed_row_shows_code_and_tracking_id(check, cast, zoom):
    zoom.change_account(app_state="disabled")
    text = check()
    (row,) = (row for row in last_check(cast.acme_account).rows if row.name == "token")
    assert "Zoom code <code>4717</code>" in text
    assert f"Zoom tracking ID <code>{row.tracking_id}</code>" in text


def test_a_passed_row_is_short(check):
    assert "Zoom tracking ID" not in check()


def test_the_check_is_in_the_name_of_who_pressed_the_button(check, cast):
    check()
    assert last_check(cast.acme_account).checked_by == "ada@acme.example"
    assert AuditEvent.objects.get(action="zoomaccount.checked").actor_id == cast.ada.pk


def test_looking_at_the_last_check_asks_zoom_nothing(check, cast, zoom, signed_in):
    check()
    zoom.clear_ledger()
    text = signed_in(cast.ada).get(url_of(cast.acme_account)).content.decode()
    assert "by ada@acme.example" in text
    assert "This account can start meetings, if" in text
    assert zoom.calls() == []


def test_before_the_first_check_the_page_says_so(cast, zoom, signed_in):
    text = signed_in(cast.ada).get(url_of(cast.acme_account)).content.decode()
    assert "have not been checked yet" in text
    assert "data-step" not in text


def test_the_page_of_the_account_tells_the_last_check(check, cast, zoom, signed_in):
    client = signed_in(cast.ada)
    assert "Not checked since" in client.get(page_of(cast.acme_account)).content.decode()
    check()
    assert ": passed</a>" in client.get(page_of(cast.acme_account)).content.decode()
    zoom.change_account(client_secret="another")
    check()
    assert ": something is missing</a>" in client.get(page_of(cast.acme_account)).content.decode()


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_no_other_method_is_taken(cast, zoom, signed_in, method):
    response = getattr(signed_in(cast.ada), method)(url_of(cast.acme_account))
    assert response.status_code == 405
    assert zoom.calls() == []


def test_a_post_without_a_csrf_token_checks_nothing(cast, zoom, client):
    client.handler.enforce_csrf_checks = True
    client.force_login(cast.ada)
    assert client.post(url_of(cast.acme_account)).status_code == 403
    assert zoom.calls() == []


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["gus", "mia", "alice", "sam"])
def test_others_neither_check_it_nor_see_the_last_check(cast, zoom, signed_in, who, method):
    run_check(cast.acme_account, actor=None)
    zoom.clear_ledger()
    client = signed_in(getattr(cast, who))
    response = getattr(client, method)(url_of(cast.acme_account), follow=True)
    assert "data-result" not in response.content.decode()
    assert zoom.calls() == []


def test_a_stranger_is_sent_to_sign_in(cast, zoom, client):
    response = client.post(url_of(cast.acme_account), follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    assert zoom.calls() == []


def test_the_operator_may_check_for_them(cast, zoom, signed_in):
    response = signed_in(cast.operator).post(url_of(cast.acme_account))
    assert response.context["passed"]


def test_the_page_of_an_account_has_the_button(cast, signed_in):
    page = signed_in(cast.ada).get(page_of(cast.acme_account))
    assert f'action="{url_of(cast.acme_account)}"' in page.content.decode()


# --- At night ---------------------------------------------------------------------------------


@pytest.fixture
def sweep():
    """Run it; the messages it left in the queue, by account: when each is due."""
    with app.connection_for_read() as connection, connection.SimpleQueue("sync") as queue:
        queue.clear()

        def run():
            due = {}
            for _ in range(tasks.check_connections()):
                message = queue.get(timeout=5)
                # None is at once.
                at = message.headers["eta"] or timezone.now().isoformat()
                due[message.payload[0][0]] = datetime.fromisoformat(at)
                message.ack()
            return due

        yield run
        queue.clear()


def test_each_account_in_use_gets_a_task_of_its_own(cast, sweep):
    ZoomAccountFactory()
    ZoomConnectionFactory(organization=OrganizationFactory(is_active=False))
    assert set(sweep()) == {str(cast.acme_account.pk), str(cast.globex_account.pk)}


def test_they_are_spread_and_wait_less_than_redis_does(cast, sweep):
    for _ in range(20):
        ZoomConnectionFactory()
    waits = [(due - timezone.now()).total_seconds() for due in sweep().values()]
    assert len({round(wait) for wait in waits}) > 10
    assert all(-5 < wait < VISIBILITY_SECONDS for wait in waits)


def test_a_task_checks_and_keeps_it_in_nobodys_name(cast, zoom):
    tasks.check_connection(str(cast.acme_account.pk))
    last = last_check(cast.acme_account)
    assert (last.is_fit, last.checked_by) == (True, "")


def test_a_broken_account_stops_nobody(cast, zoom):
    zoom.change_account(app_state="disabled")
    other = cast.globex_account.__dict__["sdk_client_secret"]
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(sdk_client_secret=other)
    for account in (cast.acme_account, cast.globex_account):
        tasks.check_connection(str(account.pk))
    assert not last_check(cast.acme_account).is_fit
    assert last_check(cast.globex_account).is_fit


def test_an_account_checked_lately_is_left_alone(cast, zoom):
    for _ in range(2):
        tasks.check_connection(str(cast.acme_account.pk))
    assert zoom.calls().count("users.token") == 1


def test_an_account_with_new_credentials_is_not_left_alone(cast, zoom):
    tasks.check_connection(str(cast.acme_account.pk))
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(credentials_generation=2)
    tasks.check_connection(str(cast.acme_account.pk))
    assert zoom.calls().count("users.token") == 2


def test_a_check_of_an_hour_ago_is_repeated(cast, zoom):
    tasks.check_connection(str(cast.acme_account.pk))
    ConnectionCheck.objects.update(checked_at=timezone.now() - timezone.timedelta(minutes=61))
    tasks.check_connection(str(cast.acme_account.pk))
    assert zoom.calls().count("users.token") == 2


def test_an_account_that_is_gone_is_no_error(db, zoom):
    tasks.check_connection("00000000-0000-0000-0000-000000000001")
    assert zoom.calls() == []


# --- The guide --------------------------------------------------------------------------------


def scopes_of(text):
    return dict(re.findall(r"^\| `([a-z_:]+:admin)` \| (.+) \|$", text, re.MULTILINE))


def test_the_guide_has_exactly_the_needed_scopes_with_their_features():
    assert scopes_of(GUIDE.read_text()) == {
        scope.name: str(scope.feature) for scope in (*NEEDED_SCOPES, *OPTIONAL_SCOPES)
    }


def test_the_guide_is_in_the_order_of_the_checklist():
    headings = re.findall(r"^## [0-9]\. (.+)$", GUIDE.read_text(), re.MULTILINE)
    assert headings == ["Credentials", "Connection check", "Webhook", "Hosts", "First start"]


def test_the_guide_is_a_page_of_the_admin(cast, signed_in):
    text = signed_in(cast.ada).get("/admin/zoomauth/zoomaccount/guide/").content.decode()
    assert "<h2>1. Credentials</h2>" in text
    assert text.count("<tr>") >= 3 + len(NEEDED_SCOPES)
    assert '<a href="https://marketplace.zoom.us/">' in text


def test_no_mark_of_the_guides_notation_is_left_on_the_page():
    text = re.sub(r"<[^>]+>", "", render_guide())
    assert [mark for mark in ("**", "`", "](", "##", "| ") if mark in text] == []


@pytest.mark.parametrize("page", ["/admin/", "/admin/zoomauth/zoomaccount/add/"])
def test_the_guide_is_linked_from_where_it_is_needed(cast, signed_in, page):
    assert "/admin/zoomauth/zoomaccount/guide/" in signed_in(cast.ada).get(page).content.decode()
