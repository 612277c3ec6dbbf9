"""The schedule form."""

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import LONGEST_REASON, Host, MeetingSettings, get_meeting_defaults
from meetings.models.defaults import LONGEST_MINUTES, SHORTEST_MINUTES, USUAL_MINUTES
from meetings.services.schedule import PASSCODE_RULE, Plan, validate_start
from portal.models import User

_CHOICES = [("", _("As usual in the organization")), ("yes", _("Yes")), ("no", _("No"))]


def _choice(label: Any, help_text: Any = "") -> Any:
    """A yes, a no, or nothing said: then the organization's default holds."""
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=_CHOICES,
        required=False,
        coerce=lambda value: value == "yes",
        empty_value=None,
    )


class ScheduleForm(forms.Form):
    """What Zoom needs to know of a new meeting. Times are in the person's own zone."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    host: Any = forms.ModelChoiceField(label=_("Host"), queryset=Host.objects.none())
    topic = forms.CharField(label=_("Topic"), max_length=200)
    starts_at = forms.DateTimeField(
        label=_("Start"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    duration_minutes = forms.IntegerField(
        label=_("Length in minutes"),
        min_value=SHORTEST_MINUTES,
        max_value=LONGEST_MINUTES,
        initial=USUAL_MINUTES,
    )
    passcode = forms.CharField(
        label=_("Passcode"),
        required=False,
        validators=[PASSCODE_RULE],
        help_text=_("Leave it empty and Zoom makes one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    alternative_hosts: Any = forms.ModelMultipleChoiceField(
        label=_("Alternative hosts"),
        queryset=Host.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They may start this meeting too, each as themselves."),
    )
    waiting_room = _choice(_("Waiting room"))
    join_before_host = _choice(
        _("Guests may join before the host"), _("Zoom ignores this while the waiting room is on.")
    )
    mute_on_entry = _choice(_("Guests are muted when they join"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hosts = Host.objects.schedulable_by(user).select_related("organization")
        self._set_choices("host", hosts)
        self.hosts_offered = len(hosts)
        self.hosts = hosts
        if len({host.organization_id for host in hosts}) == 1:
            # Somebody who schedules in several says how long each time.
            defaults = get_meeting_defaults(hosts[0].organization)
            self.fields["duration_minutes"].initial = defaults.duration_minutes
        organizations = hosts.values("organization")
        others = Host.objects.filter(is_active=True, organization__in=organizations)
        only_host = hosts[0] if len(hosts) == 1 else None
        if only_host:
            others = others.exclude(pk=only_host.pk)
            self.fields["host"].initial = only_host.pk
            self.fields["host"].widget = forms.HiddenInput()
        if others.exists():
            self._set_choices("alternative_hosts", others)
        else:
            del self.fields["alternative_hosts"]
        self.fields["starts_at"].help_text = _("In the time zone %(zone)s.") % {
            "zone": timezone.get_current_timezone_name()
        }

    def _set_choices(self, name: str, hosts: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        field.queryset = hosts

    def clean_starts_at(self) -> Any:
        starts_at = self.cleaned_data["starts_at"]
        validate_start(starts_at)
        return starts_at

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        host = data.get("host")
        if host is not None:
            for other in data.get("alternative_hosts", ()):
                if other.pk == host.pk:
                    self.add_error("alternative_hosts", _("The host needs no second mention."))
                elif other.organization_id != host.organization_id:
                    self.add_error(
                        "alternative_hosts", _("Choose people of the host's organization.")
                    )
        return data

    def make_plan(self) -> Plan:
        data = self.cleaned_data
        return Plan(
            host=data["host"],
            topic=data["topic"],
            starts_at=data["starts_at"],
            duration_minutes=data["duration_minutes"],
            passcode=data["passcode"],
            alternative_hosts=list(data.get("alternative_hosts", ())),
            settings=MeetingSettings(
                join_before_host=data["join_before_host"],
                waiting_room=data["waiting_room"],
                mute_on_entry=data["mute_on_entry"],
            ),
        )


class OnBehalfForm(forms.Form):
    """Why an admin starts somebody else's meeting."""

    reason = forms.CharField(
        label=_("Why do you start it?"),
        max_length=LONGEST_REASON,
        help_text=_("The host reads it, and it stays in the audit trail."),
        error_messages={"required": _("Say why you start this meeting as its host.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
