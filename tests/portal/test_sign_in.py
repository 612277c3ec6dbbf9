"""The sign-in page: one for everybody, the admin included, and with a limit."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver, reverse

from portal.admin_site import TenantAdminSite
from portal.models import AuditEvent, User
from tests.cast import Cast
from tests.factories import PASSWORD, MembershipFactory

pytestmark = pytest.mark.django_db


def try_password(user: User, password: str, **extra: Any) -> tuple[Client, Any]:
    client = Client(**extra)
    form = {"login": user.email, "password": password}
    return client, client.post(reverse("account_login"), form)


def test_the_right_password_signs_in(cast: Cast) -> None:
    client, answer = try_password(cast.alice, PASSWORD)
    assert answer["Location"] == reverse("meetings:list")
    assert client.session["_auth_user_id"] == str(cast.alice.pk)


def test_who_has_no_password_gets_the_first_one_by_mail(cast: Cast, signed_in: Any) -> None:
    """They came in by a passkey; there is no old password to ask for."""
    client = signed_in(cast.alice)
    cast.alice.set_unusable_password()
    cast.alice.save(update_fields=["password"])
    client.force_login(cast.alice)
    for ask in (client.get, client.post):
        answer = ask(reverse("account_change_password"), follow=True)
        assert answer.redirect_chain == [(reverse("account_reset_password"), 302)]
        assert "You have no password yet" in answer.content.decode()


def test_a_sign_in_is_audited(cast: Cast) -> None:
    try_password(cast.alice, PASSWORD)
    event = AuditEvent.objects.get(action="login.completed")
    assert (event.actor_id, event.detail) == (cast.alice.pk, {"methods": ["password"]})


def test_a_sign_in_stands_in_the_trail_of_each_organization_it_opens(cast: Cast) -> None:
    MembershipFactory(user=cast.alice, organization=cast.globex)
    try_password(cast.alice, PASSWORD)
    events = AuditEvent.objects.filter(action="login.completed")
    assert {event.organization_id for event in events} == {cast.acme.pk, cast.globex.pk}


def test_a_wrong_password_is_audited_without_it(cast: Cast) -> None:
    try_password(cast.alice, "wrong-password-typed")
    event = AuditEvent.objects.get(action="login.failed")
    assert event.actor_id == cast.alice.pk
    assert "wrong-password-typed" not in str(event.detail)


def test_guessing_passwords_ends_soon(cast: Cast) -> None:
    for _ in range(11):
        try_password(cast.alice, "wrong")
    client, _ = try_password(cast.alice, PASSWORD)
    assert "_auth_user_id" not in client.session


def test_a_made_up_forwarded_address_is_no_way_around_the_limit(cast: Cast) -> None:
    for number in range(11):
        try_password(cast.alice, "wrong", headers={"x-forwarded-for": f"10.0.0.{number}"})
    client, _ = try_password(cast.alice, PASSWORD, headers={"x-forwarded-for": "10.9.9.9"})
    assert "_auth_user_id" not in client.session


def test_the_admin_has_no_sign_in_of_its_own(cast: Cast) -> None:
    """Else its page would go around limits and second factors."""
    address = reverse("admin:login")
    assert Client().get(address)["Location"].startswith(reverse("account_login"))
    client = Client()
    client.post(address, {"username": cast.ada.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_every_admin_site_is_behind_the_one_sign_in() -> None:
    assert type(admin.site._wrapped if hasattr(admin.site, "_wrapped") else admin.site) in (
        TenantAdminSite,
    )
    assert [entry for entry in get_resolver().url_patterns if "admin" in str(entry.pattern)] == [
        entry for entry in get_resolver().url_patterns if getattr(entry, "namespace", "") == "admin"
    ]


def test_the_second_factor_holds_for_the_admin_too(cast: Cast, with_app: Any) -> None:
    with_app(cast.ada)
    client, answer = try_password(cast.ada, PASSWORD)
    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("admin:index")).status_code == 302


def test_nobody_signs_up(cast: Cast) -> None:
    form = {"email": "new@acme.example", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(reverse("account_signup"), form)
    assert not User.objects.filter(email="new@acme.example").exists()
