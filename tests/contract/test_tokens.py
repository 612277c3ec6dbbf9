"""The access token: Zoom's answer to the credentials of a Server-to-Server app."""

import dataclasses

import pytest

from tests.contract.says import zoom_says

S2S = "Zoom, Server-to-Server OAuth"


@pytest.fixture(scope="module")
def granted(wire, record):
    """What Zoom answers to good credentials, asked once for several cases."""
    with record.during("a token"):
        return wire.ask_token().expect(200)


@zoom_says(
    "Client id and secret as Basic, grant type and account id in the form, give a bearer token",
    source=f"{S2S}; server-to-server-oauth-starter-api",
    sure="H",
)
def test_good_credentials_give_a_bearer_token(granted):
    assert granted["token_type"].lower() == "bearer"
    assert granted["access_token"].isascii()
    assert granted["access_token"].isprintable()


@zoom_says("A token says that it lives for an hour", source=S2S, sure="H")
def test_a_token_lives_for_an_hour(granted):
    assert type(granted["expires_in"]) is int
    assert 3590 <= granted["expires_in"] <= 3600


@zoom_says("A token lists its scopes, with spaces between them", source=S2S, sure="H")
def test_a_token_lists_its_scopes(granted):
    assert all(":" in scope for scope in granted["scope"].split(" "))


@zoom_says(
    "A token names the base of the account's regional API, over https",
    source="Zoom, API architecture",
    sure="M",
)
def test_a_token_names_its_api(granted):
    assert granted["api_url"].startswith("https://")


@zoom_says(
    "There is no refresh token: one asks again", source="Zoom Rooms API, S2S OAuth", sure="H"
)
def test_there_is_no_refresh_token(granted):
    assert "refresh_token" not in granted


@zoom_says(
    "A new token works at once; whether the one before it still does is noted, and both are fine",
    source="Zoom changelog, Multiple access tokens for server-to-server apps; older forum posts",
    sure="M",
)
def test_a_new_token_works_whatever_becomes_of_the_old(wire, host):
    old, new = (wire.ask_token().expect(200)["access_token"] for _ in range(2))
    before = wire.ask("GET", "/users/{user}", user=host["id"], token=old)
    assert before.status in (200, 401)
    wire.ask("GET", "/users/{user}", user=host["id"], token=new).expect(200)


@zoom_says(
    "A wrong client secret is 400, `error` invalid_client with a `reason`",
    source="GitHub JubaerHossain/zoom-laravel, issue 3",
    sure="H",
)
def test_a_wrong_secret_is_invalid_client(wire, target):
    app = dataclasses.replace(target.app, client_secret="x" * 32)
    body = wire.ask_token(app).expect(400, "invalid_client")
    assert isinstance(body["reason"], str)


@zoom_says("A wrong account id is 400", source="guess, as for any wrong parameter", sure="L")
def test_a_wrong_account_id_is_400(wire):
    wire.ask_token(account_id="no-such-account").expect(400)


@zoom_says(
    "Another grant type than the app's is 400 unsupported_grant_type",
    source="Zoom blog, S2S token generation troubleshooting",
    sure="H",
)
def test_another_grant_type_is_unsupported(wire):
    wire.ask_token(grant_type="no_such_grant").expect(400, "unsupported_grant_type")
