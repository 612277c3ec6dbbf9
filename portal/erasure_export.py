"""Everything that an organization has here, as JSON, without secrets."""

import json
from collections.abc import Iterator
from typing import IO, Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from portal.models import Organization, User
from portal.sealing import SealedTextField

_PART = 500
# Parts of secrets, and what only proves that somebody has one.
_LEFT_OUT = ("secret_notes", "digest", "password")
_PERSON = ("id", "email", "name", "time_zone", "is_active", "date_joined")


def tenant_models() -> list[type[models.Model]]:
    """The models whose rows belong to an organization."""
    return [model for model in apps.get_models() if owner_path(model)]


def owner_path(model: type[models.Model]) -> str | None:
    """From a row to its organization, as a look-up; None for rows of nobody's."""
    return getattr(model._default_manager, "owner_path", None)


def rows_of(model: type[models.Model], organization: Organization) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = model._default_manager.filter(
        **{str(owner_path(model)): organization.pk}
    )
    return rows.order_by("pk")


def write_export(organization: Organization, file: IO[str]) -> None:
    """One JSON object, written a part at a time. Needs all organizations' scope."""
    heading = {
        "organization": organization.name,
        "exported_at": timezone.now().isoformat(),
        "left_out": "secrets, passcodes and join links",
    }
    file.write(json.dumps(heading)[:-1] + ', "rows": {')
    file.write(f'"{User._meta.label_lower}": ')
    _write_list(_people_of(organization), _PERSON, file)
    for model in tenant_models():
        file.write(f',\n"{model._meta.label_lower}": ')
        _write_list(rows_of(model, organization), _columns_of(model), file)
    file.write("}}\n")


def _people_of(organization: Organization) -> models.QuerySet[Any]:
    return User.objects.filter(memberships__organization=organization).order_by("pk")


def _columns_of(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(
        field.attname
        for field in model._meta.concrete_fields
        if not isinstance(field, SealedTextField) and not field.name.endswith(_LEFT_OUT)
    )


def _write_list(rows: models.QuerySet[Any], columns: tuple[str, ...], file: IO[str]) -> None:
    separator = "[\n"
    for row in _parts(rows.values(*columns)):
        file.write(separator + json.dumps(row, cls=DjangoJSONEncoder))
        separator = ",\n"
    file.write("[]" if separator == "[\n" else "\n]")


def _parts(rows: models.QuerySet[Any]) -> Iterator[Any]:
    yield from rows.iterator(chunk_size=_PART)
