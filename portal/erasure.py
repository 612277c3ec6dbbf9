"""Erasing an organization, in two steps: export and mark, then erase. Both are audited.

What stays is the audit trail, with names as they were: the table takes no deletions, and who
erased what must be seen afterwards. `manage.py prune_audit` deletes old events.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from portal.audit import record
from portal.erasure_export import rows_of, tenant_models, write_export
from portal.models import (
    AuditEvent,
    IdentityProvider,
    Membership,
    Organization,
    OrganizationErasure,
    User,
)

_PART = 200
_OWN_ACTIONS = "organization.erasure_"


class ErasureRefused(Exception):
    """It cannot be done now; the text says what to do first."""


def mark_for_erasure(organization: Organization, path: Path, now: datetime) -> OrganizationErasure:
    """Step 1: write the export to a new file that only its owner reads, and note that it is there.

    Raises `ErasureRefused`, and `FileExistsError`.
    """
    if organization.is_active:
        raise ErasureRefused("Deactivate the organization first, so that nothing changes any more.")
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        write_export(organization, file)
    with path.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    with transaction.atomic():
        erasure, _ = OrganizationErasure.objects.update_or_create(
            organization=organization, defaults={"exported_at": now, "sha256": sha256}
        )
        record(
            f"{_OWN_ACTIONS}marked",
            organization=organization,
            actor=None,
            target=organization,
            sha256=sha256,
            holds_until=erasure.holds_until.isoformat(),
        )
    return erasure


def erase(
    organization: Organization, now: datetime, tell: Callable[[str, int], None]
) -> Counter[str]:
    """Step 2: delete every row of the organization; how many of which. Raises `ErasureRefused`.

    In parts, each a transaction of its own: killed, it is simply called again.
    """
    _begin(organization, now)
    erased: Counter[str] = Counter()
    for model in _dependents_first():
        while count := _erase_part(model, organization):
            erased[model._meta.label] += count
            tell(model._meta.label, erased[model._meta.label])
    while count := _erase_people(organization):
        erased[User._meta.label] += count
        tell(User._meta.label, erased[User._meta.label])
    with transaction.atomic():
        record(
            f"{_OWN_ACTIONS}done",
            organization=organization,
            actor=None,
            target=organization,
            erased=dict(erased),
        )
        _delete([organization])
    return erased


def _begin(organization: Organization, now: datetime) -> None:
    with transaction.atomic():
        locked = Organization.objects.select_for_update(of=("self",)).get(pk=organization.pk)
        erasure = OrganizationErasure.objects.filter(organization=organization).first()
        if locked.is_active:
            raise ErasureRefused("The organization is active. Deactivate it, and export it again.")
        if erasure is None:
            raise ErasureRefused("Export the organization first (--export FILE).")
        if erasure.begun_at is not None:
            return
        if now > erasure.holds_until or _has_changed_since(erasure):
            raise ErasureRefused(
                "The export is too old, or something was done in the organization since. "
                "Export it again."
            )
        erasure.begun_at = now
        erasure.save(update_fields=["begun_at"])
        record(
            f"{_OWN_ACTIONS}begun",
            organization=organization,
            actor=None,
            target=organization,
            sha256=erasure.sha256,
        )


def _has_changed_since(erasure: OrganizationErasure) -> bool:
    later = AuditEvent.objects.filter(
        organization_id=erasure.organization_id, at__gt=erasure.exported_at
    )
    return bool(later.exclude(action__startswith=_OWN_ACTIONS).exists())


def _dependents_first() -> list[type[models.Model]]:
    """Rows go before those that they refer to. Memberships go last, with their people."""
    kept = (AuditEvent, Organization, OrganizationErasure, Membership)
    left = [model for model in tenant_models() if model not in kept]
    ordered: list[type[models.Model]] = []
    while left:
        referred = {target for model in left for target in _targets(model) if target is not model}
        free = [model for model in left if model not in referred] or left[:1]
        ordered += free
        left = [model for model in left if model not in free]
    return ordered


def _targets(model: type[models.Model]) -> set[type[models.Model]]:
    return {
        field.related_model
        for field in model._meta.concrete_fields
        if isinstance(field.related_model, type)
    }


def _erase_part(model: type[models.Model], organization: Organization) -> int:
    with transaction.atomic():
        rows = list(rows_of(model, organization)[:_PART])
        if model is IdentityProvider:
            # Links to people who stay: what they named is gone.
            keys = [str(row.pk) for row in rows]
            SocialAccount.objects.filter(provider__in=keys).delete()
        _delete(rows)
    return len(rows)


def _erase_people(organization: Organization) -> int:
    """Memberships, and with them the people who belong nowhere else and operate nothing."""
    with transaction.atomic():
        rows = list(rows_of(Membership, organization).select_related("user")[:_PART])
        _delete(rows)
        for user in {row.user for row in rows}:
            if not user.is_superuser and not Membership.objects.filter(user=user).exists():
                _delete([user])
    return len(rows)


def _delete(rows: list[models.Model]) -> None:
    """These rows and what hangs on them, and what the admin's history says of them."""
    for row in rows:
        kind = ContentType.objects.get_for_model(row)
        LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).delete()
    if rows:
        keys = [row.pk for row in rows]
        type(rows[0])._default_manager.filter(pk__in=keys).delete()
