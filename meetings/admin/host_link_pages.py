"""One Zoom user in the admin: who starts as them, and taking that back."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meetings.admin.host_base import PagesOfOneOrganization
from meetings.models import Host, HostLink
from meetings.services.host_links import Outcome, link_by_hand, unlink, withdraw
from meetings.services.host_matching import get_match
from meetings.services.zoom_people import get_zoom_person_by_key
from portal.admin.choices import own_rows
from portal.models import Membership, Organization, normalize_address
from portal.reauthentication import ask_if_needed


class MemberForm(forms.Form):
    """Which member; by address, as there may be thousands."""

    email = forms.EmailField(
        label=gettext_lazy("Member's e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        self.member: Membership | None = (
            Membership.objects.select_related("user", "organization")
            .filter(organization=self.organization, user__email=normalize_address(email))
            .first()
        )
        if self.member is None:
            raise ValidationError(_("No member has this address. Invite this person first."))
        return email


class HostLinkPages(PagesOfOneOrganization):
    """Linking by hand, ending a link, and taking a question back."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self._route("zoom-users/<uuid:pk>/", self.link_view, "link"),
            self._route("<uuid:pk>/unlink/", self.unlink_view, "unlink"),
            self._route("links/<uuid:pk>/withdraw/", self.withdraw_view, "withdraw"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @method_decorator(never_cache)
    def link_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Which member starts as this Zoom user. For who showed lately who they are."""
        organization = self._organization(request)
        person = get_zoom_person_by_key(organization, pk) if organization else None
        if organization is None or person is None:
            raise Http404
        asked = ask_if_needed(request)
        if asked is not None:
            return asked
        form = MemberForm(request.POST or None, organization=organization)
        if request.method == "POST" and form.is_valid() and form.member is not None:
            try:
                outcome = link_by_hand(
                    organization=organization,
                    zoom_user_id=person.zoom_user_id,
                    membership=form.member,
                    actor=request.user,  # type: ignore[arg-type]
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, str(Outcome(outcome).label))
                return self._back(organization)
        links = HostLink.objects.unanswered().filter(zoom_user_id=person.zoom_user_id or None)
        context = {
            "organization": organization,
            "match": get_match(organization, person),
            "form": form,
            "waiting": links.filter(organization=organization).first(),
        }
        return self._page(request, "link", person.shown_name, context)

    @method_decorator(require_POST)
    def unlink_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End a link. It only takes away, so it asks nobody."""
        self._refuse_strangers(request)
        host = own_rows(request, Host.objects.filter(pk=pk)).first()
        if host is None:
            raise Http404
        if unlink(host=host, actor=request.user):  # type: ignore[arg-type]
            messages.success(request, _("The link was ended."))
        return redirect(reverse("admin:meetings_host_change", args=[host.pk]))

    @method_decorator(require_POST)
    def withdraw_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        self._refuse_strangers(request)
        rows = HostLink.objects.select_related("organization", "membership__user")
        link: HostLink | None = own_rows(request, rows.filter(pk=pk)).first()
        if link is None:
            raise Http404
        if withdraw(link=link, actor=request.user):  # type: ignore[arg-type]
            messages.success(request, _("The question was taken back."))
        return self._back(link.organization)
