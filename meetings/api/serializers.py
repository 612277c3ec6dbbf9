"""What goes in and out of the API. Lists carry nothing that lets anybody into a meeting."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from meetings.models import Host, Meeting, MeetingSettings, get_meeting_defaults
from meetings.models.defaults import LONGEST_MINUTES, SHORTEST_MINUTES
from meetings.services.schedule import PASSCODE_RULE, Plan, validate_start


class HostSerializer(serializers.ModelSerializer[Host]):
    """A host, as far as others need to know."""

    class Meta:
        model = Host
        fields = ["id", "name"]


class MeetingSerializer(serializers.ModelSerializer[Meeting]):
    """A meeting in a list."""

    host = HostSerializer(read_only=True)
    duration_minutes = serializers.IntegerField(read_only=True)
    meeting_number = serializers.SerializerMethodField(
        help_text=_("Digits as text; null until Zoom has confirmed the meeting.")
    )

    class Meta:
        model = Meeting
        fields = [
            "id", "topic", "starts_at", "duration_minutes", "time_zone", "host", "meeting_number",
        ]  # fmt: skip

    def get_meeting_number(self, meeting: Meeting) -> str | None:
        return None if meeting.meeting_number is None else str(meeting.meeting_number)


class MeetingDetailSerializer(MeetingSerializer):
    """One meeting, with what guests need to join it."""

    join_url = serializers.CharField(read_only=True)
    passcode = serializers.CharField(read_only=True)
    alternative_hosts = serializers.SerializerMethodField()

    class Meta(MeetingSerializer.Meta):
        fields = [*MeetingSerializer.Meta.fields, "alternative_hosts", "join_url", "passcode"]

    @extend_schema_field(HostSerializer(many=True))
    def get_alternative_hosts(self, meeting: Meeting) -> Any:
        rows = meeting.alternative_hosts.select_related("host").order_by("host__name")
        return HostSerializer([row.host for row in rows], many=True).data


def _choice() -> Any:
    return serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("Left out or null, as the organization has it."),
    )


class ScheduleSerializer(serializers.Serializer[Plan]):
    """A meeting to schedule."""

    host = serializers.UUIDField(
        required=False, help_text=_("Needed only by those who schedule for several hosts.")
    )
    topic = serializers.CharField(max_length=200)
    starts_at = serializers.DateTimeField()
    duration_minutes = serializers.IntegerField(
        required=False,
        min_value=SHORTEST_MINUTES,
        max_value=LONGEST_MINUTES,
        help_text=_("Left out, as the organization has it."),
    )
    passcode = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        validators=[PASSCODE_RULE],
        help_text=_("Left out or empty, Zoom makes one."),
    )
    alternative_hosts = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=20
    )
    waiting_room = _choice()
    join_before_host = _choice()
    mute_on_entry = _choice()

    def validate_starts_at(self, starts_at: Any) -> Any:
        validate_start(starts_at)
        return starts_at

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        hosts = Host.objects.schedulable_by(self.context["request"].user)
        named = attrs.get("host")
        found = list(hosts.filter(pk=named) if named else hosts[:2])
        if len(found) != 1:
            raise serializers.ValidationError({"host": _("Name a host you schedule for.")})
        attrs["host"] = found[0]
        if "duration_minutes" not in attrs:
            defaults = get_meeting_defaults(found[0].organization)
            attrs["duration_minutes"] = defaults.duration_minutes
        wanted = set(attrs["alternative_hosts"])
        if found[0].pk in wanted:
            raise serializers.ValidationError(
                {"alternative_hosts": _("The host needs no second mention.")}
            )
        others = Host.objects.filter(
            organization=found[0].organization_id, is_active=True, pk__in=wanted
        )
        attrs["alternative_hosts"] = list(others)
        if len(attrs["alternative_hosts"]) != len(wanted):
            raise serializers.ValidationError(
                {"alternative_hosts": _("Not all of these are hosts of this organization.")}
            )
        return attrs

    def make_plan(self) -> Plan:
        data = dict(self.validated_data)
        settings = {name: data.pop(name) for name in MeetingSettings.__dataclass_fields__}
        return Plan(**data, settings=MeetingSettings(**settings))


class StartPackageSerializer(serializers.Serializer[Any]):
    """The start package, under the names that the Meeting SDK's `join` takes."""

    signature = serializers.CharField()
    meetingNumber = serializers.CharField()  # noqa: N815 - the SDK's name
    passWord = serializers.CharField(allow_blank=True)  # noqa: N815
    userName = serializers.CharField()  # noqa: N815
    zak = serializers.CharField()


class FailureDetailSerializer(serializers.Serializer[Any]):
    """What went wrong at Zoom."""

    code = serializers.CharField(help_text=_("Stable, for programs."))
    message = serializers.CharField(help_text=_("One sentence for a person."))
    outcome_unknown = serializers.BooleanField(
        help_text=_("Zoom may have carried it out: look before you repeat it.")
    )
    tracking_id = serializers.CharField(
        allow_blank=True, help_text=_("Zoom's; support asks for it.")
    )


class FailureSerializer(serializers.Serializer[Any]):
    """A failure at Zoom."""

    error = FailureDetailSerializer()
