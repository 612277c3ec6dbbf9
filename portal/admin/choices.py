"""From which rows an admin may choose: in forms, in inlines, in autocompletion and in filters."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from portal.models import Membership, User


def own_rows(request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Those of the rows that belong to an organization which the signed-in person administers.

    The request's scope says the same to most people. It is wider for an operator, who may be
    somebody's admin too, and people have no scope at all.
    """
    user = request.user
    if not user.is_authenticated:
        return rows.none()
    administered = user.admin_of()
    if issubclass(rows.model, User):
        members = Membership.objects.filter(organization__in=administered)
        return rows.filter(pk__in=members.values("user"))
    owner = getattr(rows.model._default_manager, "owner_path", None)
    if owner is None:
        # Rows that are nobody's are nobody's to choose, until somebody says otherwise.
        return rows.none()
    return rows.filter(**{f"{owner}__in": administered})


class OwnChoices:
    """For a model admin and its inlines: forms offer, and accept, one's own rows alone."""

    # Operators choose from every organization's rows, where the class is theirs too.
    open_to_operator = False

    def chooses_from_all(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser) and self.open_to_operator

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        return self._narrowed(field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        return self._narrowed(field, request)

    def _narrowed(self, field: Any, request: HttpRequest) -> Any:
        if field is not None and not self.chooses_from_all(request):
            field.queryset = own_rows(request, field.queryset)
        return field


class OwnRelatedFilter(admin.RelatedFieldListFilter):
    """Offers the rows that the acting admin may choose from; Django's own offers all there are."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = field.related_model._default_manager.all()
        if not model_admin.chooses_from_all(request):
            rows = own_rows(request, rows)
        ordering = self.field_admin_ordering(field, request, model_admin)
        if related := model_admin.admin_site._registry.get(field.related_model):
            # What naming a row needs, so that each of them is not asked for on its own.
            rows = related.name_rows(rows) if hasattr(related, "name_rows") else rows
        return [(row.pk, str(row)) for row in (rows.order_by(*ordering) if ordering else rows)]
