"""The acting organizations: which tenants' rows a request or a task may see.

A query on a tenant model outside a scope raises. The scope is never taken from the request's
content: it is the list of organizations in which the signed-in user is an active member, and inside
the admin those in which they are an active admin.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django_scopes import ScopedManager, get_scope, scope, scopes_disabled
from django_scopes.manager import DisabledQuerySet


class _Refusing(DisabledQuerySet):  # type: ignore[misc]
    """django-scopes 2.1 leaves these answering across all tenants; here they refuse too.

    Those below the gap ask nothing themselves, but inside another query they would be asked.
    """

    exists = DisabledQuerySet.error
    contains = DisabledQuerySet.error
    in_bulk = DisabledQuerySet.error
    explain = DisabledQuerySet.error

    exclude = DisabledQuerySet.error
    alias = DisabledQuerySet.error
    defer = DisabledQuerySet.error
    distinct = DisabledQuerySet.error
    extra = DisabledQuerySet.error
    select_related = DisabledQuerySet.error
    prefetch_related = DisabledQuerySet.error
    intersection = DisabledQuerySet.error
    difference = DisabledQuerySet.error
    resolve_expression = DisabledQuerySet.error


def tenant_manager(queryset: type[models.QuerySet[Any]], *, organization: str) -> Any:
    """The manager of a tenant model; `organization` is the field that names the owner."""
    base = models.Manager.from_queryset(queryset)

    class Strict(base):  # type: ignore[misc]
        pass

    scoped = type(ScopedManager(_manager_class=Strict, organization=organization))

    class TenantManager(scoped):  # type: ignore[misc, valid-type]
        owner_path = organization

        def get_queryset(self) -> models.QuerySet[Any]:
            found: models.QuerySet[Any] = super().get_queryset()
            if isinstance(found, DisabledQuerySet):
                return _Refusing(self.model, using=self._db, missing_scopes=found.missing_scopes)
            return found

    return TenantManager()


def acting_for(*organization_ids: UUID) -> AbstractContextManager[None]:
    """Run as these organizations; with none, every tenant query is empty."""
    return scope(organization=list(organization_ids))  # type: ignore[no-any-return]


def across_all_organizations() -> AbstractContextManager[None]:
    """Cross the tenant boundary. For the operator's admin, sweeps, commands and Zoom's webhooks."""
    return scopes_disabled()  # type: ignore[no-any-return]


def acting_now() -> tuple[UUID, ...] | str:
    """The organizations of the scope around this; or "all", or "unset" where there is no scope.

    Unset, a query on a tenant model raises.
    """
    around = get_scope()
    if not around.get("_enabled", True):
        return "all"
    return tuple(around["organization"]) if "organization" in around else "unset"


class ActingOrganizationsMiddleware:
    """Opens the request's scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.admin_prefix = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with self._scope_of(request):
            return self.get_response(request)

    def _scope_of(self, request: HttpRequest) -> AbstractContextManager[None]:
        user = request.user
        if not user.is_authenticated:
            return acting_for()
        if not request.path.startswith(self.admin_prefix):
            return acting_for(*user.member_of())
        if user.is_superuser and user.is_active:
            return across_all_organizations()
        return acting_for(*user.admin_of())


def navigation(request: HttpRequest) -> dict[str, Any]:
    """What the page header offers this person."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"is_org_admin": user.is_staff, "acting_organizations": user.organization_names()}
