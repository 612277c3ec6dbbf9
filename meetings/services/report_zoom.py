"""What Zoom says of tomorrow's meetings and hosts: asked within bounds, whatever Zoom does."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from meetings.models import Meeting
from meetings.start_rules import AtZoom
from portal.models import Organization
from portal.sealing import SealingError
from zoomauth.errors import (
    ZoomAppDeactivated,
    ZoomAppTypeWrong,
    ZoomCredentialsRejected,
    ZoomError,
    ZoomMeetingNotFound,
    ZoomRateLimited,
    ZoomUserNotFound,
)
from zoomauth.services import Fitness, fetch_meeting_standing, fetch_unable_users

# One call to Zoom for each meeting: no more than these, and no longer than that.
MOST_ASKED = 500
ASKING_SECONDS = 120.0
# Zoom is having a bad night, or its limits are reached: it is not pressed.
MOST_FAILURES = 3

_ACCOUNT_REFUSED = (ZoomCredentialsRejected, ZoomAppTypeWrong, ZoomAppDeactivated)


@dataclass
class AtZoomToday:
    """What Zoom said. Without an answer a meeting is not in `meetings`.

    `unable` are users, by id or address in lower case, who cannot host, with the reason;
    `hostless` the meetings of whose host Zoom said that there is no such user. `cut_short`: Zoom
    did not say all that it was asked, and may an hour later.
    """

    meetings: dict[UUID, AtZoom] = field(default_factory=dict)
    unable: dict[str, str] = field(default_factory=dict)
    hostless: set[UUID] = field(default_factory=set)
    refused: bool = False
    cut_short: bool = False
    is_every_user_read: bool = True

    def has_answered(self, meeting: Meeting) -> bool:
        return meeting.pk in self.meetings or meeting.pk in self.hostless


def ask_zoom(organization: Organization, meetings: Iterable[Meeting]) -> AtZoomToday:
    """Whether each meeting is there, and who cannot host. Stops when Zoom cannot be asked."""
    heard = AtZoomToday()
    end = time.monotonic() + ASKING_SECONDS
    failures = 0
    asked = [meeting for meeting in meetings if meeting.is_scheduled][:MOST_ASKED]
    if not asked:
        return heard
    try:
        unable = fetch_unable_users(organization)
        heard.unable, heard.is_every_user_read = dict(unable.by_name), unable.is_complete
    except _ACCOUNT_REFUSED:
        heard.refused = True
        return heard
    except (ZoomError, SealingError):
        heard.is_every_user_read = False
        failures += 1
    for meeting in asked:
        if failures >= MOST_FAILURES or time.monotonic() > end:
            heard.cut_short = True
            break
        try:
            _look_up(meeting, heard)
        except _ACCOUNT_REFUSED:
            heard.refused = True
            break
        except ZoomRateLimited:
            heard.cut_short = True
            break
        except (ZoomError, SealingError):
            failures += 1
    heard.cut_short = heard.cut_short or failures > 0
    return heard


def _look_up(meeting: Meeting, heard: AtZoomToday) -> None:
    host = meeting.host
    try:
        found = fetch_meeting_standing(
            organization=meeting.organization,
            meeting_number=int(meeting.meeting_number or 0),
            zoom_user_id=host.zoom_user_id,
        )
    except ZoomMeetingNotFound:
        heard.meetings[meeting.pk] = AtZoom.GONE
    except ZoomUserNotFound:
        # The host was deleted at Zoom (1001). On a shared account it may be somebody else's user,
        # and Zoom was not asked: the rule about the account comes first then, and says so.
        heard.unable[host.zoom_user_id.lower()] = Fitness.GONE.value
        heard.hostless.add(meeting.pk)
    else:
        # Zoom tells its own id of the user; the host here may be entered by address.
        hosted = found.is_hosted_by(host.zoom_user_id) or found.is_hosted_by(host.email)
        heard.meetings[meeting.pk] = AtZoom.THERE if hosted else AtZoom.OTHER_HOST
