"""The organization's Zoom users, in the words of those who link them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.models import Organization
from zoomauth.services import Fitness, judge_fitness, zoom_users_of


@dataclass(frozen=True)
class ZoomPerson:
    """A Zoom user as the last import saw them."""

    pk: UUID
    zoom_user_id: str
    email: str
    name: str
    licence: str
    status: str
    fitness: Fitness
    is_gone: bool
    seen_at: datetime

    @property
    def shown_name(self) -> str:
        return self.name or self.email or self.zoom_user_id

    @property
    def names(self) -> set[str]:
        """By which a host may name it: Zoom's id, or, entered by hand once, the address."""
        return {self.zoom_user_id, self.email} - {""}


def get_zoom_people(organization: Organization, like: Q | None = None) -> list[ZoomPerson]:
    """All that the organization may know of, or some, in the order of names. Two queries."""
    rows = zoom_users_of(organization).filter(like or Q())
    return [as_person(row) for row in rows.order_by("name", "email", "key")]


def get_zoom_person(organization: Organization, zoom_user_id: str) -> ZoomPerson | None:
    """The one with this id, if the organization may know of it."""
    return _first(zoom_users_of(organization).filter(zoom_user_id=zoom_user_id or None))


def get_zoom_person_by_key(organization: Organization, pk: UUID) -> ZoomPerson | None:
    """The one with this key of ours, if the organization may know of it."""
    return _first(zoom_users_of(organization).filter(pk=pk))


def _first(rows: QuerySet[Any]) -> ZoomPerson | None:
    row = rows.first()
    return as_person(row) if row else None


def as_person(row: Any) -> ZoomPerson:
    return ZoomPerson(
        pk=row.pk,
        zoom_user_id=row.zoom_user_id,
        email=row.email,
        name=row.name,
        licence=str(row.get_licence_display()),
        status=str(row.get_status_display()),
        fitness=judge_fitness(status=row.status, licence=row.licence, is_gone=row.is_gone),
        is_gone=row.is_gone,
        seen_at=row.seen_at,
    )
