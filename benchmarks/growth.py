"""A portal that has grown: up to a million meetings, by one INSERT ... SELECT (PostgreSQL)."""

from django.db import connection

from benchmarks.crowd import Seat, make_crowd
from meetings.models import Host
from portal.models import Membership, Organization, User
from tests.crowds import multiply
from tests.sandbox import Sandbox

ORGANIZATIONS = 500
HOSTS = 5_000
# One organization is a tenth of it all, and the host whose pages are measured is one of it.
LARGE = HOSTS // 10
# Of the host whose pages are measured, in every portal that has so many at all: four years of one
# lecture a week.
OWN = 200
# Past and coming in equal parts, as far from now as days fit into two years on each side.
_SPREAD = (
    "now() + interval '1 hour' + (mod(n.n / {hosts}, {own}) - {own} / 2.0) * interval '7 days'"
)


def grow(zoom: Sandbox, meetings: int) -> Seat:
    """So many meetings over all organizations; the one whose pages are measured hosts `OWN`."""
    (seat,) = make_crowd(zoom, organizations=1, hosts=1)
    if meetings == 1:
        return seat
    own = min(OWN, meetings) - 1
    multiply(seat.meeting, own, **_at(own, hosts=1))
    _people(seat)
    multiply(
        seat.meeting,
        meetings - own - 1,
        organization_id=_of("organization_id", HOSTS, "bench_host"),
        host_id=_of("host_id", HOSTS, "bench_host"),
        **_at(OWN, hosts=HOSTS),
    )
    with connection.cursor() as cursor:
        # As the database's own housekeeping has it after a while.
        cursor.execute("VACUUM ANALYZE")
    return seat


def _at(own: int, *, hosts: int) -> dict[str, str]:
    start = _SPREAD.format(hosts=hosts, own=own)
    return {
        "starts_at": start,
        "ends_at": f"{start} + interval '45 minutes'",
        "meeting_number": f"{90_000_000_000 if hosts == 1 else 91_000_000_000} + n",
    }


def _of(column: str, rows: int, table: str) -> str:
    """The numbered rows in turn."""
    return f"(SELECT {column} FROM {table} b WHERE b.n = 1 + mod(n.n, {rows}))"  # noqa: S608


def _people(seat: Seat) -> None:
    """The other organizations with their people, each a host."""
    host, membership = seat.meeting.host, seat.meeting.host.membership
    multiply(host.organization, ORGANIZATIONS - 1, name="'Grown ' || n")
    multiply(seat.user, HOSTS, email="'grown-' || n || '@grown.example'")
    _number("bench_organization", Organization, "name LIKE 'Grown %'", "id")
    _number("bench_user", User, "email LIKE 'grown-%'", "id")
    elsewhere = _of("id", ORGANIZATIONS - 1, "bench_organization")
    multiply(
        membership,
        HOSTS,
        organization_id=f"CASE WHEN n.n <= {LARGE} THEN one.organization_id ELSE {elsewhere} END",
        user_id=_of("id", HOSTS, "bench_user"),
    )
    _number("bench_membership", Membership, f"id <> '{membership.pk}'", "id, organization_id")
    multiply(
        host,
        HOSTS,
        organization_id=_of("organization_id", HOSTS, "bench_membership"),
        membership_id=_of("id", HOSTS, "bench_membership"),
        zoom_user_id="'grown-' || n",
    )
    _number("bench_host", Host, f"id <> '{host.pk}'", "id AS host_id, organization_id")


def _number(name: str, model: type, condition: str, columns: str) -> None:
    """A table of this session's with the rows numbered from 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () AS n, {columns} "  # noqa: S608
            f"FROM {model._meta.db_table} WHERE {condition}"
        )
        cursor.execute(f"CREATE UNIQUE INDEX ON {name} (n)")
        cursor.execute(f"ANALYZE {name}")
