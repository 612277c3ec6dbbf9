"""Identity providers that lie or fail: nobody comes in, and a page says so."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse
from pytest_httpserver import HTTPServer

from portal.models import AuditEvent, IdentityProvider
from tests.cast import Cast
from tests.factories import IdentityProviderFactory
from tests.oidc import CLIENT_ID, CLIENT_SECRET, LyingProvider, begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def liar(httpserver: HTTPServer, settings: Any) -> LyingProvider:
    settings.OIDC_ON_LOOPBACK = True
    return LyingProvider(httpserver)


@pytest.fixture
def provider(cast: Cast, liar: LyingProvider) -> IdentityProvider:
    """acme's, to which alice is linked as "somebody"."""
    made = IdentityProviderFactory(organization=cast.acme, issuer=liar.issuer)
    SocialAccount.objects.create(user=cast.alice, provider=str(made.pk), uid="somebody")
    return made


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_truth_lets_in(liar: LyingProvider, provider: IdentityProvider) -> None:
    client = Client()
    assert liar.sign_in(client, provider).status_code == 302
    assert is_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"aud": None},
        {"iss": "https://another.example"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 192},
        {"sub": "some\x00body"},
        {"sub": "Somebody"},
        {"sub": "somebody "},
    ],
    ids=str,
)
def test_a_wrong_claim_lets_nobody_in(
    liar: LyingProvider, provider: IdentityProvider, claims: dict[str, Any]
) -> None:
    liar.claims = claims
    client = Client()
    assert liar.sign_in(client, provider).status_code in (401, 403)
    assert not is_in(client)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "\ud800"},
        {"sub": "a\ud800"},
        {"name": "x\ud800"},
        {"name": "x\x00y"},
        {"email": "x\x00@acme.example"},
        {"exp": float("inf")},
        {"iat": float("nan")},
    ],
    ids=ascii,
)
def test_what_no_database_keeps_is_a_page_and_a_line_in_the_log(
    liar: LyingProvider, provider: IdentityProvider, claims: dict[str, Any], caplog: Any
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    liar.claims = {"sub": "new", "email": "new@acme.example"} | claims
    client = Client()
    assert liar.sign_in(client, provider).status_code == 401
    assert "broke off" in caplog.text
    assert not is_in(client)


@pytest.mark.parametrize("path", ["/token", "/jwks"])
@pytest.mark.parametrize("body", ['["access_token"]', "[" * 100_000, '{"keys":' * 100_000])
def test_an_answer_of_another_shape_is_a_page_and_a_line_in_the_log(
    liar: LyingProvider, provider: IdentityProvider, path: str, body: str, caplog: Any
) -> None:
    liar.instead(path, 200, body, "application/json", {})
    assert liar.sign_in(Client(), provider).status_code == 401
    assert "broke off" in caplog.text


def test_a_sign_in_address_that_is_no_text_is_a_page(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    liar.discovery = {"authorization_endpoint": "https://login.example/\ud800"}
    answer = Client().post(reverse("openid_connect_login", args=[provider.pk]))
    assert answer.status_code == 401


def test_a_clock_a_little_ahead_lets_in(liar: LyingProvider, provider: IdentityProvider) -> None:
    liar.claims = {"iat": int(time.time()) + 30}
    client = Client()
    liar.sign_in(client, provider)
    assert is_in(client)


def test_several_audiences_with_us_as_party_let_in(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    liar.claims = {"aud": [CLIENT_ID, "another-client"], "azp": CLIENT_ID}
    client = Client()
    liar.sign_in(client, provider)
    assert is_in(client)


def test_another_key_lets_nobody_in(liar: LyingProvider, provider: IdentityProvider) -> None:
    liar.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    client = Client()
    assert liar.sign_in(client, provider).status_code == 401
    assert not is_in(client)


def test_an_unknown_key_lets_nobody_in(liar: LyingProvider, provider: IdentityProvider) -> None:
    liar.key_id = "two"
    client = Client()
    assert liar.sign_in(client, provider).status_code == 401
    assert not is_in(client)


@pytest.mark.parametrize(("algorithm", "key"), [("none", None), ("HS256", CLIENT_SECRET)])
def test_no_signature_and_a_shared_secret_let_nobody_in(
    liar: LyingProvider, provider: IdentityProvider, algorithm: str, key: Any
) -> None:
    liar.algorithm, liar.signs_with = algorithm, key
    client = Client()
    assert liar.sign_in(client, provider).status_code == 401
    assert not is_in(client)


def test_another_issuer_in_the_discovery_lets_nobody_in(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    liar.discovery = {"issuer": "https://another.example"}
    address = reverse("openid_connect_login", args=[provider.pk])
    assert Client().post(address).status_code == 401


@pytest.mark.parametrize(
    "discovery",
    [
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://evil.example/"},
        {"authorization_endpoint": None},
        {"token_endpoint": ["x"]},
        {"token_endpoint": "http://10.0.0.1/"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_an_unusable_discovery_is_a_page(
    liar: LyingProvider, provider: IdentityProvider, discovery: dict[str, Any]
) -> None:
    liar.discovery = discovery
    answer = Client().post(reverse("openid_connect_login", args=[provider.pk]))
    assert answer.status_code == 401
    assert "Try again" in answer.content.decode()


@pytest.mark.parametrize("path", ["/token", "/jwks"])
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, "", "text/plain"),
        (200, "", "application/json"),
        (200, "[]", "application/json"),
        (200, '{"keys": 1, "access_token": 1}', "application/json"),
        (200, '{"access_token": {}, "id_token": []}', "application/json"),
        (200, "<html>", "text/html"),
        (302, "", "text/plain"),
    ],
)
def test_a_broken_answer_is_a_page(
    liar: LyingProvider,
    provider: IdentityProvider,
    path: str,
    status: int,
    body: str,
    kind: str,
) -> None:
    headers = {"Location": "http://127.0.0.1:9/"} if status == 302 else {}
    liar.instead(path, status, body, kind, headers)
    client = Client()
    answer = liar.sign_in(client, provider)
    assert answer.status_code == 401
    assert not is_in(client)


def test_an_answer_without_id_token_lets_nobody_in(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    """Userinfo alone, which allauth would take, is signed by nobody."""
    liar.instead("/token", 200, '{"access_token": "at"}', "application/json", {})
    liar.user_info = {"sub": "somebody"}
    client = Client()
    assert liar.sign_in(client, provider).status_code == 401
    assert not is_in(client)


def test_userinfo_of_somebody_else_lets_nobody_in(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    liar.claims, liar.user_info = {"email": None}, {"sub": "mallory", "email": "m@acme.example"}
    client = Client()
    assert liar.sign_in(client, provider).status_code == 401
    assert not is_in(client)


def test_userinfo_brings_the_address_that_the_token_lacks(
    cast: Cast, liar: LyingProvider, provider: IdentityProvider
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    liar.claims = {"sub": "new", "email": None}
    liar.user_info = {"sub": "new", "email": "new@acme.example", "name": "New"}
    client = Client()
    liar.sign_in(client, provider)
    assert is_in(client)


@pytest.mark.parametrize(
    "email", [None, "", "nobody", 7, ["a@acme.example"], "a" * 300 + "@x.example"]
)
def test_nobody_is_added_without_an_address(
    liar: LyingProvider, provider: IdentityProvider, email: Any
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    liar.claims, liar.user_info = {"sub": "new", "email": email, "name": ["x"]}, {"sub": "new"}
    client = Client()
    assert liar.sign_in(client, provider).status_code == 403
    assert not is_in(client)


def test_the_prompt_of_the_second_time_asks_anew(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    client = Client()
    assert "prompt=login" not in begin(client, provider)
    liar.sign_in(client, provider)
    assert "prompt=login" in begin(client, provider)


def test_no_secret_is_audited_or_logged(
    liar: LyingProvider, provider: IdentityProvider, caplog: Any
) -> None:
    liar.instead("/token", 400, f'{{"error": "{CLIENT_SECRET}"}}', "application/json", {})
    liar.sign_in(Client(), provider)
    event = AuditEvent.objects.order_by("-at").first()
    assert event.action == "login.failed"
    assert CLIENT_SECRET not in str(event.detail) + caplog.text


def test_a_guessed_state_adds_nothing_to_the_trail(
    liar: LyingProvider, provider: IdentityProvider, caplog: Any
) -> None:
    address = reverse("openid_connect_callback", args=[provider.pk])
    for query in ({"code": "a-code", "state": "guessed"}, {"error": "x", "state": "guessed"}, {}):
        assert Client().get(address, query).status_code == 401
    assert not AuditEvent.objects.exists()
    assert "broke off" in caplog.text


def test_a_sign_in_that_was_begun_here_and_broke_off_is_in_the_trail(
    liar: LyingProvider, provider: IdentityProvider
) -> None:
    client = Client()
    state = parse_qs(urlsplit(begin(client, provider)).query)["state"][0]
    address = reverse("openid_connect_callback", args=[provider.pk])
    client.get(address, {"error": "server_error", "state": state})
    assert AuditEvent.objects.get().action == "login.failed"
