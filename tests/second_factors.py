"""An authenticator app, for tests."""

import time
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value

from portal.identity.second_factors import place_of
from portal.models import User
from portal.sealing import seal


@dataclass
class App:
    """An authenticator app, which shows codes."""

    secret: str

    def code(self, at: float | None = None) -> str:
        return format_hotp_value(hotp_value(self.secret, int(at or time.time()) // 30))


def give_app(user: User) -> App:
    """Set up an authenticator app and recovery codes for somebody."""
    app, seed = App(generate_totp_secret()), RecoveryCodes.generate_seed()
    place = place_of(user.pk)
    for kind, data in (
        ("totp", {"secret": seal(app.secret, place).ciphertext}),
        ("recovery_codes", {"seed": seal(seed, place).ciphertext, "used_mask": 0}),
    ):
        Authenticator.objects.create(user=user, type=kind, data=data)
    return app
