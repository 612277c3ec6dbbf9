"""Rows for tests, made as plainly as the database allows."""

import factory
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone

from meetings.models import AlternativeHost, Host, HostScheduler, Meeting
from portal.models import Membership, Organization, User
from zoomauth.models import WebhookEvent, ZoomAccount, ZoomConnection, ZoomUserAssignment

PASSWORD = "correct-horse-battery"
# One round instead of a million; any process with production settings accepts it.
HASHED = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)


class OrganizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organization

    name = factory.Sequence("Organization {}".format)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Faker("first_name")
    email = factory.Sequence("person{}@people.example".format)
    password = HASHED


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)


class ZoomAccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ZoomAccount

    organization = factory.SubFactory(OrganizationFactory)
    account_id = factory.Sequence("account-{}".format)
    client_id = factory.Sequence("client-{}".format)
    client_secret = factory.Sequence("client-secret-of-account-number-{:04}".format)
    sdk_client_id = factory.Sequence("sdk-client-{}".format)
    sdk_client_secret = factory.Sequence("sdk-secret-of-account-number-{:08}".format)
    webhook_secret = factory.Sequence("webhook-secret-{}".format)


class ZoomConnectionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ZoomConnection

    organization = factory.SubFactory(OrganizationFactory)
    account = factory.SubFactory(
        ZoomAccountFactory, organization=factory.SelfAttribute("..organization")
    )
    owner_key = factory.SelfAttribute("organization.id")


class ZoomUserAssignmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ZoomUserAssignment

    organization = factory.SubFactory(OrganizationFactory)
    account = factory.SubFactory(ZoomAccountFactory, organization=None)
    zoom_user_id = factory.Sequence("shared-user-{}".format)


class WebhookEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WebhookEvent

    account = factory.SubFactory(ZoomAccountFactory)
    name = "meeting.started"
    happened_at = factory.LazyFunction(timezone.now)
    object_id = factory.Sequence(lambda n: str(81_234_500_000 + n))
    key = factory.Sequence("{:064x}".format)
    payload = "{}"


class HostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Host

    organization = factory.SubFactory(OrganizationFactory)
    membership = factory.SubFactory(
        MembershipFactory, organization=factory.SelfAttribute("..organization")
    )
    email = factory.LazyAttribute(
        lambda host: host.membership.user.email if host.membership else "nobody@zoom.example"
    )
    name = factory.LazyAttribute(
        lambda host: host.membership.user.name if host.membership else "Nobody"
    )
    zoom_user_id = factory.Sequence("zoom-user-{}".format)


class MeetingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Meeting

    host = factory.SubFactory(HostFactory)
    organization = factory.SelfAttribute("host.organization")
    topic = factory.Sequence("Topic {}".format)
    starts_at = factory.LazyFunction(lambda: timezone.now() + timezone.timedelta(hours=1))
    ends_at = factory.LazyAttribute(lambda row: row.starts_at + timezone.timedelta(hours=1))
    meeting_number = factory.Sequence(lambda n: 81_234_500_000 + n)
    passcode = "pass123"
    join_url = factory.LazyAttribute(lambda row: f"https://zoom.us/j/{row.meeting_number}?pwd=x")


class AlternativeHostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AlternativeHost

    meeting = factory.SubFactory(MeetingFactory)
    host = factory.SubFactory(HostFactory)
    organization = factory.SelfAttribute("meeting.organization")


class HostSchedulerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = HostScheduler

    host = factory.SubFactory(HostFactory)
    membership = factory.SubFactory(MembershipFactory)
    organization = factory.SelfAttribute("host.organization")
