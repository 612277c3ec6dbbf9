"""What the admin's pages about hosts share: whose organization they are about."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.http import urlencode

from meetings.models import Host
from portal.admin.choices import own_rows
from portal.models import Organization


class PagesOfOneOrganization:
    """For the admin class of hosts. Every page is about one organization of the acting admin's."""

    def _route(self, pattern: str, view: Any, name: str) -> URLPattern:
        guarded: Any = self.admin_site.admin_view(view)  # type: ignore[attr-defined]
        made: URLPattern = path(pattern, guarded, name=f"meetings_host_{name}")
        return made

    def _refuse_strangers(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied

    def _organizations(self, request: HttpRequest) -> QuerySet[Organization]:
        """Also for an operator only those that they administer themselves."""
        return own_rows(request, Organization.objects.filter(is_active=True))

    def _organization(self, request: HttpRequest) -> Organization | None:
        """The one that the page is about; None when there are several to choose from."""
        self._refuse_strangers(request)
        rows = self._organizations(request)
        if named := request.GET.get("organization"):
            try:
                found: Organization | None = rows.filter(pk=UUID(named)).first()
            except ValueError:
                found = None
            if found is None:
                raise Http404
            return found
        several = list(rows[:2])
        return several[0] if len(several) == 1 else None

    def _matching_url(self, organization: Organization) -> str:
        query = urlencode({"organization": str(organization.pk)})
        return f"{reverse('admin:meetings_host_matching')}?{query}"

    def _back(self, organization: Organization) -> HttpResponseRedirect:
        return HttpResponseRedirect(self._matching_url(organization))

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        shared = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": Host._meta,
            "title": title,
        }
        template = f"admin/meetings/host/{name}.html"
        return TemplateResponse(request, template, {**shared, **context})
