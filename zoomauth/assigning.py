"""Giving Zoom users of a shared account to an organization: the operator's doing."""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portal.audit import record
from portal.models import Organization, User
from zoomauth.models import ZoomConnection, ZoomUser, ZoomUserAssignment

# Within one page's time; those that are left are the next press's.
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Assigned:
    """How many were given, had been before, cannot be, and are left for the next time."""

    made: int = 0
    had: int = 0
    unfit: int = 0
    left: int = 0


def users_of_shared_accounts() -> QuerySet[ZoomUser]:
    """Nobody's of an own account: those are their organization's affair. For operators only."""
    rows: QuerySet[ZoomUser] = ZoomUser.objects.filter(account__organization=None)
    return rows


def assignments_of_row(organization_id: UUID | None = None) -> Exists:
    """For a filter over Zoom users: whether this organization, or any, was given this one."""
    rows = ZoomUserAssignment.objects.filter(
        account=OuterRef("account"), zoom_user_id=OuterRef("key")
    )
    return Exists(rows.filter(organization=organization_id) if organization_id else rows)


def assign_users(
    *,
    users: QuerySet[ZoomUser],
    organization: Organization,
    actor: User,
    at_most: int = MOST_AT_ONCE,
) -> Assigned:
    """Let the organization act as these. Raises `ValidationError` unless it uses their account.

    A Zoom user may be several organizations'. Who has no id yet, or is gone, is nobody to act as.
    """
    connection = ZoomConnection.objects.filter(
        organization=organization, account__organization=None
    ).first()
    if connection is None or users.exclude(account=connection.account_id).exists():
        raise ValidationError(
            _("%(organization)s does not use this Zoom account. Connect it first.")
            % {"organization": organization}
        )
    fit = users.filter(gone_at=None).exclude(zoom_user_id="")
    new = fit.filter(~assignments_of_row(organization.pk)).order_by("pk")
    every, able, wanted = users.count(), fit.count(), new.count()
    chosen = list(new.select_related("account")[:at_most])
    made = sum(_assign(one, organization, actor) for one in chosen)
    return Assigned(made=made, had=able - wanted, unfit=every - able, left=wanted - len(chosen))


def _assign(user: ZoomUser, organization: Organization, actor: User) -> bool:
    """False where somebody else did it in the same moment."""
    row = ZoomUserAssignment(
        organization=organization, account=user.account, zoom_user_id=user.zoom_user_id
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            record(
                "zoomuserassignment.added",
                organization=organization,
                actor=actor,
                target=row,
                zoom_user_id=user.zoom_user_id,
            )
    except IntegrityError:
        return False
    return True
