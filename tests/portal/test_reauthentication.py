"""Showing again who one is, before something dangerous."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import AuditEvent, IdentityProvider
from tests.cast import Cast
from tests.factories import PASSWORD, IdentityProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(cast: Cast) -> Client:
    """Signed in just now."""
    client = Client()
    client.post(reverse("account_login"), {"login": cast.ada.email, "password": PASSWORD})
    return client


@pytest.fixture
def provider(cast: Cast) -> IdentityProvider:
    return IdentityProviderFactory(organization=cast.acme)


def change(provider: IdentityProvider) -> str:
    return reverse("admin:portal_identityprovider_change", args=[provider.pk])


FORM = {"name": "Renamed", "client_id": "c", "client_secret": "", "is_active": "on"}


def later(time_machine: Any, **passed: float) -> None:
    time_machine.move_to(timezone.now() + timedelta(**passed))


def test_soon_after_signing_in_the_form_opens(ada: Client, provider: IdentityProvider) -> None:
    assert ada.get(change(provider)).status_code == 200


def test_later_the_form_asks_first_and_comes_back(
    ada: Client, provider: IdentityProvider, time_machine: Any
) -> None:
    later(time_machine, minutes=16)
    asked = ada.get(change(provider))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    back = ada.post(asked["Location"], {"password": PASSWORD})
    assert back["Location"] == change(provider)
    assert ada.get(change(provider)).status_code == 200


def test_a_wrong_password_opens_nothing(
    ada: Client, provider: IdentityProvider, time_machine: Any
) -> None:
    later(time_machine, minutes=16)
    ada.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert ada.get(change(provider)).status_code == 302


def test_a_form_that_lay_open_a_while_is_taken(
    ada: Client, provider: IdentityProvider, time_machine: Any
) -> None:
    later(time_machine, minutes=25)
    ada.post(change(provider), FORM)
    provider.refresh_from_db()
    assert provider.name == "Renamed"


def test_a_form_that_lay_open_too_long_changes_nothing_and_keeps_nothing(
    ada: Client, provider: IdentityProvider, time_machine: Any
) -> None:
    later(time_machine, minutes=31)
    answer = ada.post(change(provider), {**FORM, "client_secret": "typed-secret"})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    provider.refresh_from_db()
    assert provider.client_secret == "client-secret-at-the-provider"
    assert "typed-secret" not in str(dict(ada.session))


def test_a_session_without_any_sign_in_asks(cast: Cast, provider: IdentityProvider) -> None:
    client = Client()
    client.force_login(cast.ada)
    assert client.get(change(provider)).status_code == 302


def test_a_list_asks_nothing(cast: Cast, provider: IdentityProvider) -> None:
    client = Client()
    client.force_login(cast.ada)
    address = reverse("admin:portal_identityprovider_changelist")
    assert client.get(address).status_code == 200


def test_who_may_not_is_told_so_and_not_asked(
    cast: Cast, signed_in: Any, provider: IdentityProvider
) -> None:
    assert signed_in(cast.operator).get(change(provider)).status_code == 403


# --- the provider's form -------------------------------------------------------------------


def test_an_admin_adds_a_provider(cast: Cast, ada: Client) -> None:
    form = {
        "organization": str(cast.acme.pk),
        "name": "Login",
        "issuer": "https://login.example/realms/acme",
        "client_id": "portal",
        "client_secret": "very-secret-indeed",
        "is_active": "on",
    }
    answer = ada.post(reverse("admin:portal_identityprovider_add"), form)
    assert answer.status_code == 302, answer.content.decode()
    made = IdentityProvider.objects.get()
    assert (made.organization, made.client_secret) == (cast.acme, "very-secret-indeed")
    event = AuditEvent.objects.get(action="identityprovider.added")
    assert "very-secret-indeed" not in str(event.detail)


def test_an_admin_adds_none_to_another_organization(cast: Cast, ada: Client) -> None:
    form = {
        "organization": str(cast.globex.pk),
        "name": "Login",
        "issuer": "https://login.example",
        "client_id": "portal",
        "client_secret": "x",
    }
    ada.post(reverse("admin:portal_identityprovider_add"), form)
    assert not IdentityProvider.objects.exists()


def test_a_provider_needs_a_secret(cast: Cast, ada: Client) -> None:
    form = {
        "organization": str(cast.acme.pk),
        "name": "Login",
        "issuer": "https://login.example",
        "client_id": "portal",
        "client_secret": "",
    }
    ada.post(reverse("admin:portal_identityprovider_add"), form)
    assert not IdentityProvider.objects.exists()


def test_an_empty_secret_keeps_the_one_that_is_set(ada: Client, provider: IdentityProvider) -> None:
    ada.post(change(provider), FORM)
    provider.refresh_from_db()
    assert provider.client_secret == "client-secret-at-the-provider"


def test_a_new_secret_takes_its_place(ada: Client, provider: IdentityProvider) -> None:
    ada.post(change(provider), {**FORM, "client_secret": "fresh"})
    provider.refresh_from_db()
    assert provider.client_secret == "fresh"


def test_the_issuer_stays(ada: Client, provider: IdentityProvider) -> None:
    before = provider.issuer
    ada.post(change(provider), {**FORM, "issuer": "https://evil.example"})
    provider.refresh_from_db()
    assert provider.issuer == before


def test_no_page_shows_the_secret(ada: Client, provider: IdentityProvider) -> None:
    for address in (change(provider), reverse("admin:portal_identityprovider_changelist")):
        assert provider.client_secret not in ada.get(address).content.decode()


def test_the_page_tells_both_addresses(ada: Client, provider: IdentityProvider) -> None:
    page = ada.get(change(provider)).content.decode()
    assert reverse("openid_connect_login", args=[provider.pk]) in page
    assert reverse("openid_connect_callback", args=[provider.pk]) in page
