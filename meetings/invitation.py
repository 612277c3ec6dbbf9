"""What a host sends to the people they invite: a link and a passcode, never a way to start."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings.models import Meeting


@dataclass(frozen=True)
class Invitation:
    """How to join."""

    topic: str
    starts_at: datetime
    meeting_number: str
    join_url: str = field(repr=False)
    passcode: str = field(repr=False)
    text: str = field(repr=False)


def make_invitation(meeting: Meeting) -> Invitation:
    """The invitation in the active language and time zone."""
    starts_at = timezone.localtime(meeting.starts_at)
    when = f"{date_format(starts_at, 'DATETIME_FORMAT')} ({timezone.get_current_timezone_name()})"
    lines = [
        meeting.topic,
        _("When: %(when)s") % {"when": when},
        _("Join: %(link)s") % {"link": meeting.join_url},
        _("Meeting number: %(number)s") % {"number": meeting.meeting_number_spaced},
    ]
    if meeting.passcode:
        lines.append(_("Passcode: %(passcode)s") % {"passcode": meeting.passcode})
    return Invitation(
        topic=meeting.topic,
        starts_at=meeting.starts_at,
        meeting_number=meeting.meeting_number_spaced,
        join_url=meeting.join_url,
        passcode=meeting.passcode,
        text="\n".join(lines),
    )
