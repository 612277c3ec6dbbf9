"""Second factors: setting them up, keeping their secrets, and who must have one."""

import json
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.identity.second_factors import key_ids, reseal
from portal.models import AuditEvent, Organization
from portal.sealing import SealBroken
from tests.cast import Cast
from tests.factories import PASSWORD, MembershipFactory
from tests.second_factors import App

pytestmark = pytest.mark.django_db
OTHER_KEY = "new=" + "bmV3LXNlYWxpbmcta2V5LXRoYXQtaXMtMzItYnl0ZXM="


def sign_in(user: Any) -> tuple[Client, Any]:
    client = Client()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client, answer


def confirm(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def set_up_app(client: Client) -> App:
    confirm(client)
    app = App(client.get(reverse("mfa_activate_totp")).context["form"].secret)
    answer = client.post(reverse("mfa_activate_totp"), {"code": app.code()})
    assert answer.status_code == 302, answer.content.decode()
    return app


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action))


# --- setting up and using ------------------------------------------------------------------


def test_an_app_is_set_up_and_asked_for(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    app = set_up_app(client)
    other, answer = sign_in(cast.alice)
    assert answer["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in other.session
    other.post(reverse("mfa_authenticate"), {"code": app.code(time.time() + 30)})
    assert other.session["_auth_user_id"] == str(cast.alice.pk)


@pytest.mark.parametrize(
    "route",
    ["mfa_activate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
     "mfa_download_recovery_codes"],
)  # fmt: skip
def test_no_seed_and_no_code_stays_in_a_cache(cast: Cast, route: str) -> None:
    client, _ = sign_in(cast.alice)
    confirm(client)
    if route != "mfa_activate_totp":
        set_up_app(client)
    answer = client.get(reverse(route))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_setting_up_wants_the_password_again(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    answer = client.get(reverse("mfa_activate_totp"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_a_code_works_once(cast: Cast, with_app: Any) -> None:
    app = with_app(cast.alice)
    code = app.code()
    client, _ = sign_in(cast.alice)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert "_auth_user_id" in client.session
    again, _ = sign_in(cast.alice)
    again.post(reverse("mfa_authenticate"), {"code": code})
    assert "_auth_user_id" not in again.session


def test_a_recovery_code_lets_in_once(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    set_up_app(client)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    ways_in = []
    for _ in range(2):
        other, _ = sign_in(cast.alice)
        other.post(reverse("mfa_authenticate"), {"code": code})
        ways_in.append("_auth_user_id" in other.session)
    assert ways_in == [True, False]


def test_guessing_codes_ends_soon(cast: Cast, with_app: Any) -> None:
    app = with_app(cast.alice)
    client, _ = sign_in(cast.alice)
    for _ in range(12):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db(transaction=True)
def test_what_happens_to_factors_is_audited(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    set_up_app(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert {event.detail["method"] for event in events("second_factor.added")} == {
        "totp",
        "recovery_codes",
    }
    assert {event.detail["method"] for event in events("second_factor.removed")} == {
        "totp",
        "recovery_codes",
    }


def test_a_wrong_code_is_audited(cast: Cast, with_app: Any) -> None:
    with_app(cast.alice)
    client, _ = sign_in(cast.alice)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    (event,) = events("login.failed")
    assert event.detail == {"method": "totp"}


def test_a_sign_in_is_audited_with_its_methods(cast: Cast, with_app: Any) -> None:
    app = with_app(cast.alice)
    client, _ = sign_in(cast.alice)
    assert events("login.completed") == []
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    (event,) = events("login.completed")
    assert event.detail == {"methods": ["password", "totp"]}


@pytest.mark.parametrize("route", ["mfa_remove_webauthn", "mfa_edit_webauthn"])
def test_nobody_touches_somebody_elses_passkey(cast: Cast, route: str) -> None:
    hers = Authenticator.objects.create(user=cast.alice, type="webauthn", data={"name": "Hers"})
    client, _ = sign_in(cast.bob)
    confirm(client)
    answer = client.post(reverse(route, args=[hers.pk]), {"name": "His"})
    assert answer.status_code == 404
    assert Authenticator.objects.get(pk=hers.pk).data == {"name": "Hers"}


# --- their secrets -------------------------------------------------------------------------


def test_no_seed_stands_in_the_database(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    app = set_up_app(client)
    for row in Authenticator.objects.filter(user=cast.alice):
        sealed = row.data.get("secret") or row.data["seed"]
        assert sealed.startswith("v1.test.")
        assert app.secret not in json.dumps(row.data)


def test_a_seed_that_waits_in_the_session_is_sealed(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    confirm(client)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert client.session["mfa.totp.secret"].startswith("v1.test.")
    assert secret not in str(dict(client.session))


def test_the_seed_leaves_the_session_when_it_is_set_up(cast: Cast) -> None:
    client, _ = sign_in(cast.alice)
    set_up_app(client)
    assert "mfa.totp.secret" not in client.session


def test_a_seed_in_another_persons_row_opens_nothing(cast: Cast, with_app: Any) -> None:
    hers = with_app(cast.alice)
    with_app(cast.bob)
    data = Authenticator.objects.get(user=cast.alice, type="totp").data
    Authenticator.objects.filter(user=cast.bob, type="totp").update(data=data)
    client, _ = sign_in(cast.bob)
    with pytest.raises(SealBroken):
        client.post(reverse("mfa_authenticate"), {"code": hers.code()})
    assert "_auth_user_id" not in client.session


def test_resealing_moves_a_row_to_the_first_key(cast: Cast, with_app: Any, settings: Any) -> None:
    app = with_app(cast.alice)
    settings.SEALING_KEYS = f"{OTHER_KEY},{settings.SEALING_KEYS}"
    for row in Authenticator.objects.filter(user=cast.alice):
        assert key_ids(row) == {"test"}
        assert reseal(row)
        row.refresh_from_db()
        assert key_ids(row) == {"new"}
    settings.SEALING_KEYS = OTHER_KEY
    client, _ = sign_in(cast.alice)
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert "_auth_user_id" in client.session


def test_resealing_undoes_no_code_used_meanwhile(cast: Cast, with_app: Any) -> None:
    with_app(cast.alice)
    row = Authenticator.objects.get(user=cast.alice, type="recovery_codes")
    data = {**row.data, "used_mask": 1}
    Authenticator.objects.filter(pk=row.pk).update(data=data)
    assert not reseal(row)
    row.refresh_from_db()
    assert row.data == data


# --- who must have one ---------------------------------------------------------------------


@pytest.fixture
def enforced(settings: Any) -> None:
    settings.MFA_ENFORCED = True


PORTAL = ("meetings:list", "meetings:schedule", "identity:account", "admin:index",
          "admin:portal_membership_changelist", "account_change_password", "usersessions_list",
          "api-docs")  # fmt: skip


@pytest.mark.parametrize("route", PORTAL)
def test_an_admin_without_one_is_led_to_set_it_up(
    cast: Cast, enforced: None, signed_in: Any, route: str
) -> None:
    answer = signed_in(cast.ada).get(reverse(route))
    if route == "api-docs":
        assert answer.status_code == 403
    else:
        assert answer["Location"] == reverse("mfa_index")


@pytest.mark.parametrize("route", ["api-meeting-list", "api-schema"])
def test_the_api_says_it_in_a_sentence(
    cast: Cast, enforced: None, signed_in: Any, route: str
) -> None:
    answer = signed_in(cast.ada).get(reverse(route))
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "second_factor_missing"
    assert "Set it up" in answer.json()["detail"]


def test_a_start_says_it_in_a_sentence(cast: Cast, enforced: None, signed_in: Any) -> None:
    Organization.objects.update(mfa_required="everybody")
    answer = signed_in(cast.alice).post(
        reverse("meetings:start", args=[cast.meeting.pk]), headers={"accept": "application/json"}
    )
    assert answer.status_code == 403
    assert "Set it up" in answer.json()["error"]["message"]


@pytest.mark.django_db(transaction=True)
def test_the_pages_for_setting_up_are_open(cast: Cast, enforced: None) -> None:
    client, _ = sign_in(cast.ada)
    assert client.get(reverse("mfa_index")).status_code == 200
    set_up_app(client)
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200


def test_signing_out_is_open(cast: Cast, enforced: None, signed_in: Any) -> None:
    client = signed_in(cast.ada)
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db(transaction=True)
def test_once_it_is_set_up_everything_opens(cast: Cast, enforced: None) -> None:
    client, _ = sign_in(cast.ada)
    assert client.get(reverse("admin:index")).status_code == 302
    set_up_app(client)
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    ("policy", "person", "is_asked"),
    [
        ("nobody", "ada", False), ("nobody", "alice", False), ("admins", "ada", True),
        ("admins", "alice", False), ("admins", "sam", False), ("everybody", "alice", True),
        ("everybody", "sam", True), ("nobody", "operator", True),
    ],
)  # fmt: skip
def test_whom_a_policy_asks(
    cast: Cast, enforced: None, signed_in: Any, policy: str, person: str, is_asked: bool
) -> None:
    Organization.objects.update(mfa_required=policy)
    answer = signed_in(getattr(cast, person)).get(reverse("meetings:list"))
    assert answer.status_code == (302 if is_asked else 200)


def test_the_strictest_of_ones_organizations_counts(
    cast: Cast, enforced: None, signed_in: Any
) -> None:
    Organization.objects.filter(pk=cast.acme.pk).update(mfa_required="nobody")
    Organization.objects.filter(pk=cast.globex.pk).update(mfa_required="everybody")
    MembershipFactory(user=cast.alice, organization=cast.globex)
    assert signed_in(cast.alice).get(reverse("meetings:list")).status_code == 302


def test_a_policy_counts_from_the_next_request_on(
    cast: Cast, enforced: None, signed_in: Any
) -> None:
    client = signed_in(cast.alice)
    assert client.get(reverse("meetings:list")).status_code == 200
    Organization.objects.update(mfa_required="everybody")
    assert client.get(reverse("meetings:list")).status_code == 302


def test_a_session_that_never_showed_it_shows_it_first(
    cast: Cast, enforced: None, with_app: Any, signed_in: Any
) -> None:
    """It signed in before there was a second factor: perhaps with a stolen password."""
    client = signed_in(cast.ada)
    app = with_app(cast.ada)
    answer = client.get(reverse("admin:index"))
    assert answer["Location"] == f"{reverse('mfa_reauthenticate')}?next=%2Fadmin%2F"
    back = client.post(answer["Location"], {"code": app.code()})
    assert back["Location"] == reverse("admin:index")
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_session_that_never_showed_it_cannot_remove_it(
    cast: Cast, enforced: None, with_app: Any, signed_in: Any
) -> None:
    client = signed_in(cast.ada)
    with_app(cast.ada)
    confirm(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=cast.ada, type="totp").exists()


def test_who_signed_in_with_it_is_in(cast: Cast, enforced: None, with_app: Any) -> None:
    app = with_app(cast.ada)
    client, _ = sign_in(cast.ada)
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert client.get(reverse("admin:index")).status_code == 200


def test_who_removes_it_is_led_back_at_the_next_request(
    cast: Cast, enforced: None, with_app: Any
) -> None:
    app = with_app(cast.ada)
    client, _ = sign_in(cast.ada)
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    Authenticator.objects.filter(user=cast.ada).delete()
    assert client.get(reverse("admin:index"))["Location"] == reverse("mfa_index")


def test_not_enforced_asks_nobody(cast: Cast, signed_in: Any) -> None:
    Organization.objects.update(mfa_required="everybody")
    assert signed_in(cast.ada).get(reverse("admin:index")).status_code == 200


def test_members_pay_no_query_for_a_policy_that_does_not_ask_them(
    cast: Cast, settings: Any, signed_in: Any
) -> None:
    client = signed_in(cast.alice)
    counts = []
    for settings.MFA_ENFORCED in (False, True):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("meetings:list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
