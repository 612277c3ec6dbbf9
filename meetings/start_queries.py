"""What the door and the last look ask the database when Start is pressed, compiled once.

The last look's rows come locked, for as long as the transaction lasts.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from meetings.models import AlternativeHost, Meeting
from portal.compiled import CompiledQuery
from portal.models import Membership
from zoomauth.services import WITH_ACCOUNT

_OF_HOST = ("host__membership", "host__membership__user", "host")


def _at_the_door(meeting: UUID, user: UUID) -> QuerySet[Meeting]:
    rows: QuerySet[Meeting] = Meeting.objects.with_person(user).filter(pk=meeting)
    return rows.select_related(f"organization__{WITH_ACCOUNT}")


def _meeting_of_host(meeting: UUID, host: UUID, zoom_user_id: str, user: UUID) -> QuerySet[Meeting]:
    same = {"host": host, "host__zoom_user_id": zoom_user_id, "host__membership__user": user}
    return _locked(Meeting.objects.filter(pk=meeting, **same), "organization", *_OF_HOST)


def _grant_of_host(
    meeting: UUID, host: UUID, zoom_user_id: str, user: UUID
) -> QuerySet[AlternativeHost]:
    same = {"host": host, "host__zoom_user_id": zoom_user_id, "host__membership__user": user}
    grants = AlternativeHost.objects.filter(meeting=meeting, **same)
    return _locked(grants, "meeting__organization", *_OF_HOST, "meeting")


def _membership(user: UUID, organization: UUID) -> QuerySet[Membership]:
    mine = Membership.objects.filter(user=user, organization=organization)
    return _locked(mine, "organization", "user")


def _meeting_alone(meeting: UUID, host: UUID, zoom_user_id: str) -> QuerySet[Meeting]:
    same = {"host": host, "host__zoom_user_id": zoom_user_id}
    return _locked(Meeting.objects.filter(pk=meeting, **same), "organization", "host")


def _locked(rows: QuerySet[Any], *others: str) -> QuerySet[Any]:
    """With the others on the way from it, locked until the transaction ends."""
    return rows.select_related(*others).select_for_update(of=(*others, "self"))


def _for_share(sql: str) -> str:
    """Make the locks shared, for which Django has no word: starts do not wait for each other."""
    return sql.replace(" FOR UPDATE OF ", " FOR SHARE OF ")


AT_THE_DOOR = CompiledQuery(_at_the_door)
MEETING_OF_HOST = CompiledQuery(_meeting_of_host, _for_share)
GRANT_OF_HOST = CompiledQuery(_grant_of_host, _for_share)
MEMBERSHIP = CompiledQuery(_membership, _for_share)
MEETING_ALONE = CompiledQuery(_meeting_alone, _for_share)
