"""Identity providers for tests: an honest one as a program, and one that lies as it is told to."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Response

from portal.models import IdentityProvider
from tests.server import free_port

PATIENCE = 30.0
CLIENT_ID = "greenroom-at-the-provider"
CLIENT_SECRET = "client-secret-at-the-provider"
# No proxy of this machine's stands between a test and the loopback.
BROWSER = requests.Session()
BROWSER.trust_env = False


@contextlib.contextmanager
def honest_provider() -> Iterator[str]:
    """oidc-provider-mock on a free port; yields its issuer. Ended by its own process id."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{issuer}/.well-known/openid-configuration", process)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            BROWSER.get(url, timeout=5)
            return
        time.sleep(0.1)
    raise RuntimeError("the identity provider did not start")


def knows(issuer: str, subject: str, **claims: Any) -> None:
    """Whom the honest provider knows."""
    BROWSER.put(f"{issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()


def begin(client: Client, provider: IdentityProvider, **form: str) -> str:
    """Press the button on the provider's sign-in page; the address the browser is sent to."""
    answer = client.post(reverse("openid_connect_login", args=[provider.pk]), form)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def answer_at(address: str, subject: str) -> str:
    """Be `subject` at the honest provider; the address it sends the browser back to."""
    answer = BROWSER.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def come_back(client: Client, address: str) -> Any:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: Client, provider: IdentityProvider, subject: str) -> Any:
    """The whole way through the honest provider; the portal's last answer."""
    return come_back(client, answer_at(begin(client, provider), subject))


@dataclass
class LyingProvider:
    """A provider that says what it is told to say. `claims` and `discovery` replace the truth."""

    server: HTTPServer
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    user_info: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    signs_with: Any = None
    key_id: str = "one"
    nonce: str = ""
    broken: dict[str, Response] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signs_with = self.key
        handlers = {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": self._keys,
            "/token": self._token,
            "/userinfo": lambda: self.user_info,
        }
        for path, make in handlers.items():
            self.server.expect_request(path).respond_with_handler(self._handler(path, make))

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server.port}"

    def sign_in(self, client: Client, provider: IdentityProvider) -> Any:
        """The whole way; the portal's answer to the code."""
        query = parse_qs(urlsplit(begin(client, provider)).query)
        self.nonce = query["nonce"][0]
        address = reverse("openid_connect_callback", args=[provider.pk])
        return client.get(address, {"code": "a-code", "state": query["state"][0]})

    def instead(
        self, path: str, status: int, body: str, kind: str, headers: dict[str, str]
    ) -> None:
        """Answer this at `path`, whoever asks."""
        answer = Response(body, status=status, content_type=kind, headers=headers)
        self.broken[path] = answer

    def _discovery(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        return {**told, **self.discovery}

    def _keys(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def _token(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "somebody",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": self.nonce,
            "email": "somebody@acme.example",
        } | self.claims
        said = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(
            said, self.signs_with, algorithm=self.algorithm, headers={"kid": self.key_id}
        )
        return {"access_token": "at", "token_type": "Bearer", "id_token": token}

    def _handler(self, path: str, make: Any) -> Any:
        def handle(request: Any) -> Response:
            whole = Response(json.dumps(make()), content_type="application/json")
            return self.broken.get(path) or whole

        return handle
