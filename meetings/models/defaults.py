"""How an organization's new meetings are, where nobody says otherwise."""

from dataclasses import dataclass

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import Organization
from portal.tenancy import tenant_manager

SHORTEST_MINUTES, LONGEST_MINUTES, USUAL_MINUTES = 5, 24 * 60, 60

# None leaves it to the Zoom account's own settings.
_CHOICES = [(None, _("As set at Zoom")), (True, _("Yes")), (False, _("No"))]


@dataclass(frozen=True)
class MeetingSettings:
    """What Zoom is told of a new meeting. None: nothing, so that Zoom's own setting holds."""

    join_before_host: bool | None = None
    waiting_room: bool | None = None
    mute_on_entry: bool | None = None

    def over(self, defaults: "MeetingSettings") -> "MeetingSettings":
        """These, and the defaults' where these say nothing."""

        def first(mine: bool | None, theirs: bool | None) -> bool | None:
            return theirs if mine is None else mine

        return MeetingSettings(
            first(self.join_before_host, defaults.join_before_host),
            first(self.waiting_room, defaults.waiting_room),
            first(self.mute_on_entry, defaults.mute_on_entry),
        )


class MeetingDefaults(models.Model):
    """One row for each organization that has any. Its admins set them; each change is audited."""

    organization = models.OneToOneField(
        Organization,
        models.CASCADE,
        primary_key=True,
        related_name="meeting_defaults",
        verbose_name=_("organization"),
    )
    duration_minutes = models.PositiveSmallIntegerField(
        _("length in minutes"),
        default=USUAL_MINUTES,
        validators=[MinValueValidator(SHORTEST_MINUTES), MaxValueValidator(LONGEST_MINUTES)],
    )
    join_before_host = models.BooleanField(
        _("guests may join before the host"),
        null=True,
        blank=True,
        choices=_CHOICES,
        help_text=_("Zoom ignores this while the waiting room is on."),
    )
    waiting_room = models.BooleanField(_("waiting room"), null=True, blank=True, choices=_CHOICES)
    mute_on_entry = models.BooleanField(
        _("guests are muted when they join"), null=True, blank=True, choices=_CHOICES
    )

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("meeting defaults")
        verbose_name_plural = _("meeting defaults")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    duration_minutes__gte=SHORTEST_MINUTES, duration_minutes__lte=LONGEST_MINUTES
                ),
                name="meetingdefaults_duration",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization)

    @property
    def settings(self) -> MeetingSettings:
        return MeetingSettings(self.join_before_host, self.waiting_room, self.mute_on_entry)


def get_meeting_defaults(organization: Organization) -> MeetingDefaults:
    """The organization's row, or what holds without one. Not saved."""
    found: MeetingDefaults | None = MeetingDefaults.objects.filter(
        organization=organization
    ).first()
    return found or MeetingDefaults(organization=organization)
