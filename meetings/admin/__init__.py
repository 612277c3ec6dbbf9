"""Hosts, meetings, their defaults and tomorrow's report in the admin."""

from meetings.admin import defaults, hosts, meetings, report

__all__ = ["defaults", "hosts", "meetings", "report"]
