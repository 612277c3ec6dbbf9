"""What one warm start costs, counted exactly: SQL statements, calls to Zoom, bytes."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.crowd import Seat, sign_in
from benchmarks.report import Figure, at_most, exactly
from meetings.models import Meeting
from portal.models import User
from tests.factories import (
    AlternativeHostFactory,
    HostFactory,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
    ZoomUserAssignmentFactory,
)
from tests.sandbox import Sandbox
from zoomauth.models import INSTALLATION

# No statements of work, but round trips to the database all the same.
_CONTROL = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b", re.I)


@dataclass(frozen=True)
class _Cost:
    statements: int
    control: int
    calls: int
    size: int


def count_of_starts(seats: list[Seat], zoom: Sandbox) -> list[Figure]:
    """The host's own start, an alternative host's, and one on an account that several share."""
    host, other = seats[0], next(seat for seat in seats[1:] if seat.account == seats[0].account)
    AlternativeHostFactory(meeting=host.meeting, host=other.meeting.host)
    own = _count(host.user, host.meeting, zoom)
    alternative = _count(other.user, host.meeting, zoom)
    shared = _count(*_share_an_account(zoom), zoom)
    calls = max(cost.calls for cost in (own, alternative, shared))
    return [
        at_most("start.sql", own.statements, "queries", 8),
        at_most("start.sql_alternative_host", alternative.statements, "queries", 8),
        at_most("start.sql_shared_account", shared.statements, "queries", 8),
        at_most("start.transaction_control", own.control, "queries", 4),
        exactly("start.upstream_calls", calls, "calls", 1),
        at_most("start.answer_size", own.size, "bytes", 2048),
    ]


def _count(user: User, meeting: Meeting, zoom: Sandbox) -> _Cost:
    """The second start: by then the token is there, and what is made once a process is made."""
    client = Client()
    key = sign_in(user, settings.AUTHENTICATION_BACKENDS[0])
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    for _ in range(2):
        zoom.clear_ledger()
        with CaptureQueriesContext(connection) as seen:
            answer = client.post(f"/meetings/{meeting.pk}/start/")
        assert answer.status_code == 200, answer.content
        assert answer.json()["zak"]
    control = sum(bool(_CONTROL.match(query["sql"])) for query in seen.captured_queries)
    statements = len(seen.captured_queries) - control
    return _Cost(statements, control, len(zoom.ledger()), len(answer.content))


def _share_an_account(zoom: Sandbox) -> tuple[User, Meeting]:
    """Somebody who starts as a Zoom user of the installation's own account."""
    account = ZoomAccountFactory(organization=None, account_id="shared-account")
    organization = OrganizationFactory(name="Shared")
    ZoomConnectionFactory(organization=organization, account=account, owner_key=INSTALLATION)
    assigned = ZoomUserAssignmentFactory(organization=organization, account=account)
    membership = MembershipFactory(organization=organization)
    host = HostFactory(
        organization=organization, membership=membership, zoom_user_id=assigned.zoom_user_id
    )
    user = {"id": host.zoom_user_id, "email": host.email, "display_name": host.name, "type": 2}
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    zoom.account(**{name: getattr(account, name) for name in fields}, users=[user])
    return membership.user, MeetingFactory(host=host)
