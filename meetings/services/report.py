"""Tomorrow's report: which meetings will not start, by the rules of a start and by what Zoom says.

What "tomorrow" is depends on where one is, and an organization has no zone of its own: it is the
zone that most of its admins have, for they are whom the report is for.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from meetings.models import Host, Meeting, TomorrowReport, TomorrowReportRow
from meetings.services.report_zoom import AtZoomToday, ask_zoom
from meetings.start_facts import add_standing, is_on_before
from meetings.start_rules import Account, Belongs, Link, Outcome, StartFacts, obstacles
from portal.models import Membership, Organization
from zoomauth.services import (
    AccountStanding,
    Fitness,
    get_account_standing,
    get_fitness_of,
)

# The forms take none that is longer.
_LONGEST_MEETING = timedelta(hours=24)


@dataclass(frozen=True)
class Made:
    """A report, and whether the same one, made an hour later, may know more."""

    report: TomorrowReport
    may_know_more: bool


def addressed_admins(organization: Organization) -> QuerySet[Membership]:
    """Whom the report is for: by their zone there is a tomorrow, and they get the mail."""
    admins: QuerySet[Membership] = Membership.objects.filter(
        organization=organization,
        role=Membership.Role.ADMIN,
        is_active=True,
        user__is_active=True,
    )
    return admins


def zone_of(organization: Organization) -> ZoneInfo:
    """The zone that most of the organization's admins have; of equals, the first by name."""
    zones = addressed_admins(organization).values_list("user__time_zone", flat=True)
    counted = Counter(zones)
    return ZoneInfo(min(counted, key=lambda name: (-counted[name], name)) if counted else "UTC")


def tomorrow_in(zone: ZoneInfo, now: datetime) -> date:
    return now.astimezone(zone).date() + timedelta(days=1)


def make_report(organization: Organization, *, now: datetime) -> Made:
    """Make tomorrow's report, or make it anew. Asks Zoom; raises nothing for what Zoom does."""
    zone = zone_of(organization)
    day = tomorrow_in(zone, now)
    meetings = _meetings_of(organization, day, zone)
    at_zoom = ask_zoom(organization, meetings)
    rows = _rows_of(organization, meetings, _on_at_midnight(organization, day, zone), at_zoom)
    to_ask = [meeting for meeting in meetings if meeting.is_scheduled]
    values = {
        "time_zone": zone.key,
        "made_at": now,
        "meetings": len(meetings),
        "failing": sum(1 for row in rows if not row.alternative),
        "unasked": sum(1 for meeting in to_ask if not at_zoom.has_answered(meeting)),
        "users_unread": not at_zoom.is_every_user_read,
    }
    return Made(_keep(organization, day, values, rows), at_zoom.cut_short)


def _keep(
    organization: Organization, day: date, values: dict[str, Any], rows: list[TomorrowReportRow]
) -> TomorrowReport:
    with transaction.atomic():
        report: TomorrowReport = TomorrowReport.objects.update_or_create(
            organization=organization, day=day, defaults=values
        )[0]
        told = set(report.rows.values_list("meeting", flat=True))
        if report.nightly_at is None and any(row.meeting_id not in told for row in rows):
            # Mailed while Zoom had not said all: what came to light since is told too.
            report.mailed_at = None
            report.save(update_fields=["mailed_at"])
        report.rows.all().delete()
        for row in rows:
            row.report = report
        TomorrowReportRow.objects.bulk_create(rows)
    return report


def _bounds_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, time.min, zone)
    return begin, datetime.combine(day + timedelta(days=1), time.min, zone)


def _on_at_midnight(organization: Organization, day: date, zone: ZoneInfo) -> list[Meeting]:
    """Those of the day before that are still on when the day begins."""
    begin, _end = _bounds_of(day, zone)
    rows = Meeting.objects.filter(
        organization=organization,
        # By UTC: the day before may have had 23 hours or 25.
        starts_at__gte=begin.astimezone(UTC) - _LONGEST_MEETING,
        starts_at__lt=begin,
        ends_at__gt=begin,
    )
    return list(rows.defer("passcode", "join_url"))


def _meetings_of(organization: Organization, day: date, zone: ZoneInfo) -> list[Meeting]:
    begin, end = _bounds_of(day, zone)
    rows = Meeting.objects.filter(
        organization=organization, starts_at__gte=begin, starts_at__lt=end
    )
    return list(
        rows.defer("passcode", "join_url")
        .select_related("organization", "host__membership__user")
        .prefetch_related("alternative_hosts__host__membership__user")
        .order_by("starts_at", "pk")
    )


@dataclass(frozen=True)
class _Known:
    """All that is known of tomorrow, read once for all its meetings."""

    standing: AccountStanding
    users: dict[str, Fitness]
    at_zoom: AtZoomToday
    busy: set[tuple[UUID, UUID]]

    def obstacles(self, meeting: Meeting, host: Host, link: Link) -> list[Outcome]:
        user = self.users.get(host.zoom_user_id)
        facts = add_standing(_facts(meeting, host, link), self.standing, host, user)
        facts = replace(
            _as_heard(facts, host, self.at_zoom),
            at_zoom=self.at_zoom.meetings.get(meeting.pk),
            free=(meeting.pk, host.pk) not in self.busy,
        )
        return obstacles(facts)


def _rows_of(
    organization: Organization,
    meetings: list[Meeting],
    earlier: list[Meeting],
    at_zoom: AtZoomToday,
) -> list[TomorrowReportRow]:
    names = {host.zoom_user_id for meeting in meetings for host in _hosts_of(meeting)}
    known = _Known(
        standing=get_account_standing(organization),
        users=get_fitness_of(organization, names),
        at_zoom=at_zoom,
        busy=_busy(meetings, earlier),
    )
    rows: list[TomorrowReportRow] = []
    for meeting in meetings:
        host, *others = _hosts_of(meeting)
        if missing := known.obstacles(meeting, host, Link.HOST):
            able = (h for h in others if not known.obstacles(meeting, h, Link.ALTERNATIVE))
            rows.append(_make_row(meeting, missing[0], next(able, None)))
    return rows


def _hosts_of(meeting: Meeting) -> list[Host]:
    """Its host, then the alternative hosts."""
    return [meeting.host, *(row.host for row in meeting.alternative_hosts.all())]


def _facts(meeting: Meeting, host: Host, link: Link) -> StartFacts:
    """As the door would find them, from rows that were read for all meetings at once."""
    membership = host.membership
    if membership is None:
        belongs = Belongs.NOBODY
    else:
        belongs = Belongs.ACTIVE if membership.is_active else Belongs.INACTIVE
    facts = replace(
        meeting.get_own_facts(),
        user_active=membership is not None and membership.user.is_active,
        belongs=belongs,
        link=link,
    )
    return host.add_to_facts(facts)


def _as_heard(facts: StartFacts, host: Host, at_zoom: AtZoomToday) -> StartFacts:
    """With what Zoom said today, which counts more than what was stored."""
    if at_zoom.refused:
        facts = replace(facts, account=Account.REFUSED)
    names = (host.zoom_user_id.lower(), host.email.lower())
    status = next((at_zoom.unable[name] for name in names if name in at_zoom.unable), None)
    return replace(facts, zoom_user=status) if status else facts


def _busy(meetings: Collection[Meeting], earlier: Collection[Meeting]) -> set[tuple[UUID, UUID]]:
    """Meeting and host, where an earlier meeting of that host is still on when it begins."""
    by_host: dict[UUID, list[Meeting]] = defaultdict(list)
    for meeting in (*earlier, *meetings):
        by_host[meeting.host_id].append(meeting)
    busy: set[tuple[UUID, UUID]] = set()
    for meeting in meetings:
        for host in _hosts_of(meeting):
            if any(is_on_before(other, meeting) for other in by_host[host.pk]):
                busy.add((meeting.pk, host.pk))
    return busy


def _make_row(meeting: Meeting, first: Outcome, able: Host | None) -> TomorrowReportRow:
    return TomorrowReportRow(
        organization=meeting.organization,
        meeting=meeting,
        topic=meeting.topic,
        starts_at=meeting.starts_at,
        host_name=meeting.host.name,
        rule=first.name,
        reason=first.reason,
        alternative=able.name if able else "",
    )
