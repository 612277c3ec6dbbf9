"""The rule that an organization always keeps an active admin, also between two clicks at once."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.models import Membership, Organization, User


def lock_organization(organization_id: UUID) -> None:
    """Hold the organization's row until the end of the transaction.

    Whoever takes an admin away holds it first, so that of two who take each other's role away the
    second sees what the first did. On SQLite the transaction itself has the write lock already
    (`transaction_mode` in the settings).
    """
    rows = Organization.objects.select_for_update(of=("self",)).filter(pk=organization_id)
    list(rows.values_list("pk"))


def refuse_to_remove_last_admin(membership: Membership) -> None:
    """Raise `ValidationError` if the organization would be left without an active admin.

    `membership` is what is about to be saved. Needs `lock_organization`.
    """
    if membership.is_active and membership.role == Membership.Role.ADMIN:
        return
    admins = active_admins(membership.organization_id)
    if admins.filter(pk=membership.pk).exists() and not admins.exclude(pk=membership.pk).exists():
        raise ValidationError(
            _("%(person)s is the last admin of %(organization)s. Make somebody else admin first.")
            % {"person": membership.user, "organization": membership.organization}
        )


def refuse_to_deactivate_last_admin(user: User) -> None:
    """Raise `ValidationError` if an active organization has no other active admin than this person.

    Holds the organizations it asks about until the end of the transaction.
    """
    administered = Membership.objects.filter(
        user=user, role=Membership.Role.ADMIN, is_active=True, organization__is_active=True
    ).select_related("organization")
    alone: list[str] = []
    for membership in administered.order_by("organization"):
        lock_organization(membership.organization_id)
        if not active_admins(membership.organization_id).exclude(user=user).exists():
            alone.append(membership.organization.name)
    if alone:
        raise ValidationError(
            _("%(person)s is the last admin of %(organizations)s. Make somebody else admin first.")
            % {"person": user, "organizations": ", ".join(alone)}
        )


def active_admins(organization_id: UUID) -> QuerySet[Membership]:
    """Who administers it now."""
    rows: QuerySet[Membership] = Membership.objects.filter(
        organization=organization_id,
        role=Membership.Role.ADMIN,
        is_active=True,
        user__is_active=True,
    )
    return rows
