"""One row of any tenant model, for tests that walk over all models."""

from django.apps import apps

from meetings.models import AlternativeHost, Host, HostScheduler, Meeting
from portal.audit import record
from portal.models import AuditEvent, Membership, Organization
from tests.factories import (
    AlternativeHostFactory,
    HostFactory,
    HostSchedulerFactory,
    MeetingFactory,
    MembershipFactory,
    WebhookEventFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
    ZoomUserAssignmentFactory,
)
from zoomauth.models import WebhookEvent, ZoomAccount, ZoomConnection, ZoomUserAssignment

OUR_APPS = ("portal", "zoomauth", "meetings")
OUR_MODELS = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]


def _host_of(organization):
    return HostFactory(organization=organization)


MAKERS = {
    Organization: lambda organization: organization,
    Membership: lambda organization: MembershipFactory(organization=organization),
    AuditEvent: lambda organization: record("test.done", organization=organization, actor=None),
    ZoomAccount: lambda organization: ZoomAccountFactory(organization=organization),
    ZoomConnection: lambda organization: ZoomConnectionFactory(organization=organization),
    ZoomUserAssignment: lambda organization: ZoomUserAssignmentFactory(organization=organization),
    WebhookEvent: lambda organization: WebhookEventFactory(account__organization=organization),
    Host: _host_of,
    HostScheduler: lambda organization: HostSchedulerFactory(
        host=_host_of(organization), membership=MembershipFactory(organization=organization)
    ),
    Meeting: lambda organization: MeetingFactory(host=_host_of(organization)),
    AlternativeHost: lambda organization: AlternativeHostFactory(
        meeting=MeetingFactory(host=_host_of(organization)), host=_host_of(organization)
    ),
}


def make_row(model, organization):
    """A valid row of this tenant model in this organization."""
    return MAKERS[model](organization)
