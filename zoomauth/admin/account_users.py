"""The page on which the operator imports all Zoom users of a shared account."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from zoomauth.assigning import assignments_of_row, users_of_shared_accounts
from zoomauth.import_words import describe_import
from zoomauth.importing import last_account_import, start_account_import
from zoomauth.models import ZoomAccount


class AccountUsersPages:
    """For the admin class of accounts. To everybody but operators these pages are not there."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self._user_route("<uuid:pk>/users/", self.users_view, "users"),
            self._user_route("<uuid:pk>/users/progress/", self.progress_view, "users_progress"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def _user_route(self, pattern: str, view: Any, name: str) -> URLPattern:
        guarded: Any = self.admin_site.admin_view(view)  # type: ignore[attr-defined]
        made: URLPattern = path(pattern, guarded, name=f"zoomauth_zoomaccount_{name}")
        return made

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @method_decorator(never_cache)
    def users_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """How far the import is, and the way to the list; a POST begins an import."""
        account = _shared_account(request, pk)
        if request.method == "POST":
            actor: Any = request.user
            start_account_import(account, actor=actor)
            return HttpResponseRedirect(request.path)
        users = users_of_shared_accounts().filter(account=account, gone_at=None)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": _("Zoom users"),
            "opts": ZoomAccount._meta,
            "account": account,
            "progress": describe_import(last_account_import(account)),
            "progress_url": reverse("admin:zoomauth_zoomaccount_users_progress", args=[pk]),
            "total": users.count(),
            "unassigned": users.filter(~assignments_of_row()).count(),
        }
        return TemplateResponse(request, "admin/zoomauth/zoomaccount/users.html", context)

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    @method_decorator(never_cache)
    def progress_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """How far the import is, for the page to show without loading anew."""
        account = _shared_account(request, pk)
        return JsonResponse(describe_import(last_account_import(account)).as_json())


def _shared_account(request: HttpRequest, pk: UUID) -> ZoomAccount:
    """An operator's account. Whose users an organization's own has is no operator's business."""
    account: ZoomAccount | None = None
    if request.user.is_superuser:
        account = ZoomAccount.objects.filter(pk=pk, organization=None).first()
    if account is None:
        raise Http404
    return account
