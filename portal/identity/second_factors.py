"""Second factors: how their secrets are kept, who must have one, and whether this session used it.

allauth keeps the seed of an authenticator app in `Authenticator.data["secret"]` and that of the
recovery codes in `data["seed"]`. Both are sealed as `v1.<key id>.<base64>`, like every other secret
(`portal.sealing`), and bound to their owner: another person's row does not open with them.
`reseal` writes a row anew under the first key; `key_ids` tells what a row is sealed with.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import get_pending_stage
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.models import User
from portal.sealing import Place, Sealed, SealingError, seal, unseal

# What a person signs in with; recovery codes only stand in for them.
FACTORS: Final = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
SEALED_KEYS: Final = ("secret", "seed")
# Setting a factor up is showing that one has it.
_SET_UP_KEY: Final = "second_factor_set_up"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals the seeds, and knows the name of this site to passkeys."""

    def encrypt(self, text: str) -> str:
        return seal(text, place_of(_owner())).ciphertext

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(Sealed(encrypted_text), place_of(_owner()))

    def get_totp_issuer(self) -> str:
        return "Greenroom"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host people type, never to the Host header of a request."""
        return {"id": urlsplit(settings.BASE_URL).hostname or "", "name": "Greenroom"}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)s") % {"number": number}


def has_second_factor(user: User) -> bool:
    found: bool = Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
    return found


def used_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this very session showed it, at sign-in, later, or by setting it up."""
    if request.session.get(_SET_UP_KEY) == str(user.pk):
        return True
    return any(entry.get("method") == "mfa" for entry in get_authentication_records(request, user))


def remember_set_up(request: HttpRequest, user: User) -> None:
    request.session[_SET_UP_KEY] = str(user.pk)


def reseal(authenticator: Authenticator) -> bool:
    """Write the row's secrets anew under the first key. Whether there was anything to write.

    Raises `portal.sealing.SealBroken`. Compares before it writes, so a code that is used meanwhile
    is not undone: then nothing is written, and False.
    """
    before = dict(authenticator.data)
    place = place_of(authenticator.user_id)
    after = {
        name: seal(unseal(Sealed(value), place), place).ciphertext if name in SEALED_KEYS else value
        for name, value in before.items()
    }
    if after == before:
        return False
    rows = Authenticator.objects.filter(pk=authenticator.pk, data=before)
    return bool(rows.update(data=after))


def key_ids(authenticator: Authenticator) -> set[str]:
    """The ids of the keys that the row's secrets are sealed with; none for a passkey."""
    values = [authenticator.data[name] for name in SEALED_KEYS if name in authenticator.data]
    return {value.split(".")[1] for value in values}


def place_of(user_id: Any) -> Place:
    return Place(owner="installation", model="mfa.authenticator", field="data", row=str(user_id))


def _owner() -> Any:
    """Whose seed allauth is about to read or write: who is signed in, or signing in."""
    request = context.request
    if request is None:
        raise SealingError("The seed of a second factor is used outside a request.")
    if request.user.is_authenticated:
        return request.user.pk
    stage = getattr(request, "_login_stage", None) or get_pending_stage(request)
    if stage is None or stage.login.user is None:
        raise SealingError("Nobody is signing in.")
    return stage.login.user.pk
