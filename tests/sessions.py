"""Signed-in browsers."""

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from portal.models import User
from tests.factories import PASSWORD


def sign_in(client: Client, user: User, *, seconds_ago: float = 0) -> Client:
    """As after the sign-in page: by password, at a moment that re-authentication looks at."""
    client.force_login(user)
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, "password", email=user.email)
    grow_old(request.session, seconds_ago)
    return client


def sign_in_by_page(client: Client, user: User, *, seconds_ago: float = 0) -> Client:
    """The same by the sign-in page itself, after which the password can be asked for once more."""
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    grow_old(client.session, seconds_ago)
    return client


def grow_old(session: SessionBase, seconds: float) -> None:
    """As if the person had shown who they are so much earlier."""
    session[AUTHENTICATION_METHODS_SESSION_KEY][-1]["at"] -= seconds
    session.save()
