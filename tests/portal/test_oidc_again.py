"""Showing again who one is, where an identity provider began the session: it must really ask."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse
from pytest_httpserver import HTTPServer

from portal.models import AuditEvent, IdentityProvider
from tests.cast import Cast
from tests.factories import IdentityProviderFactory
from tests.oidc import LyingProvider, begin
from tests.second_factors import give_app

pytestmark = pytest.mark.django_db
YESTERDAY = -86_400


@pytest.fixture
def liar(httpserver: HTTPServer, settings: Any) -> LyingProvider:
    settings.OIDC_ON_LOOPBACK = True
    return LyingProvider(httpserver)


@pytest.fixture
def provider(cast: Cast, liar: LyingProvider) -> IdentityProvider:
    """globex's, to whose admin its own form is dangerous."""
    made = IdentityProviderFactory(organization=cast.globex, issuer=liar.issuer)
    SocialAccount.objects.create(user=cast.gus, provider=str(made.pk), uid="somebody")
    return made


def form_of(client: Client, provider: IdentityProvider) -> Any:
    return client.get(reverse("admin:portal_identityprovider_change", args=[provider.pk]))


def asked(liar: LyingProvider, seconds_from_now: float | None) -> None:
    """When the provider says that it asked."""
    moment = None if seconds_from_now is None else int(time.time() + seconds_from_now)
    liar.claims = {"auth_time": moment}


def test_who_was_asked_just_now_opens_the_form(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    client = Client()
    liar.sign_in(client, provider)
    assert form_of(client, provider).status_code == 200


@pytest.mark.parametrize("told", [YESTERDAY, None, 3600])
def test_a_sign_in_that_the_provider_remembered_is_not_recent(
    liar: LyingProvider, provider: IdentityProvider, told: float | None
) -> None:
    asked(liar, told)
    client = Client()
    assert liar.sign_in(client, provider).status_code == 302
    assert form_of(client, provider)["Location"].startswith(
        reverse("openid_connect_login", args=[provider.pk])
    )


@pytest.mark.parametrize("told", [YESTERDAY, None])
def test_a_provider_that_does_not_ask_again_is_a_sentence_and_no_loop(
    liar: LyingProvider, provider: IdentityProvider, told: float | None
) -> None:
    asked(liar, told)
    client = Client()
    liar.sign_in(client, provider)
    answer = liar.sign_in(client, provider)
    assert answer.status_code == 403
    assert "did not ask you" in answer.content.decode()
    assert AuditEvent.objects.filter(detail={"reason": "not_asked"}).count() == 1
    assert form_of(client, provider).status_code == 302
    # And they are in as before.
    assert client.get(reverse("meetings:list")).status_code == 200


def test_who_is_asked_again_opens_the_form(liar: LyingProvider, provider: IdentityProvider) -> None:
    asked(liar, YESTERDAY)
    client = Client()
    liar.sign_in(client, provider)
    asked(liar, 0)
    assert liar.sign_in(client, provider).status_code == 302
    assert form_of(client, provider).status_code == 200


def test_the_provider_is_told_to_ask(liar: LyingProvider, provider: IdentityProvider) -> None:
    client = Client()
    liar.sign_in(client, provider)
    query = parse_qs(urlsplit(begin(client, provider)).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])


def test_the_moment_outlasts_a_second_factor(
    liar: LyingProvider, provider: IdentityProvider, cast: Cast
) -> None:
    app, client = give_app(cast.gus), Client()
    liar.sign_in(client, provider)
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert form_of(client, provider).status_code == 200


@pytest.mark.parametrize("odd", ["now", True, 1e300, float("nan"), [1], 10**400, -1])
def test_an_odd_moment_is_none(liar: LyingProvider, provider: IdentityProvider, odd: Any) -> None:
    liar.claims = {"auth_time": odd}
    client = Client()
    assert liar.sign_in(client, provider).status_code == 302
    assert form_of(client, provider).status_code == 302
