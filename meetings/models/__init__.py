"""Hosts and meetings."""

from meetings.models.attempts import StartAttempt, StartAttemptQuerySet
from meetings.models.defaults import MeetingDefaults, MeetingSettings, get_meeting_defaults
from meetings.models.host_links import HostLink
from meetings.models.hosts import Host, HostScheduler
from meetings.models.meetings import AlternativeHost, Meeting, MeetingQuerySet
from meetings.models.on_behalf import LONGEST_REASON, OnBehalfStart
from meetings.models.report import TomorrowReport, TomorrowReportRow

__all__ = [
    "LONGEST_REASON",
    "AlternativeHost",
    "Host",
    "HostLink",
    "HostScheduler",
    "Meeting",
    "MeetingDefaults",
    "MeetingQuerySet",
    "MeetingSettings",
    "OnBehalfStart",
    "StartAttempt",
    "StartAttemptQuerySet",
    "TomorrowReport",
    "TomorrowReportRow",
    "get_meeting_defaults",
]
