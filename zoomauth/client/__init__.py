"""The client of Zoom's REST API. One call is one request; nothing is asked twice."""

from zoomauth.client.answers import AccessTokenAnswer, Zak, ZoomMeeting, ZoomUser, ZoomUserPage
from zoomauth.client.calls import Call, Label
from zoomauth.client.deadline import Deadline, Gate, seconds_left
from zoomauth.client.drafts import MeetingChanges, MeetingDraft, make_changes
from zoomauth.client.verdicts import Heard, Rate
from zoomauth.client.zoom_client import ZoomClient

__all__ = [
    "AccessTokenAnswer",
    "Call",
    "Deadline",
    "Gate",
    "Heard",
    "Label",
    "MeetingChanges",
    "MeetingDraft",
    "Rate",
    "Zak",
    "ZoomClient",
    "ZoomMeeting",
    "ZoomUser",
    "ZoomUserPage",
    "make_changes",
    "seconds_left",
]
