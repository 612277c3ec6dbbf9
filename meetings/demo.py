"""The demo's world: the cast, in the portal's database and in the Zoom sandbox."""

import json
import secrets
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from meetings.models import Host, HostScheduler
from meetings.services.schedule import Plan, schedule_meeting
from portal.models import Membership, Organization, User
from portal.tenancy import acting_for
from zoomauth.services import connect_own_account

ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demo."""

    name: str
    organization: str
    role: str
    hosts: bool
    what: str

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@{self.organization.lower()}.example"


ADMIN, SCHEDULER, MEMBER = Membership.Role.ADMIN, Membership.Role.SCHEDULER, Membership.Role.MEMBER
PEOPLE = (
    Person("Alice", "Acme", MEMBER, True, "host"),
    Person("Bob", "Acme", MEMBER, True, "host, alternative host of Alice's lecture"),
    Person("Mia", "Acme", MEMBER, False, "member, starts nothing"),
    Person("Sam", "Acme", SCHEDULER, False, "schedules for Alice and Bob"),
    Person("Ada", "Acme", ADMIN, False, "admin of Acme"),
    Person("Carol", "Globex", MEMBER, True, "host in the other organization"),
    Person("Gus", "Globex", ADMIN, False, "admin of Globex"),
)
OPERATOR = "operator@greenroom.example"


def make_world(*, sandbox: str, password: str) -> None:
    """Everybody and everything, in both places. For an empty database and an empty sandbox."""
    User.objects.create_superuser(OPERATOR, password, name="Operator", time_zone=ZONE)
    for name in ("Acme", "Globex"):
        organization = Organization.objects.create(name=name)
        with acting_for(organization.pk):
            _make_organization(organization, sandbox, password)


def _make_organization(organization: Organization, sandbox: str, password: str) -> None:
    people = [person for person in PEOPLE if person.organization == organization.name]
    credentials = _make_credentials(organization.name.lower())
    _tell_sandbox(sandbox, {**credentials, "users": [_zoom_user(p) for p in people if p.hosts]})
    connect_own_account(organization=organization, credentials=credentials)
    hosts: dict[str, Host] = {}
    for person in people:
        member = _add(person, organization, password)
        if person.hosts:
            hosts[person.name] = Host.objects.create(
                organization=organization,
                membership=member,
                zoom_user_id=_zoom_user(person)["id"],
                email=person.email,
                name=person.name,
            )
        if person.role == SCHEDULER:
            for host in hosts.values():
                HostScheduler.objects.create(
                    organization=organization, host=host, membership=member
                )
    _schedule(hosts)


def _add(person: Person, organization: Organization, password: str) -> Membership:
    user = User.objects.create_user(person.email, password, name=person.name, time_zone=ZONE)
    made: Membership = Membership.objects.create(
        user=user, organization=organization, role=person.role
    )
    return made


def _schedule(hosts: dict[str, Host]) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    if "Alice" in hosts:
        _plan(hosts["Alice"], "Thermodynamics lecture", now + timedelta(hours=1), [hosts["Bob"]])
        _plan(hosts["Alice"], "Office hours", now + timedelta(days=1, hours=2), [])
        _plan(hosts["Bob"], "Lab seminar", now + timedelta(hours=3), [])
    if "Carol" in hosts:
        _plan(hosts["Carol"], "Board meeting", now + timedelta(hours=2), [])


def _plan(host: Host, topic: str, starts_at: datetime, alternative_hosts: list[Host]) -> None:
    assert host.membership is not None  # noqa: S101 - made above
    plan = Plan(
        host=host,
        topic=topic,
        starts_at=starts_at,
        duration_minutes=60,
        alternative_hosts=alternative_hosts,
    )
    schedule_meeting(plan=plan, user=host.membership.user, key=uuid.uuid4())


def _make_credentials(name: str) -> dict[str, str]:
    return {
        "account_id": f"{name}-account",
        "client_id": f"{name}-client",
        "client_secret": secrets.token_hex(16),
        "sdk_client_id": f"{name}-sdk",
        "sdk_client_secret": secrets.token_hex(16),
        "webhook_secret": secrets.token_hex(16),
    }


def _zoom_user(person: Person) -> dict[str, Any]:
    return {
        "id": f"{person.name.lower()}-at-zoom",
        "email": person.email,
        "display_name": person.name,
        "type": 2,
    }


def _tell_sandbox(sandbox: str, account: dict[str, Any]) -> None:
    """Register an account. The sandbox is a stand-in for Zoom's website here, not for its API."""
    request = urllib.request.Request(  # noqa: S310 - the demo's own sandbox
        f"{sandbox}/_control/accounts",
        data=json.dumps(account).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass
