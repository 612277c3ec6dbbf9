"""Mails about a changed sign-in: they say what, when and from where, and hold no secret."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from tests.factories import PASSWORD
from tests.second_factors import App

pytestmark = pytest.mark.django_db
NEW = "another-correct-horse-1"


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Inside, what waits for a commit is done at the end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def client(cast: Cast) -> Client:
    """alice's browser, just after she showed who she is."""
    client = Client(headers={"user-agent": "Firefox on her laptop"}, REMOTE_ADDR="192.0.2.7")
    client.post(reverse("account_login"), {"login": cast.alice.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def set_up_app(client: Client) -> str:
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": App(secret).code()})
    return str(secret)


def change_password(client: Client) -> None:
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), fields).status_code == 302


def test_a_new_second_step_is_told_with_when_and_from_where(
    cast: Cast, client: Client, committed: Any
) -> None:
    with committed():
        secret = set_up_app(client)
    told = mail.outbox[0]
    assert told.to == [cast.alice.email]
    assert "192.0.2.7" in told.body
    assert "Firefox on her laptop" in told.body
    assert f"http://localhost{reverse('identity:account')}" in told.body
    assert all(secret not in message.body for message in mail.outbox)


def test_removing_it_is_told(client: Client, committed: Any) -> None:
    set_up_app(client)
    with committed():
        client.post(reverse("mfa_deactivate_totp"))
    assert "deactivated" in mail.outbox[0].body


def test_a_new_password_is_told_and_not_shown(client: Client, committed: Any) -> None:
    with committed():
        change_password(client)
    (told,) = mail.outbox
    assert "password" in told.subject.lower()
    assert NEW not in told.body


def test_the_mail_for_a_new_password_says_where_it_is_from(cast: Cast, committed: Any) -> None:
    with committed():
        Client().post(reverse("account_reset_password"), {"email": cast.alice.email})
    (told,) = mail.outbox
    assert told.body.rstrip().endswith("Greenroom\nhttp://localhost/")


@pytest.mark.parametrize("address", ["alice@acme.example", "nobody@acme.example"])
def test_a_mail_server_that_is_down_tells_nobody_who_has_an_account(
    cast: Cast, settings: Any, committed: Any, address: str
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with committed():
        answer = Client().post(reverse("account_reset_password"), {"email": address})
    assert answer.status_code == 302


def test_a_mail_server_that_is_down_undoes_nothing(
    client: Client, settings: Any, committed: Any, caplog: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with committed():
        change_password(client)
    assert "The mail account/email/password_changed was not sent" in caplog.text
    assert (
        Client()
        .post(reverse("account_login"), {"login": "alice@acme.example", "password": NEW})
        .has_header("Location")
    )


def test_where_no_mail_is_set_up_none_is_made(
    client: Client, settings: Any, committed: Any, capfd: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    with committed():
        change_password(client)
    assert "password" not in capfd.readouterr().out.lower()
