"""The connection check: one button that says whether the account can start meetings, or why not."""

import pytest

from portal.models import AuditEvent
from tests.sandbox import ACME
from zoomauth.models import AccessToken, ZoomAccount

pytestmark = pytest.mark.django_db
SCOPES = {
    "user:read:list_users:admin": "user",
    "user:read:token:admin": "zak",
}
ALL_SCOPES = [*SCOPES, "user:read:user:admin"]
STEPS = ["token", "user", "zak"]


def url_of(account):
    return f"/admin/zoomauth/zoomaccount/{account.pk}/check/"


@pytest.fixture
def check(cast, zoom, signed_in):
    """Press the button as ada; the answer."""
    return lambda: signed_in(cast.ada).post(url_of(cast.acme_account))


def rows_of(response):
    """Step by step: passed, failed or not reached."""
    assert response.status_code == 200
    return {row.name: row.ok for row in response.context["rows"]}


def row(response, name):
    return next(row for row in response.context["rows"] if row.name == name)


# --- What it says -----------------------------------------------------------------------------


def test_a_good_account_passes_every_step(check):
    response = check()
    assert rows_of(response) == {"token": True, "user": True, "zak": True}
    assert "This account can start meetings, if" in response.content.decode()


def test_zoom_is_asked_three_times_and_in_this_order(check, zoom):
    check()
    assert zoom.calls() == ["oauth.token", "users.list", "users.token"]


def test_a_wrong_secret_fails_the_first_step(check, zoom):
    zoom.change_account(client_secret="another")
    response = check()
    assert rows_of(response) == {"token": False, "user": None, "zak": None}
    assert "client secret" in str(row(response, "token").message)
    assert "cannot start meetings yet" in response.content.decode()


def test_a_deactivated_app_is_called_so(check, zoom):
    zoom.change_account(app_state="disabled")
    response = check()
    assert rows_of(response) == {"token": False, "user": None, "zak": None}
    assert "deactivated" in str(row(response, "token").message)


def test_the_wrong_kind_of_app_is_called_so(check, zoom):
    zoom.change_account(app_type="oauth")
    assert "another kind of app" in str(row(check(), "token").message)


@pytest.mark.parametrize(("scope", "step"), SCOPES.items())
def test_a_missing_scope_is_named_at_its_step(check, zoom, scope, step):
    zoom.change_account(scopes=[other for other in ALL_SCOPES if other != scope])
    response = check()
    assert rows_of(response) == {
        name: None if STEPS.index(name) > STEPS.index(step) else name != step for name in STEPS
    }
    assert scope in str(row(response, step).message)
    assert scope in response.content.decode()


def test_an_account_without_an_active_user_is_called_so(check, zoom):
    for user in ACME["users"]:
        zoom.change_user(user["id"], status="inactive")
    response = check()
    assert rows_of(response) == {"token": True, "user": False, "zak": None}
    assert "no active user" in str(row(response, "user").message)


@pytest.mark.parametrize(
    ("call", "failed"), [("oauth.token", "token"), ("users.list", "user"), ("users.token", "zak")]
)
@pytest.mark.parametrize("kind", ["drop", "bad_json", "html"])
def test_whatever_zoom_does_the_step_fails_and_the_page_comes(check, zoom, call, failed, kind):
    zoom.fault(call, kind)
    response = check()
    assert [name for name, ok in rows_of(response).items() if ok is False] == [failed]


def test_zoom_down_is_told_apart_from_wrong_credentials(check, zoom):
    zoom.fault("oauth.token", "status", status=503)
    assert "fault of its own" in str(row(check(), "token").message)


def test_zoom_out_of_reach_is_told(check, settings, zoom):
    settings.ZOOM_OAUTH_URL = "http://127.0.0.1:9/oauth/token"
    assert "No connection to Zoom" in str(row(check(), "token").message)


def test_a_failed_step_shows_zooms_tracking_id(check, zoom):
    zoom.change_account(scopes=["user:read:token:admin"])
    response = check()
    tracking_id = row(response, "user").tracking_id
    assert tracking_id
    assert tracking_id in response.content.decode()


def test_secrets_that_cannot_be_unsealed_ask_for_new_ones(check, cast):
    other = cast.globex_account.__dict__["client_secret"]
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(client_secret=other)
    response = check()
    assert rows_of(response) == {"token": False, "user": None, "zak": None}
    assert "Enter the credentials" in str(row(response, "token").message)


def test_a_good_token_of_the_past_does_not_hide_a_wrong_secret(check, zoom):
    assert all(rows_of(check()).values())
    zoom.change_account(client_secret="another")
    assert rows_of(check())["token"] is False


def test_checking_again_is_checked_again(check, zoom):
    zoom.change_account(client_secret="another")
    assert rows_of(check())["token"] is False
    zoom.change_account(client_secret=ACME["client_secret"])
    assert all(rows_of(check()).values())


# --- What it leaves ---------------------------------------------------------------------------


def test_a_passed_check_is_written_down(check, cast):
    check()
    event = AuditEvent.objects.get(action="zoomaccount.checked")
    assert (event.organization_id, event.actor_id) == (cast.acme.pk, cast.ada.pk)
    assert (event.result, event.detail) == (
        "done", {"rows": {"token": True, "user": True, "zak": True}}
    )  # fmt: skip


def test_a_failed_check_is_written_down_as_failed(check, zoom):
    zoom.change_account(app_state="disabled")
    check()
    event = AuditEvent.objects.get(action="zoomaccount.checked")
    assert (event.result, event.detail["rows"]["token"]) == ("failed", False)


def test_neither_page_nor_trail_nor_log_has_a_secret(check, cast, zoom, caplog):
    with caplog.at_level("DEBUG"):
        page = check().content.decode()
    token = AccessToken.objects.get(account=cast.acme_account).token
    (zak,) = zoom.zaks()
    secrets = [token, zak["value"], *(ACME[name] for name in ACME if name.endswith("secret"))]
    trail = str([vars(event) for event in AuditEvent.objects.all()])
    assert len(secrets) == 5
    assert not any(secret in page + trail + caplog.text for secret in secrets)


def test_the_start_key_is_asked_for_with_the_shortest_life(check, zoom):
    check()
    (entry,) = zoom.ledger("users.token")
    assert entry["detail"]["ttl"] == 60


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_a_post_checks(cast, zoom, signed_in, method):
    response = getattr(signed_in(cast.ada), method)(url_of(cast.acme_account))
    assert response.status_code == 405
    assert zoom.calls() == []


def test_a_post_without_a_csrf_token_checks_nothing(cast, zoom, client):
    client.handler.enforce_csrf_checks = True
    client.force_login(cast.ada)
    assert client.post(url_of(cast.acme_account)).status_code == 403
    assert zoom.calls() == []


@pytest.mark.parametrize("who", ["gus", "mia", "alice", "sam"])
def test_others_cannot_have_it_checked(cast, zoom, signed_in, who):
    response = signed_in(getattr(cast, who)).post(url_of(cast.acme_account), follow=True)
    assert "data-step" not in response.content.decode()
    assert zoom.calls() == []


def test_a_stranger_is_sent_to_sign_in(cast, zoom, client):
    response = client.post(url_of(cast.acme_account), follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    assert zoom.calls() == []


def test_the_operator_may_check_for_them(cast, zoom, signed_in):
    assert all(rows_of(signed_in(cast.operator).post(url_of(cast.acme_account))).values())


def test_the_page_of_an_account_has_the_button(cast, signed_in):
    page = signed_in(cast.ada).get(url_of(cast.acme_account).replace("check", "change"))
    assert f'action="{url_of(cast.acme_account)}"' in page.content.decode()


def test_the_page_for_a_new_account_has_none(cast, signed_in):
    page = signed_in(cast.ada).get("/admin/zoomauth/zoomaccount/add/")
    assert "/check/" not in page.content.decode()
