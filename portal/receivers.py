"""What the portal does when a framework tells it something. The only place for signal receivers."""

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver

from portal.audit import record
from portal.models import AuditEvent, User


@receiver(user_login_failed)
def record_failed_login(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Failed sign-ins of people we know; unknown addresses may be typed passwords."""
    email = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email__iexact=email).first()
    if user is not None:
        record("login.failed", organization=None, actor=user, result=AuditEvent.Result.FAILED)
