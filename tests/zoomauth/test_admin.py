"""Zoom accounts in the admin: secrets go in, and nothing of them comes out again."""

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.models import AuditEvent, Membership
from tests.factories import MembershipFactory, WebhookEventFactory, ZoomAccountFactory
from tests.sandbox import ACME
from tests.sessions import sign_in
from zoomauth.models import INSTALLATION, AccessToken, ZoomAccount, ZoomConnection

pytestmark = pytest.mark.django_db
ADD = "/admin/zoomauth/zoomaccount/add/"
CLIENT, SDK, WEBHOOK = "typed-client-secret-1", "typed-sdk-secret-22", "typed-webhook-token-333"
KEPT = dict.fromkeys(("new_client_secret", "new_sdk_client_secret", "new_webhook_secret"), "")


def page_of(account):
    return f"/admin/zoomauth/zoomaccount/{account.pk}/change/"


def typed(organization, **changes):
    """A whole form, filled in."""
    return {
        "organization": organization.pk if organization else "",
        "name": "Second",
        "region": "",
        "account_id": "typed-account",
        "client_id": "typed-client",
        "sdk_client_id": "typed-sdk",
        "new_client_secret": CLIENT,
        "new_sdk_client_secret": SDK,
        "new_webhook_secret": WEBHOOK,
    } | changes


def fields_of(account, **changes):
    plain = ("name", "region", "account_id", "client_id", "sdk_client_id")
    return {name: getattr(account, name) for name in plain} | KEPT | changes


def secrets_of(account):
    return (account.client_secret, account.sdk_client_secret, account.webhook_secret)


def reread(account):
    return ZoomAccount.objects.get(pk=account.pk)


def errors_of(response):
    assert response.status_code == 200
    return response.context["adminform"].form.errors


@pytest.fixture
def ada(cast, signed_in):
    return signed_in(cast.ada)


@pytest.fixture
def gus(cast, signed_in):
    return signed_in(cast.gus)


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator)


@pytest.fixture
def added(cast, ada):
    """The account ada adds to acme, which had none."""
    ZoomAccount.objects.filter(organization=cast.acme).delete()
    assert ada.post(ADD, typed(cast.acme)).status_code == 302
    return ZoomAccount.objects.get(organization=cast.acme)


# --- Adding -----------------------------------------------------------------------------------


def test_new_credentials_lead_to_their_check(cast, ada):
    ZoomAccount.objects.filter(organization=cast.acme).delete()
    page = ada.post(ADD, typed(cast.acme), follow=True)
    account = ZoomAccount.objects.get(organization=cast.acme)
    assert page.request["PATH_INFO"] == f"/admin/zoomauth/zoomaccount/{account.pk}/check/"
    assert "Now check whether they work" in page.content.decode()


def test_an_admin_reads_nothing_of_the_operators_choice(cast, ada, operator):
    words = "shared by several organizations"
    assert words not in ada.get(ADD).content.decode()
    assert words in operator.get(ADD).content.decode()


def test_what_was_typed_is_stored(added):
    assert secrets_of(added) == (CLIENT, SDK, WEBHOOK)
    assert (added.account_id, added.client_id) == ("typed-account", "typed-client")


def test_secrets_are_stored_sealed(added):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT client_secret, sdk_client_secret, webhook_secret FROM zoomauth_zoomaccount"
            " WHERE account_id = 'typed-account'"
        )
        columns = cursor.fetchone()
    assert all(column.startswith("v1.") for column in columns)


def test_the_first_account_is_connected_at_once(cast, added):
    connected = ZoomConnection.objects.get(organization=cast.acme)
    assert (connected.account, connected.owner_key) == (added, cast.acme.pk)


def test_a_second_account_does_not_replace_the_connected_one(cast, ada):
    assert ada.post(ADD, typed(cast.acme)).status_code == 302
    assert ZoomConnection.objects.get(organization=cast.acme).account == cast.acme_account


def test_adding_is_written_down_without_a_secret(cast, added):
    event = AuditEvent.objects.get(action="zoomaccount.added")
    assert (event.organization_id, event.actor_id) == (cast.acme.pk, cast.ada.pk)
    assert "client_secret" in event.detail["fields"]
    set_events = AuditEvent.objects.filter(action="zoomaccount.secret_set")
    assert sorted(event.detail["field"] for event in set_events) == [
        "client_secret", "sdk_client_secret", "webhook_secret"
    ]  # fmt: skip
    assert not any(secret in str(vars(event)) for secret in (CLIENT, SDK, WEBHOOK))


@pytest.mark.parametrize("name", ["new_client_secret", "new_sdk_client_secret"])
def test_a_new_account_needs_both_secrets(cast, ada, name):
    assert name in errors_of(ada.post(ADD, typed(cast.acme, **{name: ""})))


def test_a_new_account_needs_no_webhook_token(cast, ada):
    assert ada.post(ADD, typed(cast.acme, new_webhook_secret="")).status_code == 302


def test_an_admin_adds_no_account_of_the_installation(ada):
    assert "organization" in errors_of(ada.post(ADD, typed(None)))


def test_an_admin_adds_no_account_to_another_organization(cast, ada):
    assert "organization" in errors_of(ada.post(ADD, typed(cast.globex)))
    assert not ZoomAccount.objects.filter(account_id="typed-account").exists()


def test_an_address_cannot_choose_another_organization_for_the_form(cast, ada):
    text = ada.get(f"{ADD}?organization={cast.globex.pk}").content.decode()
    assert "Globex" not in text


def test_a_region_is_a_fixed_choice(cast, ada):
    forged = typed(cast.acme, region="evil.example/")
    assert "region" in errors_of(ada.post(ADD, forged))


def test_a_refused_form_does_not_show_the_secret_again(cast, ada):
    response = ada.post(ADD, typed(cast.acme, account_id=""))
    assert "account_id" in errors_of(response)
    assert not any(secret in response.content.decode() for secret in (CLIENT, SDK, WEBHOOK))


def test_the_operator_adds_an_account_of_the_installation(operator):
    assert operator.post(ADD, typed(None)).status_code == 302
    shared = ZoomAccount.objects.get(account_id="typed-account")
    assert shared.organization is None
    assert not ZoomConnection.objects.filter(account=shared).exists()


# --- Opening ----------------------------------------------------------------------------------


def parts_of(secret, length=6):
    return {secret[start : start + length] for start in range(len(secret) - length + 1)}


@pytest.mark.parametrize("view", ["change", "history"])
def test_no_page_shows_a_part_of_a_short_secret(cast, ada, view):
    secrets = ["Xk29vQm4Lw81ZrT", "Pd73nTj5Hs60ByK", "Ga48cUe2Mx95FoW"]
    typed_secrets = dict(zip(KEPT, secrets, strict=True))
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, **typed_secrets))
    assert list(secrets_of(reread(cast.acme_account))) == [secrets[0], secrets[1], secrets[2]]
    text = ada.get(page_of(cast.acme_account).replace("change", view)).content.decode()
    assert not any(part in text for secret in secrets for part in parts_of(secret, 4))


LONG = "Qz6tKw8yRb3nVh5sJd7f"


def test_of_a_long_secret_the_last_four_characters_are_shown_and_no_others(cast, ada):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, new_client_secret=LONG))
    text = ada.get(page_of(cast.acme_account)).content.decode()
    shown = {part for part in parts_of(LONG, 4) if part in text}
    assert shown == {LONG[-4:]}


def test_when_and_by_whom_a_secret_was_entered_is_shown(cast, ada):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, new_webhook_secret=LONG))
    fields = ada.get(page_of(cast.acme_account)).context["adminform"].form.fields
    said = str(fields["new_webhook_secret"].help_text)
    assert "by ada@acme.example" in said
    assert str(timezone.now().year) in said
    assert "ends in" not in str(fields["new_client_secret"].help_text)


def test_the_note_of_one_secret_survives_the_change_of_another(cast, ada, operator):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, new_client_secret=LONG))
    changed = fields_of(cast.acme_account, new_sdk_client_secret=LONG[::-1])
    operator.post(page_of(cast.acme_account), changed)
    notes = reread(cast.acme_account).secret_notes
    assert {name: (note["last_four"], note["by"]) for name, note in notes.items()} == {
        "client_secret": (LONG[-4:], "ada@acme.example"),
        "sdk_client_secret": (LONG[:4][::-1], "operator@greenroom.example"),
    }


def test_no_page_shows_a_ciphertext(cast, ada):
    assert "v1.test." not in ada.get(page_of(cast.acme_account)).content.decode()


def test_the_form_tells_what_is_stored_and_what_is_not(cast, ada):
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(webhook_secret="")
    fields = ada.get(page_of(cast.acme_account)).context["adminform"].form.fields
    assert "Stored" in str(fields["new_client_secret"].help_text)
    assert "Not set" in str(fields["new_webhook_secret"].help_text)


def test_the_form_opens_also_when_a_seal_is_broken(cast, ada):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE zoomauth_zoomaccount SET client_secret = 'v1.gone.AAAA'")
    assert ada.get(page_of(cast.acme_account)).status_code == 200
    again = fields_of(cast.acme_account, new_client_secret=CLIENT)
    assert ada.post(page_of(cast.acme_account), again).status_code == 302
    assert reread(cast.acme_account).client_secret == CLIENT


# --- Changing ---------------------------------------------------------------------------------


def test_empty_boxes_keep_what_is_stored(cast, ada):
    before = secrets_of(cast.acme_account)
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, name="Renamed"))
    account = reread(cast.acme_account)
    assert (account.name, secrets_of(account)) == ("Renamed", before)


def test_one_secret_is_replaced_alone(cast, ada):
    _, sdk, webhook = secrets_of(cast.acme_account)
    changed = fields_of(cast.acme_account, new_client_secret=CLIENT)
    ada.post(page_of(cast.acme_account), changed)
    assert secrets_of(reread(cast.acme_account)) == (CLIENT, sdk, webhook)


def test_replacing_is_written_down_by_name_alone(cast, ada):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, new_client_secret=CLIENT))
    event = AuditEvent.objects.get(action="zoomaccount.changed")
    assert event.detail == {"fields": ["client_secret"]}
    assert AuditEvent.objects.get(action="zoomaccount.secret_rotated").detail == {
        "field": "client_secret"
    }


def test_a_first_secret_is_set_and_not_rotated(cast, ada):
    ZoomAccount.objects.filter(pk=cast.acme_account.pk).update(webhook_secret="")
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, new_webhook_secret=WEBHOOK))
    assert AuditEvent.objects.get(action="zoomaccount.secret_set").detail == {
        "field": "webhook_secret"
    }


def test_what_is_not_a_secret_is_changed_without_such_an_event(cast, ada):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, name="Renamed"))
    assert not AuditEvent.objects.filter(action__startswith="zoomaccount.secret").exists()


def test_spaces_around_a_pasted_secret_are_dropped(cast, ada):
    pasted = fields_of(cast.acme_account, new_client_secret=f"  {CLIENT}\n")
    ada.post(page_of(cast.acme_account), pasted)
    assert reread(cast.acme_account).client_secret == CLIENT


@pytest.fixture
def token(cast):
    return AccessToken.objects.create(
        account=cast.acme_account,
        token="token-of-the-old-credentials",
        generation=3,
        expires_at=timezone.now() + timezone.timedelta(hours=1),
    )


@pytest.mark.parametrize("field", ["account_id", "client_id", "new_client_secret"])
def test_new_credentials_end_the_stored_token(cast, ada, token, field):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, **{field: "other"}))
    token.refresh_from_db()
    assert (token.token, token.generation) == ("", 4)
    assert not token.is_usable(timezone.now())


@pytest.mark.parametrize("field", ["name", "sdk_client_id", "new_sdk_client_secret"])
def test_other_changes_leave_the_stored_token(cast, ada, token, field):
    ada.post(page_of(cast.acme_account), fields_of(cast.acme_account, **{field: "other"}))
    token.refresh_from_db()
    assert token.is_usable(timezone.now())


def test_an_account_does_not_change_hands(cast, signed_in):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    moved = fields_of(cast.acme_account, organization=cast.globex.pk)
    signed_in(cast.ada).post(page_of(cast.acme_account), moved)
    assert reread(cast.acme_account).organization == cast.acme


# --- The webhook address ----------------------------------------------------------------------


@pytest.fixture
def validated(cast):
    """acme's account, after Zoom has validated its address."""
    cast.acme_account.webhook_validated_at = timezone.now().replace(2026, 5, 4, 12, 30, 0, 0)
    cast.acme_account.save(update_fields=["webhook_validated_at"])
    return cast.acme_account


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_the_page_shows_the_whole_webhook_address(cast, signed_in, settings, who):
    settings.BASE_URL = "https://greenroom.example"
    text = signed_in(getattr(cast, who)).get(page_of(cast.acme_account)).content.decode()
    address = f"https://greenroom.example/zoom/webhooks/{cast.acme_account.pk}/"
    assert f"<code>{address}</code>" in text


def test_an_account_that_is_not_saved_has_no_webhook_address(ada):
    assert "/zoom/webhooks/" not in ada.get(ADD).content.decode()


def test_the_page_shows_when_zoom_validated_the_address(cast, ada, validated):
    cast.ada.time_zone = "Europe/Berlin"
    cast.ada.save(update_fields=["time_zone"])
    assert "May 4, 2026, 2:30 p.m." in ada.get(page_of(validated)).content.decode()


def test_the_page_says_when_zoom_has_not_validated_it(cast, ada):
    text = ada.get(page_of(cast.acme_account)).content.decode()
    assert "Not with the secret token that is stored here." in text


def test_a_new_webhook_secret_is_not_validated_yet(cast, ada, validated):
    ada.post(page_of(validated), fields_of(validated, new_webhook_secret=WEBHOOK))
    assert reread(validated).webhook_validated_at is None
    assert AuditEvent.objects.get(action="zoomaccount.changed").detail == {
        "fields": ["webhook_secret"]
    }


@pytest.mark.parametrize("field", ["name", "new_client_secret", "account_id"])
def test_other_changes_leave_the_validation(cast, ada, validated, field):
    ada.post(page_of(validated), fields_of(validated, **{field: "other"}))
    assert reread(validated).webhook_validated_at == validated.webhook_validated_at


def test_nobody_types_the_time_of_a_validation(cast, ada):
    typed_time = fields_of(cast.acme_account, webhook_validated_at_0="2026-05-04")
    ada.post(page_of(cast.acme_account), typed_time | {"webhook_validated_at": "2026-05-04"})
    assert reread(cast.acme_account).webhook_validated_at is None


# --- Webhook events ---------------------------------------------------------------------------

EVENTS = "/admin/zoomauth/webhookevent/"


@pytest.fixture
def event(cast):
    return WebhookEventFactory(
        account=cast.acme_account, object_id="81234567890", payload='{"topic": "payload-canary"}'
    )


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_an_event_is_listed_without_its_contents(cast, signed_in, event, who):
    client = signed_in(getattr(cast, who))
    for page in (EVENTS, f"{EVENTS}{event.pk}/change/"):
        text = client.get(page).content.decode()
        assert "81234567890" in text
        assert "payload-canary" not in text


def test_another_organizations_events_are_not_listed(gus, event):
    assert "81234567890" not in gus.get(EVENTS).content.decode()
    assert gus.get(f"{EVENTS}{event.pk}/change/").status_code == 302


def test_events_of_a_shared_account_are_the_operators_alone(ada, operator):
    WebhookEventFactory(account__organization=None, object_id="89999999999")
    seen = ["89999999999" in client.get(EVENTS).content.decode() for client in (ada, operator)]
    assert seen == [False, True]


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_events_are_only_looked_at(cast, signed_in, event, who):
    client = signed_in(getattr(cast, who))
    pages = ("add/", f"{event.pk}/change/", f"{event.pk}/delete/")
    assert {client.post(EVENTS + page, {"post": "yes"}).status_code for page in pages} == {403}


# --- Another organization's -------------------------------------------------------------------


def test_another_organizations_admin_sees_no_account(cast, gus):
    response = gus.get(page_of(cast.acme_account), follow=True)
    assert "acme" not in response.content.decode().lower()


def test_another_organizations_admin_changes_no_account(cast, gus):
    forged = fields_of(cast.acme_account, new_client_secret=CLIENT)
    gus.post(page_of(cast.acme_account), forged)
    assert reread(cast.acme_account).client_secret == ACME["client_secret"]


def test_an_organizations_admin_does_not_see_the_shared_accounts(cast, ada):
    shared = ZoomAccountFactory(organization=None, name="Shared one")
    assert "Shared one" not in ada.get("/admin/zoomauth/zoomaccount/").content.decode()
    assert ada.get(page_of(shared)).status_code == 302


def test_no_account_is_deleted(cast, ada, operator):
    page = page_of(cast.acme_account).replace("change", "delete")
    assert {client.post(page, {"post": "yes"}).status_code for client in (ada, operator)} == {403}


# --- Connections ------------------------------------------------------------------------------


@pytest.fixture
def shared(cast):
    return ZoomAccountFactory(organization=None, name="Shared")


def connection_page(cast):
    return f"/admin/zoomauth/zoomconnection/{cast.acme.zoom_connection.pk}/change/"


def test_the_operator_connects_an_organization_to_a_shared_account(cast, operator, shared):
    chosen = {"organization": cast.acme.pk, "account": shared.pk}
    operator.post(connection_page(cast), chosen)
    connected = ZoomConnection.objects.get(organization=cast.acme)
    assert (connected.account, connected.owner_key) == (shared, INSTALLATION)
    assert AuditEvent.objects.get(action="zoomconnection.changed").organization_id == cast.acme.pk


def test_the_operator_lets_an_organization_create_users_on_a_shared_account(cast, operator, shared):
    chosen = {"organization": cast.acme.pk, "account": shared.pk}
    operator.post(connection_page(cast), chosen)
    assert not ZoomConnection.objects.get(organization=cast.acme).may_create_users
    operator.post(connection_page(cast), {**chosen, "may_create_users": "on"})
    assert ZoomConnection.objects.get(organization=cast.acme).may_create_users
    event = AuditEvent.objects.filter(action="zoomconnection.changed").order_by("at").last()
    assert event.detail["after"] == {"may_create_users": True}


def test_on_an_account_of_its_own_an_organization_is_not_let_create_users(cast, operator):
    chosen = {"organization": cast.acme.pk, "account": cast.acme_account.pk}
    response = operator.post(connection_page(cast), {**chosen, "may_create_users": "on"})
    assert "may_create_users" in errors_of(response)
    assert not ZoomConnection.objects.get(organization=cast.acme).may_create_users


def test_an_organizations_admin_does_not_let_it_create_users(cast, ada):
    chosen = {"organization": cast.acme.pk, "account": cast.acme_account.pk}
    answer = ada.post(connection_page(cast), {**chosen, "may_create_users": "on"})
    assert answer.status_code == 403
    assert not ZoomConnection.objects.get(organization=cast.acme).may_create_users


def test_another_organizations_account_is_a_form_error(cast, operator):
    chosen = {"organization": cast.acme.pk, "account": cast.globex_account.pk}
    assert "account" in errors_of(operator.post(connection_page(cast), chosen))


def test_another_organizations_account_is_a_form_error_when_adding_too(cast, operator):
    ZoomConnection.objects.filter(organization=cast.acme).delete()
    chosen = {"organization": cast.acme.pk, "account": cast.globex_account.pk}
    page = "/admin/zoomauth/zoomconnection/add/"
    assert "account" in errors_of(operator.post(page, chosen))


def test_a_second_connection_is_a_form_error(cast, operator, shared):
    chosen = {"organization": cast.acme.pk, "account": shared.pk}
    page = "/admin/zoomauth/zoomconnection/add/"
    assert "organization" in errors_of(operator.post(page, chosen))


def test_the_operator_disconnects_and_it_is_written_down(cast, operator):
    page = connection_page(cast).replace("change", "delete")
    operator.post(page, {"post": "yes"})
    assert not ZoomConnection.objects.filter(organization=cast.acme).exists()
    assert AuditEvent.objects.filter(action="zoomconnection.deleted").count() == 1


def test_disconnecting_many_at_once_is_written_down_for_each(cast, operator):
    chosen = ZoomConnection.objects.values_list("pk", flat=True)
    bulk = {"action": "delete_selected", "_selected_action": list(chosen), "post": "yes"}
    operator.post("/admin/zoomauth/zoomconnection/", bulk)
    assert AuditEvent.objects.filter(action="zoomconnection.deleted").count() == 2


@pytest.mark.parametrize("view", ["change", "delete"])
def test_an_organizations_admin_looks_at_the_connection_only(cast, ada, shared, view):
    page = connection_page(cast).replace("change", view)
    chosen = {"organization": cast.acme.pk, "account": shared.pk, "post": "yes"}
    assert ada.get(connection_page(cast)).status_code == 200
    assert ada.post(page, chosen).status_code == 403


# --- Showing again who one is ------------------------------------------------------------------


@pytest.fixture
def tired(cast):
    """ada, who signed in an hour ago."""
    return sign_in(Client(), cast.ada, seconds_ago=3600)


AGAIN = "/accounts/reauthenticate/"


def test_who_signed_in_long_ago_looks_at_the_account_and_finds_no_box_for_a_secret(cast, tired):
    text = tired.get(page_of(cast.acme_account)).content.decode()
    assert 'type="password"' not in text
    assert AGAIN in text


def test_who_signed_in_lately_finds_the_boxes(cast, ada):
    text = ada.get(page_of(cast.acme_account)).content.decode()
    assert text.count('type="password"') == 3
    assert AGAIN not in text


@pytest.mark.parametrize("name", KEPT)
def test_a_secret_sent_long_after_the_sign_in_is_not_stored(cast, tired, name):
    before = secrets_of(cast.acme_account)
    sent = fields_of(cast.acme_account, **{name: LONG})
    response = tired.post(page_of(cast.acme_account), sent)
    assert response["Location"].startswith(AGAIN)
    assert secrets_of(reread(cast.acme_account)) == before
    assert LONG not in str(dict(tired.session))


def test_what_is_no_secret_is_saved_without_being_asked(cast, tired):
    sent = fields_of(cast.acme_account, name="Renamed")
    assert tired.post(page_of(cast.acme_account), sent).status_code == 302
    assert reread(cast.acme_account).name == "Renamed"


def test_a_new_account_is_asked_for_before_its_form_is_shown(cast, tired):
    assert tired.get(ADD)["Location"].startswith(AGAIN)
    assert tired.post(ADD, typed(cast.acme))["Location"].startswith(AGAIN)
    assert not ZoomAccount.objects.filter(account_id="typed-account").exists()


@pytest.mark.parametrize("column", ["account_id", "new_webhook_secret"])
def test_another_account_id_or_webhook_secret_forgets_whose_events_came(cast, ada, column):
    account = cast.acme_account
    ZoomAccount.objects.filter(pk=account.pk).update(
        webhook_foreign_at=timezone.now(), webhook_foreign_id="another-account"
    )
    ada.post(page_of(account), fields_of(account, **{column: "typed-anew-0123456789"}))
    account = ZoomAccount.objects.get(pk=account.pk)
    assert (account.webhook_foreign_at, account.webhook_foreign_id) == (None, "")


# --- Access to Zoom ---------------------------------------------------------------------------


@pytest.fixture
def blocked(cast):
    return AccessToken.objects.create(
        account=cast.acme_account,
        health="blocked",
        failing_since=timezone.now(),
        error_slug="zoom_app_deactivated",
        tracking_id="WEB_4711",
    )


def test_the_list_says_of_each_account_how_access_is(cast, ada, blocked):
    text = ada.get("/admin/zoomauth/zoomaccount/").content.decode()
    assert "Blocked: Zoom refuses the credentials" in text


def test_the_page_says_what_is_wrong_what_to_do_and_what_support_asks_for(cast, ada, blocked):
    text = ada.get(page_of(cast.acme_account)).content.decode()
    assert "Activate it in the Zoom Marketplace" in text
    assert "WEB_4711" in text


def test_an_account_that_works_says_so(cast, ada):
    AccessToken.objects.create(account=cast.acme_account, generation=1)
    text = ada.get(page_of(cast.acme_account)).content.decode()
    assert "Healthy" in text
    assert "Marketplace. Activate" not in text


def test_an_account_without_a_row_has_no_token_yet(cast, ada):
    assert "No access token yet" in ada.get(page_of(cast.acme_account)).content.decode()


def test_what_zoom_said_is_no_markup(cast, ada, blocked):
    AccessToken.objects.update(tracking_id="<b>bold</b>")
    assert "<b>bold</b>" not in ada.get(page_of(cast.acme_account)).content.decode()
