"""Zoom accounts, their access tokens, and what Zoom told of them."""

from zoomauth.models.accounts import (
    INSTALLATION,
    ZoomAccount,
    ZoomConnection,
    ZoomUserAssignment,
)
from zoomauth.models.events import WebhookEvent
from zoomauth.models.tokens import REFRESH_BEFORE, USABLE_MARGIN, AccessToken, due_for_refresh

__all__ = [
    "INSTALLATION",
    "REFRESH_BEFORE",
    "USABLE_MARGIN",
    "AccessToken",
    "WebhookEvent",
    "ZoomAccount",
    "ZoomConnection",
    "ZoomUserAssignment",
    "due_for_refresh",
]
