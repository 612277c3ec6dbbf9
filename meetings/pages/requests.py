"""The request of a page behind sign-in."""

from django.http import HttpRequest

from portal.models import User


class SignedInRequest(HttpRequest):
    """`LoginRequiredMiddleware` lets nobody else reach a page, so the user is known."""

    user: User
