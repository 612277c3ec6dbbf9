"""Rows for tests, made as plainly as the database allows."""

from datetime import date, timedelta

import factory
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone

from meetings.attempt_codes import make_attempt_id, make_code
from meetings.models import (
    AlternativeHost,
    Host,
    HostLink,
    HostScheduler,
    Meeting,
    MeetingDefaults,
    OnBehalfStart,
    StartAttempt,
    TomorrowReport,
    TomorrowReportRow,
)
from portal.models import IdentityProvider, Invitation, Membership, Organization, User
from zoomauth.models import (
    ConnectionCheck,
    WebhookEvent,
    ZoomAccount,
    ZoomConnection,
    ZoomUser,
    ZoomUserAssignment,
    ZoomUserCreation,
    ZoomUserImport,
)

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

    # Not an invented first name: sooner or later that is one of the cast's.
    name = factory.Sequence("Person {}".format)
    email = factory.Sequence("person{}@people.example".format)
    password = HASHED


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)


class InvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Invitation

    organization = factory.SubFactory(OrganizationFactory)
    email = factory.Sequence("invited{}@people.example".format)
    shown_digest = factory.Sequence("{:064x}".format)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timezone.timedelta(days=7))


class IdentityProviderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IdentityProvider

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence("Identity provider {}".format)
    issuer = factory.Sequence("https://login-{}.example".format)
    client_id = "greenroom-at-the-provider"
    client_secret = "client-secret-at-the-provider"


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


class ZoomUserCreationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ZoomUserCreation

    organization = factory.SubFactory(OrganizationFactory)
    account = factory.SubFactory(ZoomAccountFactory, organization=None)
    email = factory.Sequence("created-{}@people.example".format)
    name = factory.Sequence("Created user {}".format)


class ConnectionCheckFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ConnectionCheck

    account = factory.SubFactory(ZoomAccountFactory)
    credentials_generation = factory.SelfAttribute("account.credentials_generation")
    checked_at = factory.LazyFunction(timezone.now)


class ZoomUserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ZoomUser

    account = factory.SubFactory(ZoomAccountFactory)
    zoom_user_id = factory.Sequence("zoom-user-{}".format)
    key = factory.SelfAttribute("zoom_user_id")
    email = factory.Sequence("zoom-user-{}@people.example".format)
    name = factory.Sequence("Zoom user {}".format)
    licence = 2
    status = "active"
    seen_at = factory.LazyFunction(timezone.now)


class ZoomUserImportFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ZoomUserImport

    organization = factory.SubFactory(OrganizationFactory)
    account = factory.SubFactory(
        ZoomAccountFactory, organization=factory.SelfAttribute("..organization")
    )
    owner_key = factory.SelfAttribute("organization.id")
    phase = "active"


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


class HostLinkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = HostLink

    organization = factory.SubFactory(OrganizationFactory)
    membership = factory.SubFactory(
        MembershipFactory, organization=factory.SelfAttribute("..organization")
    )
    zoom_user_id = factory.Sequence("zoom-user-{}".format)
    email = factory.Sequence("zoom-user-{}@people.example".format)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timezone.timedelta(days=7))


class MeetingDefaultsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MeetingDefaults

    organization = factory.SubFactory(OrganizationFactory)


class OnBehalfStartFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OnBehalfStart

    meeting = factory.SubFactory(MeetingFactory)
    host = factory.SelfAttribute("meeting.host")
    organization = factory.SelfAttribute("meeting.organization")
    actor_name = "Ada"
    reason = "The host is ill"


class StartAttemptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StartAttempt

    meeting = factory.SubFactory(MeetingFactory)
    organization = factory.SelfAttribute("meeting.organization")
    host = factory.SelfAttribute("meeting.host")
    user = factory.SelfAttribute("host.membership.user")
    code = factory.LazyFunction(make_code)
    id = factory.LazyAttribute(
        lambda row: make_attempt_id(user_id=row.user.pk, meeting_id=row.meeting.pk, code=row.code)
    )
    way = "browser"
    pressed_at = factory.LazyFunction(timezone.now)


class TomorrowReportFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TomorrowReport

    organization = factory.SubFactory(OrganizationFactory)
    day = factory.Sequence(lambda n: date(2040, 1, 1) + timedelta(days=n))
    time_zone = "UTC"
    made_at = factory.LazyFunction(timezone.now)
    meetings, failing, unasked = 1, 1, 0


class TomorrowReportRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TomorrowReportRow

    meeting = factory.SubFactory(MeetingFactory)
    organization = factory.SelfAttribute("meeting.organization")
    report = factory.SubFactory(
        TomorrowReportFactory, organization=factory.SelfAttribute("..organization")
    )
    topic = factory.SelfAttribute("meeting.topic")
    starts_at = factory.SelfAttribute("meeting.starts_at")
    host_name = factory.SelfAttribute("meeting.host.name")
    rule, reason = "host_active", "inactive"
