"""The page that creates a Zoom user on a shared account, where the operator allows it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meetings.admin.host_base import PagesOfOneOrganization
from meetings.admin.host_create_words import describe_failure, describe_unknown
from portal.models import Organization
from portal.reauthentication import ask_if_needed
from zoomauth.services import (
    create_zoom_user,
    dismiss_creation,
    may_create_users,
    unknown_creations,
)


class ZoomUserForm(forms.Form):
    """Whom to create; as long as Zoom takes them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=128)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=128,
        help_text=gettext_lazy(
            "The person's own: at it they are asked whether a member may start meetings as them."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class HostCreatePages(PagesOfOneOrganization):
    """Creating a Zoom user, and what became of those whose answer was lost."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self._route("zoom-users/new/", self.create_view, "create"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @method_decorator(never_cache)
    def create_view(self, request: HttpRequest) -> HttpResponseBase:
        """For an organization that may, and an admin who showed lately who they are."""
        organization = self._organization(request)
        if organization is None:
            choice = {"organizations": self._organizations(request)}
            return self._page(request, "choose", _("Zoom users"), choice)
        if not may_create_users(organization):
            raise PermissionDenied
        asked = ask_if_needed(request)
        if asked is not None:
            return asked
        form = ZoomUserForm(request.POST if request.POST.get("do") == "create" else None)
        if request.method == "POST":
            answer = self._create_or_dismiss(request, organization, form)
            if answer is not None:
                return answer
        context = {
            "organization": organization,
            "form": form,
            "below_list": True,
            "unknown": unknown_creations(organization),
            "unknown_text": describe_unknown(),
        }
        return self._page(request, "create", _("Create a Zoom user"), context)

    def _create_or_dismiss(
        self, request: HttpRequest, organization: Organization, form: ZoomUserForm
    ) -> HttpResponse | None:
        """The answer; None to show the form again, with what is the matter."""
        if request.POST.get("do") == "dismiss":
            return self._dismiss(request, organization)
        if request.POST.get("do") != "create":
            raise Http404
        return self._create(request, organization, form) if form.is_valid() else None

    def _create(
        self, request: HttpRequest, organization: Organization, form: ZoomUserForm
    ) -> HttpResponse | None:
        actor: Any = request.user
        wanted = {name: form.cleaned_data[name] for name in ("email", "name")}
        try:
            row = create_zoom_user(organization=organization, actor=actor, **wanted)
        except ValidationError as error:
            form.add_error(None, error)
            return None
        if row.state == row.State.DONE:
            text = _("The Zoom user %(name)s was created. Now link the member who starts as them.")
            messages.success(request, text % {"name": row.name})
            return self._back(organization)
        if row.state == row.State.FAILED:
            form.add_error(None, describe_failure(row))
        else:
            form.add_error(None, _("Zoom's answer was lost. What to do now is said below."))
        return None

    def _dismiss(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        actor: Any = request.user
        named = request.POST.get("creation", "")
        row = next((one for one in unknown_creations(organization) if str(one.pk) == named), None)
        if row is None:
            raise Http404
        if dismiss_creation(row=row, actor=actor):
            messages.success(request, _("The entry was taken off the list."))
        return self._back(organization)
