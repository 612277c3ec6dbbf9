"""Hosts and meetings."""

from meetings.models.hosts import Host, HostScheduler
from meetings.models.meetings import AlternativeHost, Meeting, MeetingQuerySet

__all__ = ["AlternativeHost", "Host", "HostScheduler", "Meeting", "MeetingQuerySet"]
