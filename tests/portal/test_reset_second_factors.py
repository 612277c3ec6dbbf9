"""`manage.py reset_second_factors`: out of a lock-out, written down and told."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent, User
from tests.cast import Cast
from tests.factories import PASSWORD
from tests.second_factors import App
from tests.sessions import sign_in_by_page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SIGN_IN, LIST = reverse("account_login"), reverse("meetings:list")


@pytest.fixture
def locked_out(cast: Cast, with_app: Callable[[User], App]) -> User:
    """ada, whose phone and codes are gone."""
    with_app(cast.ada)
    return cast.ada


def test_afterwards_the_password_lets_them_in(locked_out: User) -> None:
    typed = {"login": locked_out.email, "password": PASSWORD}
    before, after = Client(), Client()
    before.post(SIGN_IN, typed)
    assert before.get(LIST).status_code == 302
    call_command("reset_second_factors", locked_out.email.upper())
    assert not Authenticator.objects.filter(user=locked_out).exists()
    after.post(SIGN_IN, typed)
    assert after.get(LIST).status_code == 200


def test_the_sessions_end_and_nobody_elses(cast: Cast, with_app: Callable[[User], App]) -> None:
    ada, bob = (sign_in_by_page(Client(), user) for user in (cast.ada, cast.bob))
    with_app(cast.ada), with_app(cast.bob)
    call_command("reset_second_factors", cast.ada.email)
    assert ada.get(LIST).status_code == 302
    assert bob.get(LIST).status_code == 200
    assert Authenticator.objects.filter(user=cast.bob).count() == 2


def test_it_is_written_down(locked_out: User) -> None:
    call_command("reset_second_factors", locked_out.email)
    event = AuditEvent.objects.get(action="second_factor.reset")
    assert (event.actor_id, event.target_id) == (None, str(locked_out.pk))
    assert event.detail == {"methods": ["recovery_codes", "totp"], "sessions_ended": 0}


def test_the_person_is_told(
    locked_out: User, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        call_command("reset_second_factors", locked_out.email)
    (mail,) = mailoutbox
    assert mail.to == [locked_out.email]
    assert "removed the second step" in mail.body


@pytest.mark.parametrize("who", ["nobody@people.example", "mia@acme.example"])
def test_where_there_is_nothing_to_remove_it_says_so(locked_out: User, who: str) -> None:
    with pytest.raises(CommandError):
        call_command("reset_second_factors", who)
    assert Authenticator.objects.filter(user=locked_out).exists()
    assert not AuditEvent.objects.filter(action="second_factor.reset").exists()
