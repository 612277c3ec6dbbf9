"""The Zoom users an organization may know of, and what their status means for a start."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from portal.models import Organization
from portal.tenancy import across_all_organizations
from zoomauth.errors import ZoomError, ZoomUserInactive, ZoomUserNotFound
from zoomauth.models import ZoomConnection, ZoomUser, ZoomUserAssignment


def zoom_users_of(organization: Organization) -> QuerySet[ZoomUser]:
    """The known users of the organization's Zoom account: all of its own account's.

    Of a shared account those alone that the operator assigned to it: the others are other
    organizations' people, whose names and number are none of its business.
    """
    with across_all_organizations():
        connection = (
            ZoomConnection.objects.select_related("account")
            .filter(organization=organization)
            .first()
        )
        rows: QuerySet[ZoomUser] = ZoomUser.objects.all()
        if connection is None:
            return rows.none()
        rows = rows.filter(account=connection.account)
        if connection.account.organization_id is None:
            rows = rows.filter(key__in=assigned_ids(organization, connection.account.pk))
        return rows


def fold_name(name: str) -> str:
    """For comparing what names a Zoom user: an address in lower case, an ID exactly as it is."""
    return name.strip().lower() if "@" in name else name


def assigned_ids(organization: Organization, account_id: Any) -> QuerySet[Any, Any]:
    """The Zoom user IDs of a shared account as which this organization may act."""
    with across_all_organizations():
        rows: QuerySet[Any, Any] = ZoomUserAssignment.objects.filter(
            organization=organization, account=account_id
        ).values_list("zoom_user_id", flat=True)
        return rows


def zoom_user_of_row() -> QuerySet[ZoomUser]:
    """For a subquery over rows with `organization` and `zoom_user_id`: the user each one names.

    The same rule as in `zoom_users_of`, for lists of many rows in one query.
    """
    with across_all_organizations():
        assigned = ZoomUserAssignment.objects.filter(
            organization=OuterRef(OuterRef("organization")),
            account=OuterRef("account"),
            zoom_user_id=OuterRef("key"),
        )
        rows: QuerySet[ZoomUser] = ZoomUser.objects.filter(
            Q(account__organization__isnull=False) | Exists(assigned),
            account__connections__organization=OuterRef("organization"),
            key=OuterRef("zoom_user_id"),
        )
        return rows


class Fitness(models.TextChoices):
    """What the last import says of a Zoom user's meetings."""

    FIT = "fit", _("May host")
    BASIC = "basic", _("May host, up to 40 minutes")
    UNLICENSED = "unlicensed", _("Has no meetings")
    INACTIVE = "inactive", _("Deactivated at Zoom")
    PENDING = "pending", _("Invitation at Zoom not accepted")
    GONE = "gone", _("No longer at Zoom")
    UNKNOWN = "unknown", _("Not in the last import")


_CANNOT = (Fitness.UNLICENSED, Fitness.INACTIVE, Fitness.PENDING, Fitness.GONE)

# To whoever starts; each names the next step.
_SENTENCES: dict[str, Any] = {
    Fitness.BASIC: _(
        "This host's Zoom user has a Basic licence: Zoom ends its meetings after 40 minutes. Ask "
        "your admin for a licence if you need longer."
    ),
    Fitness.UNLICENSED: _(
        "This host's Zoom user has no licence for meetings. Ask your admin to give it one in Zoom."
    ),
    Fitness.INACTIVE: _(
        "This host's Zoom user is deactivated. Ask your admin to activate it in Zoom."
    ),
    Fitness.PENDING: _(
        "This host's Zoom user has not accepted Zoom's invitation. Open Zoom's mail and accept it."
    ),
    Fitness.GONE: _(
        "This host's Zoom user is no longer in the Zoom account. Ask your admin to link the host "
        "to one that is."
    ),
}


def judge_fitness(*, status: str | None, licence: int | None, is_gone: bool) -> Fitness:
    """From the facts of the last import; Zoom's answer at the start is the truth."""
    if not status:
        return Fitness.UNKNOWN
    if is_gone:
        return Fitness.GONE
    if status in (ZoomUser.Status.INACTIVE, ZoomUser.Status.PENDING):
        return Fitness(status)
    if licence in (ZoomUser.Licence.UNASSIGNED, ZoomUser.Licence.NONE):
        return Fitness.UNLICENSED
    return Fitness.BASIC if licence == ZoomUser.Licence.BASIC else Fitness.FIT


def licence_label(licence: int | None) -> Any:
    """The licence in words; None where it is not known."""
    if licence is None:
        return None
    labels = dict(ZoomUser.Licence.choices)
    return labels.get(licence, _("Another licence"))


def get_fitness(organization: Organization, zoom_user_id: str) -> Fitness:
    """What the last import says of this user of the organization's account."""
    row = zoom_users_of(organization).filter(key=zoom_user_id).first()
    if row is None:
        return Fitness.UNKNOWN
    return judge_fitness(status=row.status, licence=row.licence, is_gone=row.is_gone)


def fitness_sentence(fitness: Fitness) -> str:
    """To the host: what is the matter, and the next step. Empty where nothing is."""
    return str(_SENTENCES.get(fitness, ""))


def explain_refusal(organization: Organization, zoom_user_id: str, error: ZoomError) -> None:
    """Say to the host why Zoom refused their user, where the last import knows it more exactly."""
    if not isinstance(error, ZoomUserInactive | ZoomUserNotFound):
        return
    fitness = get_fitness(organization, zoom_user_id)
    if fitness in _CANNOT:
        error.user_message = _SENTENCES[fitness]
