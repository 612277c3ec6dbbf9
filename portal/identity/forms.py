"""allauth's forms for new second factors: in our words, and with nothing left unsealed."""

from typing import Any

from allauth.core import context
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class ActivateAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """Until the app is confirmed its seed waits in the session: sealed, as in its row later."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        # Past allauth's, which puts the seed there as it is.
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        waiting = session.get(SECRET_SESSION_KEY) if self.is_bound else None
        self.secret = decrypt(waiting) if waiting else generate_totp_secret()
        if not waiting:
            session[SECRET_SESSION_KEY] = encrypt(self.secret)


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        alone = self.fields["passwordless"]
        alone.label = _("Sign in with it alone, without the password")
        alone.help_text = _("The device then asks for your finger, face or PIN each time.")
        alone.initial = True
