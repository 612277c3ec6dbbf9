"""The token endpoint, and the check of the tokens it gave out.

Source: Zoom, Server-to-Server OAuth; Zoom, OAuth error messages (codes 4700 to 4741).
"""

import base64
import binascii
import hmac

from aiohttp import web

from zoomsandbox.rest.errors import OAuthRefusal, ZoomRefusal
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.world import ENTRY, WORLD, World

TOKEN_SECONDS = 3600
APP_REFUSALS = {
    "disabled": (4717, "The app has been disabled."),
    "disabled_by_admin": (4738, "The app was disabled by the account's administrator."),
    "revoked": (4741, "The app's authorization was revoked."),
}


async def issue_token(request: web.Request) -> web.Response:
    """``POST /oauth/token``: parameters in the form body; the query works too, as it long did."""
    world = request.app[WORLD]
    form = await request.post()
    wanted = {
        name: str(form.get(name, request.query.get(name, "")))
        for name in ("grant_type", "account_id")
    }
    account = _get_account_of_client(world, request.headers.get("Authorization", ""))
    request[ENTRY].account_id = account.account_id
    if wanted["grant_type"] != "account_credentials" or account.app_type != "server_to_server":
        # Credentials of another app type are the usual cause of this answer.
        raise OAuthRefusal("unsupported_grant_type", "unsupported grant type")
    if account.app_state != "active":
        raise ZoomRefusal(400, *APP_REFUSALS[account.app_state])
    if wanted["account_id"] != account.account_id:
        raise OAuthRefusal("invalid_request", "Bad Request")
    return web.json_response(
        {
            "access_token": world.issue_token(account, TOKEN_SECONDS),
            "token_type": "bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(account.scopes),
            "api_url": world.public_url,
        }
    )


def _get_account_of_client(world: World, header: str) -> Account:
    client_id, secret = _read_basic(header)
    for account in world.accounts.values():
        if account.client_id == client_id and hmac.compare_digest(
            account.client_secret.encode(), secret.encode()
        ):
            return account
    raise OAuthRefusal("invalid_client", "Invalid client_id or client_secret")


def _read_basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def get_authorized_account(request: web.Request, scope: str) -> Account:
    """The account whose live token came with this call and holds the scope.

    Code 124 for a bad or expired token and 4711 for a missing scope are what Zoom is seen to send;
    its sentence names the scopes to add. A token keeps the scopes it was issued with.
    """
    world = request.app[WORLD]
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = world.tokens.get(value) if scheme.lower() == "bearer" else None
    account = world.accounts.get(token.account_id) if token else None
    if token is None or account is None or account.app_state != "active":
        raise ZoomRefusal(401, 124, "Invalid access token.")
    request[ENTRY].account_id = account.account_id
    if token.expires_at <= world.now():
        raise ZoomRefusal(401, 124, "Access token is expired.")
    if scope not in token.scopes:
        message = f"Invalid access token, does not contain scopes:[{scope}]."
        raise ZoomRefusal(400, 4711, message)
    return account
