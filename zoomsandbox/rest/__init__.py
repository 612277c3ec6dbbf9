"""Zoom's token endpoint and REST API."""
