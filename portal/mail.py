"""Whether this installation sends mail."""

from django.conf import settings

# They print it, or throw it away.
_NOWHERE = {
    "django.core.mail.backends.console.EmailBackend",
    "django.core.mail.backends.dummy.EmailBackend",
}


def mail_is_set_up() -> bool:
    """Whether what we send can reach anybody."""
    return settings.EMAIL_BACKEND not in _NOWHERE
