"""Hosts, meetings, their defaults, starts and tomorrow's report in the admin."""

from meetings.admin import attempts, defaults, hosts, meetings, report

__all__ = ["attempts", "defaults", "hosts", "meetings", "report"]
