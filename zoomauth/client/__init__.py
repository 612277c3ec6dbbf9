"""The client of Zoom's REST API. One call is one request; nothing is asked twice."""

from zoomauth.client.answers import AccessTokenAnswer, Zak, ZoomMeeting, ZoomUser, ZoomUserPage
from zoomauth.client.deadline import Deadline, Gate, seconds_left
from zoomauth.client.drafts import MeetingChanges, MeetingDraft
from zoomauth.client.verdicts import Heard
from zoomauth.client.zoom_client import ZoomClient

__all__ = [
    "AccessTokenAnswer",
    "Deadline",
    "Gate",
    "Heard",
    "MeetingChanges",
    "MeetingDraft",
    "Zak",
    "ZoomClient",
    "ZoomMeeting",
    "ZoomUser",
    "ZoomUserPage",
    "seconds_left",
]
