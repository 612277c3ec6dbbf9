"""The page that brings hosts in: Zoom users beside members, the import, and bulk actions."""

import csv
import io
import time
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meetings.admin.host_base import PagesOfOneOrganization
from meetings.services.host_links import link_verified
from meetings.services.host_matching import Match, Verdict, count_by_verdict, get_matches
from portal.admin.buttons import ask_before_button
from portal.invitations.bulk import invite_rows, judge_rows
from portal.invitations.issuing import Issued
from portal.invitations.mailing import enqueue_due_invitations
from portal.mail import mail_is_set_up
from portal.models import Invitation, Membership, Organization
from zoomauth.errors import ZoomError
from zoomauth.services import (
    describe_import,
    last_import,
    may_create_users,
    start_import,
    unknown_creations,
)

_PER_PAGE = 100
# Within one page's time; pressing the button again goes on.
_LINKED_AT_ONCE = 200
_LINKING_SECONDS = 20.0
_INVITED_AT_ONCE = 200


class HostMatchingPages(PagesOfOneOrganization):
    """All Zoom users of an organization."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self._route("zoom-users/", self.matching_view, "matching"),
            self._route("zoom-users/progress/", self.progress_view, "progress"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @method_decorator(never_cache)
    def matching_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list; a POST imports, links the safe ones or invites."""
        organization = self._organization(request)
        if organization is None:
            context = {"organizations": self._organizations(request)}
            return self._page(request, "choose", _("Zoom users"), context)
        if request.method == "POST":
            action = {
                "import": self._import,
                "link": self._link_safe,
                "invite": self._invite,
            }.get(request.POST.get("do", ""))
            if action is None:
                raise Http404
            return action(request, organization)
        return self._list(request, organization)

    def _list(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        matches = get_matches(organization)
        shown = request.GET.get("show", "")
        wanted = request.GET.get("q", "").strip().lower()
        rows = [
            match
            for match in matches
            if shown in ("", match.verdict.value) and _fits(match, wanted)
        ]
        counts = count_by_verdict(matches)
        page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
        query = urlencode({"organization": str(organization.pk)})
        context = {
            "organization": organization,
            "page": page,
            "invitable": any(match.can_be_invited for match in page),
            "counts": [(verdict, number) for verdict, number in counts.items()],
            "safe": counts.get(Verdict.SAFE, 0),
            "total": len(matches),
            "shown": shown,
            "wanted": wanted,
            "progress": describe_import(last_import(organization)),
            "progress_url": f"{reverse('admin:meetings_host_progress')}?{query}",
            "page_url": f"?{query}",
            "may_create": may_create_users(organization),
            "unknown": len(unknown_creations(organization)),
        }
        return self._page(request, "matching", _("Zoom users"), context)

    def _import(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        try:
            start_import(organization, actor=request.user)  # type: ignore[arg-type]
        except ZoomError as error:
            messages.error(request, str(error.admin_message))
        return self._back(organization)

    def _link_safe(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        asked = ask_before_button(request, come_back_to=request.get_full_path())
        if asked is not None:
            return asked
        safe = [match for match in get_matches(organization) if match.is_safe]
        members = Membership.objects.select_related("user").in_bulk(
            [UUID(match.candidates[0].membership_id) for match in safe[:_LINKED_AT_ONCE]]
        )
        linked = 0
        end = time.monotonic() + _LINKING_SECONDS
        for match in safe[:_LINKED_AT_ONCE]:
            if time.monotonic() > end:
                # Zoom had to be asked, or is slow.
                break
            member = members.get(UUID(match.candidates[0].membership_id))
            if member is None:
                continue
            try:
                link_verified(
                    organization=organization,
                    zoom_user_id=match.person.zoom_user_id,
                    membership=member,
                    actor=request.user,  # type: ignore[arg-type]
                )
            except ValidationError:
                # It has changed since the list was made; the next list says how.
                continue
            linked += 1
        text = ngettext("%(count)s host was linked.", "%(count)s hosts were linked.", linked)
        messages.success(request, text % {"count": linked})
        return self._back(organization)

    def _invite(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        asked = ask_before_button(request, come_back_to=request.get_full_path())
        if asked is not None:
            return asked
        chosen = set(request.POST.getlist("zoom_user"))
        people = [
            match.person
            for match in get_matches(organization)
            if match.can_be_invited and str(match.person.pk) in chosen
        ][:_INVITED_AT_ONCE]
        if not people:
            messages.warning(request, _("Choose Zoom users that no member matches."))
            return self._back(organization)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows([("email", "name"), *((one.email, one.name) for one in people)])
        try:
            rows = judge_rows(organization=organization, text=text.getvalue())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return self._back(organization)
        done = invite_rows(organization=organization, rows=rows, actor=request.user)  # type: ignore[arg-type]
        for reason in done.refused:
            messages.error(request, reason)
        transaction.on_commit(enqueue_due_invitations, robust=True)
        return self._show_links(request, organization, done.issued)

    def _show_links(
        self, request: HttpRequest, organization: Organization, issued: list[Issued]
    ) -> HttpResponse:
        """The one time that the links are seen. A worker sends their mails."""
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": Invitation._meta,
            "title": _("Invitation links"),
            "issued": issued,
            "mailed": frozenset[UUID](),
            "mail_is_set_up": mail_is_set_up(),
            "back_to_hosts": self._matching_url(organization),
        }
        return TemplateResponse(request, "admin/portal/invitation/links.html", context)

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    @method_decorator(never_cache)
    def progress_view(self, request: HttpRequest) -> HttpResponse:
        """How far the import is, for the page to show without loading anew."""
        organization = self._organization(request)
        if organization is None:
            raise Http404
        return JsonResponse(describe_import(last_import(organization)).as_json())


def _fits(match: Match, wanted: str) -> bool:
    person = match.person
    return not wanted or wanted in person.email or wanted in person.name.lower()
