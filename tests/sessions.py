"""Signed-in browsers."""

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from portal.models import User


def sign_in(client: Client, user: User, *, seconds_ago: float = 0) -> Client:
    """As after the sign-in page: by password, at a moment that re-authentication looks at."""
    client.force_login(user)
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, "password", email=user.email)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY][-1]["at"] -= seconds_ago
    request.session.save()
    return client
