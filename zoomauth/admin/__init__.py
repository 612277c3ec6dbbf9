"""Zoom accounts in the admin, who uses which, and what Zoom told of them."""

from zoomauth.admin import accounts, connections, events, zoom_users  # noqa: F401
