"""What may be entered as an issuer."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.identity.wire import may_be_asked


def clean_issuer(text: str) -> str:
    """The issuer as the provider writes it. Raises `ValidationError`.

    Where its name leads is looked at when it is asked, each time.
    """
    issuer = text.strip()
    if not may_be_asked(issuer):
        raise ValidationError(_("Enter an address that begins with https://."))
    parts = urlsplit(issuer)
    if parts.query or parts.fragment or "/.well-known/" in issuer:
        raise ValidationError(
            _("Enter the issuer only, without /.well-known/ and what follows, ? or #.")
        )
    return issuer
