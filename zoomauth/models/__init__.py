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
from zoomauth.models.tokens import REFRESH_BEFORE, USABLE_MARGIN, AccessToken, due_for_refresh
from zoomauth.models.zoom_users import ZoomUser, ZoomUserImport

__all__ = [
    "INSTALLATION",
    "REFRESH_BEFORE",
    "USABLE_MARGIN",
    "AccessToken",
    "ConnectionCheck",
    "WebhookEvent",
    "ZoomAccount",
    "ZoomConnection",
    "ZoomUser",
    "ZoomUserAssignment",
    "ZoomUserCreation",
    "ZoomUserImport",
    "due_for_refresh",
]
