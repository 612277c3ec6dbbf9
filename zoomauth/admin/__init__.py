"""Zoom accounts in the admin, who uses which, and what Zoom told of them."""

from zoomauth.admin import accounts, connections, events  # noqa: F401
