"""The cast: the same people in every test, and in the demo.

alice hosts in acme; bob hosts in acme and is alternative host of alice's meeting; sam schedules for
both and starts nothing; mia is a member; ada is acme's admin. carol hosts in globex; gus is its
admin. The operator is a superuser and belongs nowhere.
"""

from dataclasses import dataclass

from meetings.models import Host, Meeting
from portal.models import Membership, Organization, User
from tests.factories import (
    AlternativeHostFactory,
    HostFactory,
    HostSchedulerFactory,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
)
from tests.sandbox import ACME, GLOBEX
from zoomauth.models import ZoomAccount


@dataclass
class Cast:
    acme: Organization
    globex: Organization
    acme_account: ZoomAccount
    globex_account: ZoomAccount
    alice: User
    bob: User
    sam: User
    mia: User
    ada: User
    carol: User
    gus: User
    operator: User
    alice_host: Host
    bob_host: Host
    carol_host: Host
    meeting: Meeting
    bobs_meeting: Meeting
    carols_meeting: Meeting


def make_cast() -> Cast:
    """Both organizations with their people, accounts and meetings (not known to any Zoom)."""
    acme = OrganizationFactory(name="Acme")
    globex = OrganizationFactory(name="Globex")
    alice, bob = _person("alice", acme), _person("bob", acme)
    sam = _person("sam", acme, Membership.Role.SCHEDULER)
    mia, ada = _person("mia", acme), _person("ada", acme, Membership.Role.ADMIN)
    carol, gus = _person("carol", globex), _person("gus", globex, Membership.Role.ADMIN)
    alice_host, bob_host = _host("alice", alice, acme), _host("bob", bob, acme)
    carol_host = _host("carol", carol, globex)
    for host in (alice_host, bob_host):
        HostSchedulerFactory(host=host, membership=sam.memberships.get())
    meeting = MeetingFactory(host=alice_host, topic="Alice's lecture")
    AlternativeHostFactory(meeting=meeting, host=bob_host)
    return Cast(
        acme=acme,
        globex=globex,
        acme_account=_account(acme, ACME),
        globex_account=_account(globex, GLOBEX),
        alice=alice,
        bob=bob,
        sam=sam,
        mia=mia,
        ada=ada,
        carol=carol,
        gus=gus,
        operator=UserFactory(
            name="Operator", email="operator@greenroom.example", is_superuser=True
        ),
        alice_host=alice_host,
        bob_host=bob_host,
        carol_host=carol_host,
        meeting=meeting,
        bobs_meeting=MeetingFactory(host=bob_host, topic="Bob's seminar"),
        carols_meeting=MeetingFactory(host=carol_host, topic="Carol's secret board meeting"),
    )


def _person(name: str, organization: Organization, role: str = Membership.Role.MEMBER) -> User:
    email = f"{name}@{organization.name.lower()}.example"
    user = UserFactory(name=name.title(), email=email)
    MembershipFactory(user=user, organization=organization, role=role)
    return user


def _host(name: str, user: User, organization: Organization) -> Host:
    return HostFactory(
        organization=organization, membership=user.memberships.get(), zoom_user_id=name
    )


def _account(organization: Organization, zoom: dict[str, str]) -> ZoomAccount:
    fields = [
        "account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret",
        "webhook_secret",
    ]  # fmt: skip
    account = ZoomAccountFactory(
        organization=organization, name="Zoom", **{name: zoom[name] for name in fields}
    )
    ZoomConnectionFactory(organization=organization, account=account)
    return account
