"""The token endpoint, and the check of the tokens it gave out.

Source: Zoom, Server-to-Server OAuth; Zoom, OAuth error messages (codes 4700 to 4741). Refused
credentials were seen in two shapes, ``{reason, error}`` and ``{code, message}``: an account's
``oauth_errors`` says in which. All with status 400.
"""

import base64
import hmac
from dataclasses import dataclass

from aiohttp import web

from zoomsandbox.rest.bodies import read_form
from zoomsandbox.rest.errors import OAuthRefusal, ZoomRefusal
from zoomsandbox.rest.limits import RATE, check_hold, count_call, get_label
from zoomsandbox.rest.scopes import check_scope
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.world import ENTRY, WORLD, World

TOKEN_SECONDS = 3600
GRANT = "account_credentials"


@dataclass(frozen=True)
class Denial:
    """One reason to give no token, in both of Zoom's shapes."""

    error: str
    reason: str
    code: int
    message: str

    def as_refusal(self, account: Account | None) -> ZoomRefusal:
        if account is not None and account.oauth_errors == "numbers":
            return ZoomRefusal(400, self.code, self.message)
        return OAuthRefusal(self.error, self.reason)


_CLIENT = ("invalid_client", "Invalid client_id or client_secret")
_GRANT = ("unsupported_grant_type", "unsupported grant type")
_NO_CREDENTIALS = Denial(*_CLIENT, 4706, "Client ID or client secret is missing.")
_WRONG_CLIENT = Denial(*_CLIENT, 4702, "Invalid client.")
_WRONG_SECRET = Denial(*_CLIENT, 4704, "Invalid client secret.")
_WRONG_GRANT = Denial(*_GRANT, 4705, "Grant type is not supported from token endpoint.")
# Zoom documents 4706 for missing credentials; that it also stands for these two is a guess.
_NO_PARAMETER = Denial("invalid_request", "Bad Request", 4706, "A parameter is missing.")
APP_REFUSALS = {
    "disabled": (4717, "The app has been disabled."),
    "disabled_by_admin": (4738, "The app was disabled by the account's administrator."),
    "revoked": (4741, "The app's authorization was revoked."),
}


async def issue_token(request: web.Request) -> web.Response:
    """``POST /oauth/token``, with the parameters in the form body.

    In the query they worked for years, then were answered 400 for some: the account's
    ``query_parameters``. A body of another type is not read, so its parameters are missing. Other
    methods are answered 405, which is a guess.
    """
    if request.method != "POST":
        raise OAuthRefusal("invalid_request", "Method Not Allowed", 405)
    world = request.app[WORLD]
    form = await read_form(request)
    given_account = form.get("account_id") or request.query.get("account_id", "")
    account = _get_account_of_client(world, request, given_account)
    request[ENTRY].account_id = account.account_id
    query = request.query if account.query_parameters == "accepted" else {}
    _check_parameters(account, {**query, **form})
    return web.json_response(
        {
            "access_token": world.issue_token(account, TOKEN_SECONDS),
            "token_type": "bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(account.scopes),
            "api_url": account.api_url or world.public_url,
        }
    )


def _check_parameters(account: Account, given: dict[str, str]) -> None:
    if not given.get("grant_type") or not given.get("account_id"):
        raise _NO_PARAMETER.as_refusal(account)
    if given["grant_type"] != GRANT or account.app_type != "server_to_server":
        # Credentials of another app type are the usual cause of this answer.
        raise _WRONG_GRANT.as_refusal(account)
    if account.app_state != "active":
        raise ZoomRefusal(400, *APP_REFUSALS[account.app_state])
    if given["account_id"] != account.account_id:
        # No number is documented for this one.
        raise OAuthRefusal("invalid_request", "Bad Request")


def _get_account_of_client(world: World, request: web.Request, account_id: str) -> Account:
    """The account whose app this is.

    ``account_id`` only decides, for a client nobody has, in which shape that is told.
    """
    client_id, secret = _read_basic(request.headers.get("Authorization", ""))
    meant = world.accounts.get(account_id)
    if not client_id or not secret:
        raise _NO_CREDENTIALS.as_refusal(meant)
    owner = next((a for a in world.accounts.values() if a.client_id == client_id), None)
    if owner is None:
        raise _WRONG_CLIENT.as_refusal(meant)
    if not hmac.compare_digest(_encode(owner.client_secret), _encode(secret)):
        raise _WRONG_SECRET.as_refusal(owner)
    return owner


def _read_basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return client_id, secret


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def get_authorized_account(request: web.Request, scope: str) -> Account:
    """The account whose live token came with this call and holds the scope.

    ``scope`` is the granular one in its ``:admin`` form. The call is counted against the account's
    rate limit before its scopes are looked at. Code 124 for a bad or expired token is what Zoom is
    seen to send. A token keeps the scopes it was issued with.
    """
    world = request.app[WORLD]
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = world.tokens.get(value) if scheme.lower() == "bearer" else None
    account = world.accounts.get(token.account_id) if token else None
    if token is None or account is None or account.app_state != "active":
        raise ZoomRefusal(401, 124, "Invalid access token.")
    entry = request[ENTRY]
    entry.account_id = account.account_id
    if token.expires_at <= world.now():
        raise ZoomRefusal(401, 124, "Access token is expired.")
    rate = count_call(world, account, get_label(entry.call))
    if rate is not None:
        request[RATE] = rate
    check_scope(account, token.scopes, scope)
    if account.hold_seconds:
        check_hold(request, account)
    return account
