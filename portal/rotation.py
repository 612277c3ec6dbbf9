"""Key rotation: every sealed text is sealed anew under the first key.

Which texts are left is read from the ciphertexts themselves, so a run that was killed is simply run
again. Each row is written on its own, and only if it still is what was read: no lock is held over
more than one row, and what somebody else writes meanwhile is not lost.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models
from django.db.models import Count, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Left
from django.db.models.lookups import Exact

from portal.identity import second_factors
from portal.sealing import (
    SealBroken,
    SealedTextField,
    prefix_of,
    reading_keys,
    unseal,
    writing_key,
)

UNKNOWN_KEY = "?"
# For rows that somebody else wrote at that very moment. What is still left then is told.
_MOST_PASSES = 10


class Outcome(Enum):
    DONE = auto()
    # Somebody else wrote the row first; it is looked at again.
    CHANGED = auto()
    BROKEN = auto()


@dataclass(frozen=True)
class Sealing:
    """One place in which sealed texts are kept; each kind says how a row is sealed anew."""

    model: type[models.Model]

    def raw(self) -> Any:
        """The ciphertext as plain text, for the database to compare."""
        raise NotImplementedError

    def reseal(self, row: Any) -> Outcome:
        raise NotImplementedError

    def count_by_key(self) -> dict[str, int]:
        """How many texts stand under which key; `?` for keys that are not known."""
        counts = {f"n{n}": Count("pk", filter=_under(k)) for n, k in enumerate(reading_keys())}
        found = self._filled().aggregate(**counts, everything=Count("pk"))
        by_key = {key: found[f"n{n}"] for n, key in enumerate(reading_keys())}
        by_key[UNKNOWN_KEY] = found["everything"] - sum(by_key.values())
        return {key: count for key, count in by_key.items() if count}

    def left(self) -> models.QuerySet[Any]:
        """The rows that are not under the writing key."""
        return self._filled().exclude(_under(writing_key())).order_by("pk")

    def _filled(self) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = self.model._default_manager.annotate(raw=self.raw())
        return rows.exclude(raw="").exclude(raw=None)


@dataclass(frozen=True)
class SealedColumn(Sealing):
    """A `SealedTextField`."""

    field: SealedTextField

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field.name}"

    def raw(self) -> Any:
        # Cast: the field itself cannot be searched, so that nobody looks for plain text in it.
        return Cast(self.field.attname, models.TextField())

    def reseal(self, row: Any) -> Outcome:
        # Not by the attribute, which unseals: what is compared is the ciphertext that was read.
        name, before = self.field.attname, row.__dict__[self.field.attname]
        try:
            text = unseal(before, self.field.place_of(row))
        except SealBroken:
            return Outcome.BROKEN
        same = self.model._default_manager.filter(pk=row.pk, **{name: before})
        written = same.update(**{name: self.field.seal_for(row, text)})
        return Outcome.DONE if written else Outcome.CHANGED


@dataclass(frozen=True)
class SecondFactors(Sealing):
    """The seeds of authenticator apps and of recovery codes, in allauth's table."""

    def __str__(self) -> str:
        return f"{self.model._meta.label}.data"

    def raw(self) -> Any:
        keys = (KT(f"data__{name}") for name in second_factors.SEALED_KEYS)
        return Coalesce(*keys, output_field=models.TextField())

    def reseal(self, row: Any) -> Outcome:
        try:
            return Outcome.DONE if second_factors.reseal(row) else Outcome.CHANGED
        except SealBroken:
            return Outcome.BROKEN


@dataclass
class Rotation:
    """What a run did. `broken` names rows, never what is in them."""

    done: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


Progress = Callable[[Sealing, int, int], None]


def all_sealings() -> list[Sealing]:
    """Wherever sealed texts are kept: found by walking the models, so none can be forgotten."""
    return [*sealed_columns(), SecondFactors(Authenticator)]


def rotate(*, batch_size: int, tell: Progress) -> Rotation:
    """Seal everything anew that is not under the writing key. Needs all organizations' scope."""
    rotation = Rotation()
    for sealing in all_sealings():
        _rotate(sealing, rotation, batch_size, tell)
    return rotation


def _rotate(sealing: Sealing, rotation: Rotation, batch_size: int, tell: Progress) -> None:
    name, total = str(sealing), sealing.left().count()
    broken: list[str] = []
    for _ in range(_MOST_PASSES):
        outcomes: Counter[Outcome] = Counter()
        broken = []
        for batch in _batches(sealing.left(), batch_size):
            for row in batch:
                outcome = sealing.reseal(row)
                outcomes[outcome] += 1
                if outcome is Outcome.BROKEN:
                    broken.append(f"{name} {row.pk}")
            rotation.done[name] += outcomes.pop(Outcome.DONE, 0)
            tell(sealing, rotation.done[name], total)
        # Once more as long as others write: one that still runs with the old keys does so by them.
        if not outcomes[Outcome.CHANGED] and sealing.left().count() == len(broken):
            break
    rotation.broken += broken


def _batches(rows: models.QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """By key and not by offset: what is done drops out, what is broken stays."""
    batch = list(rows[:size])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:size])


def sealed_columns() -> Iterator[SealedColumn]:
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, SealedTextField):
                yield SealedColumn(model, column)


def _under(key_id: str) -> Q:
    # Not `startswith`: on SQLite that takes `a` for `A`.
    prefix = prefix_of(key_id)
    return Q(Exact(Left("raw", len(prefix)), prefix))
