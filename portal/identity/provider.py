"""OpenID Connect, as this portal takes it: code flow with PKCE and nonce, a verified ID token.

allauth brings the flow and the state; what it leaves open is closed here. It does not compare the
issuer, uses no nonce, takes the userinfo answer without a token and lets the visitor's address add
parameters.
"""

import hashlib
import hmac
from typing import Any, Final

import jwt
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from portal.identity.wire import NoAnswer, fetch_json, may_be_asked

# Public keys only: with HS256 the client secret, or a public key taken for one, would sign.
ALGORITHMS: Final = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
_CLOCK_SKEW_SECONDS: Final = 60
_CLAIMS: Final = ["iss", "sub", "aud", "exp", "iat"]
# What it comes to when an answer is not what it should be: no text, too deep, infinite.
_LIES: Final = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
LONGEST_SUBJECT: Final = 191


def make_nonce(code_verifier: str) -> str:
    """The nonce of a sign-in: bound to its PKCE verifier, which never leaves the portal."""
    return hashlib.sha256(f"nonce:{code_verifier}".encode()).hexdigest()


class ProviderEndpoints(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """One provider's addresses, and what it answers there."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            self._openid_config = self._discover(self.get_provider().app.settings["issuer"])
        return self._openid_config

    def _discover(self, issuer: str) -> dict[str, Any]:
        found = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise OAuth2Error("The provider calls itself by another issuer.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            # The first is where the visitor's browser is sent.
            if not _is_text(found.get(name)) or not may_be_asked(found[name]):
                raise OAuth2Error(f"The provider's {name} is not usable.")
        return found

    @property
    def basic_auth(self) -> bool:
        # The default is the standard's, where the provider names none.
        known = self.openid_config.get("token_endpoint_auth_methods_supported")
        return not (isinstance(known, list) and "client_secret_post" in known)

    @sensitive_variables()
    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        if not pkce_code_verifier:
            raise OAuth2Error("This sign-in was not begun here.")
        self.nonce = make_nonce(pkce_code_verifier)
        try:
            answer = super().get_access_token_data(request, app, client, pkce_code_verifier)
        except _LIES:
            raise OAuth2Error("The token answer is not usable.") from None
        except OAuth2Error:
            # Without allauth's text: it quotes the answer.
            raise OAuth2Error("The provider gave no token.") from None
        if not isinstance(answer, dict):
            raise OAuth2Error("The token answer is not usable.")
        return answer

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=str(data["access_token"]))

    @sensitive_variables()
    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> Any:
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise OAuth2Error("There is no ID token.")
        claims = self._verify(app, id_token)
        authenticated_at = _moment(claims.get("auth_time"))
        if not claims.get("email"):
            claims = self._with_user_info(claims, token.token)
        for name in ("email", "name"):
            if isinstance(claims.get(name), str) and not _is_text(claims[name]):
                raise OAuth2Error(f"The {name} is not usable.")
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.authenticated_at = authenticated_at
        return login

    def _verify(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key_of(id_token),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=app.settings["issuer"],
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": _CLAIMS},
            )
        except (jwt.PyJWTError, *_LIES):
            raise OAuth2Error("The ID token is not valid.") from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("The ID token is for somebody else.")
        nonce = str(claims.get("nonce", "")).encode(errors="replace")
        if not hmac.compare_digest(nonce, self.nonce.encode()):
            raise OAuth2Error("The ID token belongs to another sign-in.")
        subject = claims["sub"]
        if not _is_text(subject) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise OAuth2Error("The subject is not usable.")
        return claims

    def _key_of(self, id_token: str) -> jwt.PyJWK:
        kid = jwt.get_unverified_header(id_token).get("kid")
        keys = jwt.PyJWKSet.from_dict(_fetch(self.openid_config["jwks_uri"])).keys
        fitting = [key for key in keys if kid is None or key.key_id == kid]
        if len(fitting) != 1:
            raise OAuth2Error("The ID token's key is not known.")
        return fitting[0]

    def _with_user_info(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """The claims with name and address from userinfo, where some providers keep them."""
        address = self.openid_config.get("userinfo_endpoint")
        if not isinstance(address, str):
            return claims
        info = _fetch(address, {"Authorization": f"Bearer {access_token}"})
        if info.get("sub") != claims["sub"]:
            raise OAuth2Error("Userinfo speaks of somebody else.")
        return {**info, **claims}


class OrganizationProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """allauth's provider for one row of `IdentityProvider`."""

    oauth2_adapter_class = ProviderEndpoints
    # Set while somebody shows again who they are: the provider is to ask, not to remember.
    asks_again = False

    def get_pkce_params(self) -> dict[str, str]:
        params: dict[str, str] = super().get_pkce_params()
        return {**params, "nonce": make_nonce(params["code_verifier"])}

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        """None of the request's own: they would replace nonce and challenge."""
        return {"prompt": "login", "max_age": "0"} if self.asks_again else {}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        scope: list[str] = self.get_scope()
        return scope

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, str]:
        claims = data["id_token"]
        found = {name: claims.get(name) for name in ("email", "name")}
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def serialize(self) -> dict[str, str]:
        """By its id: two organizations may have the same client id at one issuer."""
        return {"id": self.app.provider_id}

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing of it is stored."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """None: an address that a provider names is no way to a person."""
        return []


def _fetch(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Raises `OAuth2Error` and `wire.Unreachable`."""
    try:
        return fetch_json(url, headers)
    except NoAnswer as error:
        raise OAuth2Error(str(error)) from None


def _moment(value: Any) -> float | None:
    """A time of JWT's, in seconds; None if it is none."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < 1e11 else None


def _is_text(value: Any) -> bool:
    """Whether the database can keep it: JSON may hold NUL and halves of surrogate pairs."""
    if not isinstance(value, str) or "\x00" in value:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)
