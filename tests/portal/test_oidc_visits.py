"""A slow provider holds few threads, for seconds, and then none for a while."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Response

from portal.identity import visits
from portal.identity.visits import ComeBackLater, visit
from portal.models import AuditEvent, IdentityProvider
from tests.cast import Cast
from tests.factories import IdentityProviderFactory
from tests.oidc import LyingProvider

pytestmark = pytest.mark.django_db
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def liar(httpserver: HTTPServer, settings: Any) -> LyingProvider:
    settings.OIDC_ON_LOOPBACK = True
    return LyingProvider(httpserver)


@pytest.fixture
def provider(cast: Cast, liar: LyingProvider) -> IdentityProvider:
    made = IdentityProviderFactory(organization=cast.acme, name="Acme Login", issuer=liar.issuer)
    SocialAccount.objects.create(user=cast.alice, provider=str(made.pk), uid="somebody")
    return made


def press(provider: IdentityProvider) -> Any:
    return Client().post(reverse("openid_connect_login", args=[provider.pk]))


def row_of(provider: IdentityProvider) -> IdentityProvider:
    return IdentityProvider.objects.get(pk=provider.pk)


class Late:
    """An answer that takes so long, whole or byte by byte; its end is that of the connection."""

    def __init__(self, seconds: float, make: Callable[[], Any], *, drips: bool = False) -> None:
        self.seconds, self.make, self.drips = seconds, make, drips

    def __call__(self, *args: Any) -> Response:
        if self.drips:
            return Response(self._drip(), content_type="application/json")
        time.sleep(self.seconds)
        return Response(json.dumps(self.make()), content_type="application/json")

    def _drip(self) -> Iterator[bytes]:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            yield b" "
        yield json.dumps(self.make()).encode()


def slow(liar: LyingProvider, seconds: float, *, drips: bool = False) -> None:
    makers = {DISCOVERY: liar._discovery, "/token": liar._token, "/jwks": liar._keys}
    liar.server.clear_all_handlers()
    for path, make in makers.items():
        late = Late(seconds, make, drips=drips)
        liar.server.expect_request(path).respond_with_handler(late)


# --- one deadline ---------------------------------------------------------------------------


def test_all_that_one_request_asks_has_one_deadline(
    liar: LyingProvider, provider: IdentityProvider, monkeypatch: Any
) -> None:
    """Discovery, token and keys: each of them is in time, together they are not."""
    monkeypatch.setattr(visits, "VISIT_SECONDS", 2.0)
    slow(liar, 0.8)
    client = Client()
    answer = liar.sign_in(client, provider)
    assert answer.status_code == 503
    assert "_auth_user_id" not in client.session


def test_dripping_gains_a_provider_nothing(
    liar: LyingProvider, provider: IdentityProvider, monkeypatch: Any
) -> None:
    monkeypatch.setattr(visits, "VISIT_SECONDS", 0.5)
    slow(liar, 6.0, drips=True)
    before = time.monotonic()
    assert press(provider).status_code == 503
    assert time.monotonic() - before < 4


# --- then none for a while ------------------------------------------------------------------


def nobody_there(provider: IdentityProvider) -> None:
    """The discard port refuses at once."""
    IdentityProvider.objects.filter(pk=provider.pk).update(issuer="http://localhost:9")


@pytest.mark.both_databases
def test_who_cannot_be_reached_is_told_in_a_sentence(provider: IdentityProvider) -> None:
    nobody_there(provider)
    answer = press(provider)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "Acme Login cannot be reached. Try again in half a minute" in answer.content.decode()
    assert AuditEvent.objects.get().action == "login.failed"


@pytest.mark.both_databases
def test_for_a_while_it_is_not_asked_again(
    liar: LyingProvider, provider: IdentityProvider, time_machine: Any
) -> None:
    nobody_there(provider)
    press(provider)
    IdentityProvider.objects.filter(pk=provider.pk).update(issuer=liar.issuer)
    answer = press(provider)
    assert answer.status_code == 503
    assert "cannot be reached" in answer.content.decode()
    assert liar.server.log == []
    # Told once in the trail, however often somebody presses.
    assert AuditEvent.objects.count() == 1
    time_machine.move_to(timezone.now() + timedelta(seconds=31))
    assert press(provider).status_code == 302


@pytest.mark.both_databases
def test_who_comes_back_meanwhile_may_come_back_once_more(
    liar: LyingProvider, provider: IdentityProvider, monkeypatch: Any
) -> None:
    """The pause answers before the state is used up."""
    client, later = Client(), timezone.now() + timedelta(minutes=1)
    asked: list[int] = []

    def come_back(path: str, query: dict[str, str]) -> Any:
        IdentityProvider.objects.update(unreachable_until=later)
        asked.append(Client.get(client, path, query).status_code)
        IdentityProvider.objects.update(unreachable_until=None)
        return Client.get(client, path, query)

    monkeypatch.setattr(client, "get", come_back)
    assert liar.sign_in(client, provider).status_code == 302
    assert asked == [503]


def test_a_wrong_answer_is_no_reason_to_pause(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    liar.instead(DISCOVERY, 500, "", "text/plain", {})
    assert press(provider).status_code == 401
    assert row_of(provider).unreachable_until is None


# --- few at a time --------------------------------------------------------------------------


@pytest.mark.both_databases
def test_one_more_than_enough_is_sent_away(provider: IdentityProvider) -> None:
    with visit(provider.pk), visit(provider.pk), visit(provider.pk):
        answer = press(provider)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "Many people are signing in through Acme Login" in answer.content.decode()
    assert press(provider).status_code == 302
    assert row_of(provider).visits == {}


@pytest.mark.both_databases
def test_another_provider_is_not_held_up(cast: Cast, provider: IdentityProvider) -> None:
    other = IdentityProviderFactory(organization=cast.globex, issuer=provider.issuer)
    with visit(provider.pk), visit(provider.pk), visit(provider.pk):
        assert press(other).status_code == 302


@pytest.mark.both_databases
def test_a_place_is_given_back_whatever_happens(provider: IdentityProvider) -> None:
    with pytest.raises(ZeroDivisionError), visit(provider.pk):
        raise ZeroDivisionError
    assert row_of(provider).visits == {}


@pytest.mark.both_databases
def test_the_places_of_a_process_that_died_come_back(
    provider: IdentityProvider, time_machine: Any
) -> None:
    until = timezone.now().timestamp() + 15
    IdentityProvider.objects.update(visits=dict.fromkeys("abc", until))
    with pytest.raises(ComeBackLater), visit(provider.pk):
        pass
    time_machine.move_to(timezone.now() + timedelta(seconds=16))
    with visit(provider.pk):
        assert len(row_of(provider).visits) == 1


@pytest.mark.both_databases
def test_two_at_once_do_not_take_the_same_place(provider: IdentityProvider) -> None:
    """The last place goes to somebody else between the look and the taking."""
    until = timezone.now().timestamp() + 60
    IdentityProvider.objects.update(visits={"a": until, "b": until})
    others: list[int] = []

    def be_faster(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(1)
            IdentityProvider.objects.update(visits={"a": until, "b": until, "c": until})
        return execute(sql, *args)

    with (
        connection.execute_wrapper(be_faster),
        pytest.raises(ComeBackLater),
        visit(provider.pk),
    ):
        pass
    assert others == [1]
    assert set(row_of(provider).visits) == {"a", "b", "c"}


def test_a_guessed_state_takes_no_place(provider: IdentityProvider) -> None:
    address = reverse("openid_connect_callback", args=[provider.pk])
    with visit(provider.pk), visit(provider.pk), visit(provider.pk):
        assert Client().get(address, {"code": "x", "state": "guessed"}).status_code == 401
