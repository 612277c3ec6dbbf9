"""What the portal does when a framework tells it something. The only place for signal receivers."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from celery.signals import beat_init, celeryd_init
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import receiver
from django.http import HttpRequest

from portal.audit import organizations_of, record
from portal.checks import refuse_to_start
from portal.identity.second_factors import FACTORS, remember_set_up
from portal.models import AuditEvent, User


@beat_init.connect
@celeryd_init.connect
def refuse_to_work_with_unfit_keys(**kwargs: Any) -> None:
    """A worker or beat ends at once. Of an exception Celery would only make a line in its log."""
    try:
        refuse_to_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


@receiver(user_login_failed)
def record_failed_login(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Failed sign-ins of people we know; unknown addresses may be typed passwords."""
    email = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.of_address(email).first()
    if user is not None:
        for organization in organizations_of(user):
            record(
                "login.failed",
                organization=organization,
                actor=user,
                result=AuditEvent.Result.FAILED,
            )


@receiver(account.password_changed)
def record_changed_password(sender: Any, user: User, **kwargs: Any) -> None:
    """By the person, who knew the old one."""
    for organization in organizations_of(user):
        record("password.changed", organization=organization, actor=user)


@receiver(account.password_set)
def record_set_password(sender: Any, user: User, **kwargs: Any) -> None:
    """By the person, who had none."""
    for organization in organizations_of(user):
        record("password.set", organization=organization, actor=user)


@receiver(account.password_reset)
def record_reset_password(sender: Any, user: User, **kwargs: Any) -> None:
    """By whoever had the mailed link, or the one that a command printed."""
    for organization in organizations_of(user):
        record("password.reset", organization=organization, actor=user)


@receiver(mfa.authenticator_added)
def record_factor_added(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    if authenticator.type in FACTORS:
        remember_set_up(request, user)
    _record_factor("added", user, authenticator)


@receiver(mfa.authenticator_removed)
def record_factor_removed(
    sender: Any, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    _record_factor("removed", user, authenticator)


@receiver(mfa.authenticator_reset)
def record_codes_replaced(
    sender: Any, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    _record_factor("replaced", user, authenticator)


@receiver(mfa.authentication_failed)
def record_failed_factor(
    sender: Any, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    for organization in organizations_of(user):
        record(
            "login.failed",
            organization=organization,
            actor=user,
            result=AuditEvent.Result.FAILED,
            method=authenticator.type,
        )


def _record_factor(verb: str, user: User, authenticator: Authenticator) -> None:
    for organization in organizations_of(user):
        record(
            f"second_factor.{verb}",
            organization=organization,
            actor=user,
            method=authenticator.type,
        )
