"""Explain this start: one person, one meeting, every rule and what it says of them.

Zoom is not asked, and above all not for a ZAK.
"""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meetings.models import AlternativeHost, Host, Meeting
from meetings.start_facts import explain_facts, on_behalf_facts
from meetings.start_rules import Outcome, Way, judge
from meetings.start_texts import fix_of, label_of, meaning_of, place_of
from portal.admin.choices import own_rows
from portal.audit import record
from portal.models import Membership


class ExplainForm(forms.Form):
    """Whom and what; each of one's own organizations, and both of the same one."""

    person: Any = forms.ModelChoiceField(label=_("Person"), queryset=None)
    meeting: Any = forms.ModelChoiceField(label=_("Meeting"), queryset=None)

    def __init__(self, *args: Any, request: HttpRequest, site: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Membership.objects.select_related("user", "organization")
        meetings = Meeting.objects.select_related("host__membership", "organization")
        self._choose("person", own_rows(request, people), Host, "membership", site)
        self._choose("meeting", own_rows(request, meetings), AlternativeHost, "meeting", site)

    def _choose(self, name: str, rows: Any, model: Any, field: str, site: Any) -> None:
        """The rows, searched as one types: by the autocompletion of a field that points to them."""
        # The widget reads the choices' queryset, so it comes first.
        self.fields[name].widget = AutocompleteSelect(model._meta.get_field(field), site)
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        person, meeting = data.get("person"), data.get("meeting")
        if person and meeting and person.organization_id != meeting.organization_id:
            self.add_error("person", _("This person and the meeting are of two organizations."))
        return data


class Line:
    """One rule as the page shows it."""

    def __init__(self, outcome: Outcome, meeting: Meeting, host: Host | None) -> None:
        self.outcome = outcome
        failed = outcome.result.value == "fail"
        self.label: str | Promise = label_of(outcome.name)
        self.meaning: str | Promise = meaning_of(outcome.name, outcome.reason)
        self.fix: str | Promise = fix_of(outcome.name, outcome.reason)
        self.url = place_of(outcome.name, meeting=meeting, host=host) if failed else ""


def show_explanation(request: HttpRequest, model_admin: Any) -> HttpResponseBase:
    """GET asks whom and what, as far as the address does not say; POST explains."""
    site = model_admin.admin_site
    sent = request.method == "POST"
    form = ExplainForm(
        request.POST if sent else None, initial=request.GET.dict(), request=request, site=site
    )
    context = {
        **site.each_context(request),
        "title": _("Explain this start"),
        "opts": model_admin.opts,
        "form": form,
        "media": model_admin.media + form.media,
    }
    valid = sent and form.is_valid()
    if valid:
        context.update(_explain(request, form.cleaned_data["person"], form.cleaned_data["meeting"]))
    return TemplateResponse(
        request,
        "admin/meetings/meeting/explain.html",
        context,
        status=422 if sent and not valid else 200,
    )


def _explain(request: HttpRequest, person: Membership, meeting: Meeting) -> dict[str, Any]:
    facts, host = explain_facts(meeting, person)
    outcomes = judge(facts)
    missing = [outcome for outcome in outcomes if outcome.is_obstacle]
    record(
        "start.explained",
        organization=meeting.organization,
        actor=request.user,  # type: ignore[arg-type]
        target=meeting,
        person=person.user.email,
        missing=[outcome.name for outcome in missing],
    )
    on_behalf: list[Line] = []
    if meeting.organization.admins_may_start_on_behalf and facts.is_admin:
        behalf = judge(on_behalf_facts(meeting, person.user), Way.ON_BEHALF)
        on_behalf = [Line(outcome, meeting, meeting.host) for outcome in behalf]
    return {
        "person": person,
        "meeting": meeting,
        "as_host": host,
        "lines": [Line(outcome, meeting, host) for outcome in outcomes],
        "first_missing": label_of(missing[0].name) if missing else "",
        "on_behalf": on_behalf,
    }
