"""How people get accounts, which is not by signing up, and what is done when they sign in."""

import logging
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.audit import organizations_of, record
from portal.identity.sessions import bind_to_link, get_active_provider
from portal.mail import mail_is_set_up
from portal.models import User

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from an administrator, so the sign-up page is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Once what it tells of is committed. Addresses in it come from BASE_URL, not the request.

        Of a mail server that is down the log tells and not the page: it undoes no change, and
        whoever asks for a new password learns nothing from it.
        """
        context = {
            "email": email,
            "home_url": f"{settings.BASE_URL}{reverse('home')}",
            "account_url": f"{settings.BASE_URL}{reverse('identity:account')}",
            **context,
        }
        message = self.render_mail(template_prefix, email, context)
        transaction.on_commit(partial(_send_or_log, message, template_prefix))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell people that the way they sign in was changed."""
        if mail_is_set_up():
            super().send_notification_mail(template_prefix, user, context, email or user.email)

    def post_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        signal_kwargs: dict[str, Any] | None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Every way in ends here: say whose session it is, and write it down."""
        social = (signal_kwargs or {}).get("sociallogin")
        link = social.account if social else None
        told = social.state.get("authenticated_at") if social else None
        bind_to_link(request, link, authenticated_at=told)
        provider = get_active_provider(link.provider) if link else None
        # A password opens all of the person's organizations, a provider its own alone.
        for organization in [provider.organization] if provider else organizations_of(user):
            record(
                "login.completed",
                organization=organization,
                actor=user,
                target=provider,
                methods=_methods(request, user),
            )
        response: HttpResponse = super().post_login(
            request, user, signal_kwargs=signal_kwargs, **kwargs
        )
        return response


def _send_or_log(message: EmailMessage, template_prefix: str) -> None:
    try:
        message.send()
    except OSError as error:
        log.warning("The mail %s was not sent: %s", template_prefix, type(error).__name__)


def _methods(request: HttpRequest, user: User) -> list[str]:
    """How they showed who they are, in order: ["password", "totp"]."""
    records = get_authentication_records(request, user)
    return [str(entry.get("type") or entry.get("method")) for entry in records]
