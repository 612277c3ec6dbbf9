"""Sealed fields: text at rest as AES-256-GCM ciphertext that is valid in one place only.

A ciphertext is authenticated together with its owner, model, field, row and key id. Copied into
another row, field or tenant it does not open: `SealBroken`.
"""

import base64
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

_VERSION = "v1"
_LOOKUPS = {"exact", "in", "isnull"}
_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealingError(Exception):
    """Something about sealing is wrong. The text never holds a secret."""


class SealBroken(SealingError):
    """This ciphertext was not made for this place, was altered, or its key is gone."""


class PlainTextRefused(SealingError):
    """Unsealed text was about to be written to a sealed column."""


@dataclass(frozen=True)
class Sealed:
    """A ciphertext as it stands in the column: version, key id, base64 of nonce and ciphertext."""

    ciphertext: str = field(repr=False)


@dataclass(frozen=True)
class _Unsealed:
    """Text given to an instance and not sealed yet, kept so that no dump of the instance has it."""

    text: str = field(repr=False)

    def __reduce__(self) -> Any:
        raise PlainTextRefused("An instance with unsealed text cannot be pickled. Save it first.")


@dataclass(frozen=True)
class Place:
    """Where a ciphertext belongs."""

    owner: str
    model: str
    field: str
    row: str

    def authenticated_data(self, key_id: str) -> bytes:
        # Joined by a byte that occurs in none of the parts, so no two places read the same.
        return "\x1f".join((self.owner, self.model, self.field, self.row, key_id)).encode()


def load_keys(text: str) -> dict[str, bytes]:
    """The keys in `text` (`id=base64,id=base64`), in order. Raises `SealingError`."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = part.partition("=")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not key_id.isalnum() or len(key) != _KEY_BYTES or key_id in keys:
            raise SealingError(
                "SEALING_KEYS must be a list of id=key, each id once, each key 32 bytes in base64."
            )
        keys[key_id] = key
    if not keys:
        raise SealingError("SEALING_KEYS holds no key.")
    return keys


@lru_cache(maxsize=4)
def _ciphers(text: str) -> dict[str, AESGCM]:
    return {key_id: AESGCM(key) for key_id, key in load_keys(text).items()}


def seal(text: str, place: Place) -> Sealed:
    """Seal `text` for `place` under the first key."""
    key_id, cipher = next(iter(_ciphers(settings.SEALING_KEYS).items()))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    data = nonce + cipher.encrypt(nonce, text.encode(), place.authenticated_data(key_id))
    return Sealed(f"{_VERSION}.{key_id}.{base64.b64encode(data).decode()}")


def writing_key() -> str:
    """The id of the key that seals; the others only read."""
    return next(iter(_ciphers(settings.SEALING_KEYS)))


def reading_keys() -> list[str]:
    """The ids of all keys, the writing one first."""
    return list(_ciphers(settings.SEALING_KEYS))


def prefix_of(key_id: str) -> str:
    """How every ciphertext under this key begins, and no other."""
    return f"{_VERSION}.{key_id}."


def unseal(sealed: Sealed, place: Place) -> str:
    """The text sealed for `place`. Raises `SealBroken`, also for a key that is gone."""
    version, _, rest = sealed.ciphertext.partition(".")
    key_id, _, encoded = rest.partition(".")
    cipher = _ciphers(settings.SEALING_KEYS).get(key_id)
    if version != _VERSION or cipher is None:
        raise SealBroken(f"{place.model}.{place.field} is sealed in an unknown way or key.")
    try:
        data = base64.b64decode(encoded, validate=True)
        nonce, body = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        return cipher.decrypt(nonce, body, place.authenticated_data(key_id)).decode()
    except (InvalidTag, ValueError):
        # Without the cause: its frames hold the key and the text.
        raise SealBroken(f"{place.model}.{place.field} was not sealed for this row.") from None


class SealedAttribute(DeferredAttribute):
    """Unseals on access: only the instance knows the place that the ciphertext is bound to."""

    field: "SealedTextField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            return unseal(value, self.field.place_of(instance))
        return value.text if isinstance(value, _Unsealed) else value

    def __set__(self, instance: models.Model, value: Any) -> None:
        plain = isinstance(value, str) and value
        instance.__dict__[self.field.attname] = _Unsealed(value) if plain else value


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is sealed in the database and plain on the instance. Empty text stays empty.

    `owner` names the attribute that holds the owner's id; None there means the installation. Rows
    need their primary key before they are saved, so it must have a default.
    """

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, owner: str = "organization_id", **kwargs: Any) -> None:
        self.owner = owner
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "owner": self.owner}

    def place_of(self, instance: models.Model) -> Place:
        owner = getattr(instance, self.owner)
        return Place(
            owner="installation" if owner is None else str(owner),
            model=instance._meta.label_lower,
            field=self.attname,
            row=str(instance.pk),
        )

    def seal_for(self, instance: models.Model, text: str) -> Sealed:
        """`text` sealed for this field of `instance`, to be written by `.update()`."""
        return seal(text, self.place_of(instance))

    def from_db_value(self, value: str | None, *args: Any) -> Sealed | str | None:
        return Sealed(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, _Unsealed):
            value = self.seal_for(model_instance, value.text)
            model_instance.__dict__[self.attname] = value
        return value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or value == "":
            return value  # type: ignore[no-any-return]
        if isinstance(value, Sealed):
            return value.ciphertext
        raise PlainTextRefused(f"{self.model._meta.label}.{self.attname} takes sealed text only.")

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        # The one hook that also sees expressions: F("other"), Value("text"), bulk_update's Case.
        if hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
            raise PlainTextRefused(
                f"{self.model._meta.label}.{self.attname} cannot be set from an expression."
            )
        return "%s"

    def value_from_object(self, obj: models.Model) -> Any:
        """Nothing: forms and `model_to_dict` must not carry a secret out. Sealed is write-only."""
        return ""

    def value_to_string(self, obj: models.Model) -> str:
        """The ciphertext, for `dumpdata`. `loaddata` is refused: it goes around `pre_save`."""
        return self.get_prep_value(self.pre_save(obj, add=False)) or ""

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Sealed) else super().to_python(value)

    def get_lookup(self, lookup_name: str) -> Any:
        # The others would compare plain text with ciphertext, and send it to the database for that.
        return super().get_lookup(lookup_name) if lookup_name in _LOOKUPS else None
