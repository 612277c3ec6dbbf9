"""The admin over 100 organizations of 1,000 hosts takes no more queries than over a few."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings.models import Host, Meeting
from portal.models import Membership, Organization, User
from tests.crowds import multiply
from tests.factories import (
    HostFactory,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
    ZoomConnectionFactory,
    ZoomUserFactory,
)
from tests.sessions import sign_in

ORGANIZATIONS, HOSTS = 100, 1000
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the rows are PostgreSQL's work"),
]


def found_organization(number: int, boss: User) -> Host:
    """One organization with its Zoom account, and one person who hosts one meeting."""
    organization = OrganizationFactory(name=f"Faculty {number}")
    MembershipFactory(organization=organization, user=boss, role=Membership.Role.ADMIN)
    account = ZoomConnectionFactory(organization=organization).account
    host = HostFactory(organization=organization)
    ZoomUserFactory(account=account, zoom_user_id=host.zoom_user_id, email=host.email)
    MeetingFactory(host=host)
    return host


def fill(host: Host, hosts: int) -> None:
    """So many more people with all that this one has."""

    def key(name: str) -> str:
        return f"md5('{host.pk}{name}' || n)::uuid"

    address, zoom_id = f"n || '-{host.email}'", f"'{host.zoom_user_id}-' || n"
    user, meeting = host.membership.user, Meeting.objects.get(host=host)
    multiply(user, hosts, id=key("user"), email=address, name=f"'Person ' || n || '-{host.pk}'")
    multiply(host.membership, hosts, id=key("member"), user_id=key("user"))
    multiply(
        host, hosts,
        id=key("host"), membership_id=key("member"), zoom_user_id=zoom_id, email=address,
    )  # fmt: skip
    account = host.organization.zoom_connection.account
    zoom_user = account.zoom_users.get()
    multiply(zoom_user, hosts, key=zoom_id, zoom_user_id=zoom_id, email=address)
    number = f"{meeting.meeting_number} * 1000 + n"
    multiply(meeting, hosts, host_id=key("host"), meeting_number=number)


def pages(organization: Organization) -> list[str]:
    """Every list of the admin, each searched too, and the pages over all of an organization."""
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]
    of_one = [
        f"{reverse(f'admin:meetings_host_{name}')}?organization={organization.pk}"
        for name in ("matching", "progress")
    ]
    return [reverse("admin:index"), *lists, *(f"{path}?q=person" for path in lists), *of_one]


def count_queries(client: Client, paths: list[str]) -> dict[str, int]:
    counted = {}
    for path in paths:
        with CaptureQueriesContext(connection) as queries:
            status = client.get(path).status_code
        if status == 200:
            counted[path] = len(queries)
    return counted


def test_lists_of_a_hundred_thousand_take_as_many_queries_as_lists_of_four(record_property):
    boss, operator = UserFactory(), UserFactory(is_superuser=True)
    clients = [Client(), Client()]
    for client, user in zip(clients, (boss, operator), strict=True):
        sign_in(client, user)
        # The first request of a session writes to it.
        client.get(reverse("admin:index"))
    hosts = [found_organization(number, boss) for number in range(4)]
    paths = pages(hosts[0].organization)
    few = [count_queries(client, paths) for client in clients]
    hosts += [found_organization(number, boss) for number in range(4, ORGANIZATIONS)]
    for host in hosts:
        fill(host, HOSTS - 1)
    assert Host.objects.count() == ORGANIZATIONS * HOSTS
    many = [count_queries(client, paths) for client in clients]
    record_property("lists.pages", sum(map(len, many)))
    more = {
        path: (few[number][path], count)
        for number, counted in enumerate(many)
        for path, count in counted.items()
        if count != few[number].get(path)
    }
    assert more == {}
    assert len(many[0]) > 20
