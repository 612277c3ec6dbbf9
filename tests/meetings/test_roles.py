"""What each role may do with meetings: the rules of the roles, not of single pages."""

import pytest
from django.urls import reverse

from meetings.models import AlternativeHost, Host, HostScheduler, Meeting
from portal.models import Membership, Organization
from tests.factories import HostFactory, MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
EVERYBODY = ("alice", "bob", "sam", "mia", "ada", "carol", "gus", "operator")


def schedules_for(user):
    return {host.name for host in Host.objects.schedulable_by(user)}


def starts(user):
    return {meeting.topic for meeting in Meeting.objects.startable_by(user)}


def sees(user):
    return {meeting.topic for meeting in Meeting.objects.visible_to(user)}


LECTURE, SEMINAR, BOARD = "Alice's lecture", "Bob's seminar", "Carol's secret board meeting"


@pytest.mark.parametrize(
    ("who", "hosts"),
    [
        ("alice", {"Alice"}),
        ("bob", {"Bob"}),
        ("sam", {"Alice", "Bob"}),
        ("mia", set()),
        ("ada", set()),
        ("carol", {"Carol"}),
        ("gus", set()),
        ("operator", set()),
    ],
)
def test_for_whom_each_of_them_schedules(cast, who, hosts):
    assert schedules_for(getattr(cast, who)) == hosts


@pytest.mark.parametrize(
    ("who", "topics"),
    [
        ("alice", {LECTURE}),
        ("bob", {LECTURE, SEMINAR}),
        ("sam", set()),
        ("mia", set()),
        ("ada", set()),
        ("carol", {BOARD}),
        ("gus", set()),
        ("operator", set()),
    ],
)
def test_what_each_of_them_starts(cast, who, topics):
    assert starts(getattr(cast, who)) == topics


@pytest.mark.parametrize("who", EVERYBODY)
def test_one_meeting_is_started_by_those_who_have_it_in_their_list(cast, who):
    user = getattr(cast, who)
    for meeting in Meeting.objects.all():
        assert meeting.can_be_started_by(user) == (meeting.topic in starts(user))


def test_a_scheduler_sees_what_they_schedule_and_nothing_else(cast):
    assert sees(cast.sam) == {LECTURE, SEMINAR}
    HostScheduler.objects.filter(host=cast.bob_host).delete()
    assert sees(cast.sam) == {LECTURE}


@pytest.mark.parametrize("change", [{"role": "member"}, {"role": "admin"}, {"is_active": False}])
def test_a_grant_is_worth_what_its_holders_role_is(cast, change):
    """The grant itself stays when a scheduler becomes something else."""
    cast.sam.memberships.update(**change)
    assert schedules_for(cast.sam) == set()
    assert sees(cast.sam) == set()


def test_a_deactivated_host_is_nobodys_to_schedule_for(cast):
    Host.objects.filter(pk=cast.alice_host.pk).update(is_active=False)
    assert schedules_for(cast.alice) == set()
    assert schedules_for(cast.sam) == {"Bob"}
    assert starts(cast.alice) == set()


def test_a_removed_alternative_host_starts_nothing_more(cast):
    AlternativeHost.objects.filter(host=cast.bob_host).delete()
    assert starts(cast.bob) == {SEMINAR}


def test_an_admin_who_hosts_starts_their_own_and_no_other(cast):
    HostFactory(organization=cast.acme, membership=cast.ada.memberships.get())
    assert starts(cast.ada) == set()
    assert schedules_for(cast.ada) == {"Ada"}


# --- Who may schedule -------------------------------------------------------------------------


@pytest.fixture
def schedulers_only(cast):
    policy = Organization.WhoMaySchedule.SCHEDULERS_ONLY
    Organization.objects.filter(pk=cast.acme.pk).update(who_may_schedule=policy)


def test_where_schedulers_alone_schedule_hosts_do_not(cast, schedulers_only):
    assert schedules_for(cast.alice) == set()
    assert schedules_for(cast.sam) == {"Alice", "Bob"}


def test_the_policy_of_one_organization_binds_no_other(cast, schedulers_only):
    assert schedules_for(cast.carol) == {"Carol"}


def test_hosts_still_see_and_start_their_own(cast, schedulers_only):
    assert sees(cast.alice) == starts(cast.alice) == {LECTURE}


def test_the_page_and_the_api_refuse_a_host_there(cast, schedulers_only, signed_in):
    client = signed_in(cast.alice)
    typed = {
        "host": cast.alice_host.pk,
        "topic": "Mine",
        "duration_minutes": 60,
        "starts_at": "2090-01-01T10:00",
        "key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    }
    assert client.post(reverse("meetings:schedule"), typed).status_code == 422
    answer = client.post(reverse("api-meeting-list"), typed, content_type="application/json")
    assert answer.status_code == 400
    assert not Meeting.objects.filter(topic="Mine").exists()
    assert reverse("meetings:schedule") not in client.get(reverse("meetings:list")).content.decode()


def test_a_host_who_is_their_own_scheduler_schedules_there(cast, schedulers_only):
    membership = cast.alice.memberships.get()
    Membership.objects.filter(pk=membership.pk).update(role=Membership.Role.SCHEDULER)
    HostScheduler.objects.create(
        organization=cast.acme, host=cast.alice_host, membership=membership
    )
    assert schedules_for(cast.alice) == {"Alice"}


def test_a_scheduler_of_two_organizations_schedules_in_each_for_those_granted(cast):
    other = MembershipFactory(
        user=cast.sam, organization=cast.globex, role=Membership.Role.SCHEDULER
    )
    assert schedules_for(cast.sam) == {"Alice", "Bob"}
    HostScheduler.objects.create(organization=cast.globex, host=cast.carol_host, membership=other)
    assert schedules_for(cast.sam) == {"Alice", "Bob", "Carol"}
