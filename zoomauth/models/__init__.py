"""Zoom accounts, their access tokens, and what Zoom told of them."""

from zoomauth.models.accounts import (
    INSTALLATION,
    ZoomAccount,
    ZoomConnection,
    ZoomUserAssignment,
)
from zoomauth.models.checks import ConnectionCheck
from zoomauth.models.creations import ZoomUserCreation
from zoomauth.models.events import WebhookEvent
from zoomauth.models.host_writes import HostWrites
from zoomauth.models.limits import BackgroundTurns
from zoomauth.models.tokens import USABLE_MARGIN, AccessToken, Failure, Health
from zoomauth.models.zoom_users import ZoomUser, ZoomUserImport

__all__ = [
    "INSTALLATION",
    "USABLE_MARGIN",
    "AccessToken",
    "BackgroundTurns",
    "ConnectionCheck",
    "Failure",
    "Health",
    "HostWrites",
    "WebhookEvent",
    "ZoomAccount",
    "ZoomConnection",
    "ZoomUser",
    "ZoomUserAssignment",
    "ZoomUserCreation",
    "ZoomUserImport",
]
