"""One row of any tenant model, for tests that walk over all models."""

from django.apps import apps

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
from portal.audit import record
from portal.models import (
    AuditEvent,
    IdentityProvider,
    Invitation,
    Membership,
    Organization,
    OrganizationErasure,
)
from tests.factories import (
    AlternativeHostFactory,
    ConnectionCheckFactory,
    HostFactory,
    HostLinkFactory,
    HostSchedulerFactory,
    IdentityProviderFactory,
    InvitationFactory,
    MeetingDefaultsFactory,
    MeetingFactory,
    MembershipFactory,
    OnBehalfStartFactory,
    StartAttemptFactory,
    TomorrowReportFactory,
    TomorrowReportRowFactory,
    WebhookEventFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
    ZoomUserAssignmentFactory,
    ZoomUserCreationFactory,
    ZoomUserFactory,
    ZoomUserImportFactory,
)
from zoomauth.models import (
    AccessToken,
    ConnectionCheck,
    WebhookEvent,
    ZoomAccount,
    ZoomConnection,
    ZoomUser,
    ZoomUserAssignment,
    ZoomUserCreation,
    ZoomUserImport,
)

OUR_APPS = ("portal", "zoomauth", "meetings")
OUR_MODELS = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]


def _host_of(organization):
    return HostFactory(organization=organization)


MAKERS = {
    Organization: lambda organization: organization,
    Membership: lambda organization: MembershipFactory(organization=organization),
    Invitation: lambda organization: InvitationFactory(organization=organization),
    IdentityProvider: lambda organization: IdentityProviderFactory(organization=organization),
    OrganizationErasure: lambda organization: OrganizationErasure.objects.create(
        organization=organization
    ),
    AuditEvent: lambda organization: record("test.done", organization=organization, actor=None),
    ZoomAccount: lambda organization: ZoomAccountFactory(organization=organization),
    ZoomConnection: lambda organization: ZoomConnectionFactory(organization=organization),
    ZoomUserAssignment: lambda organization: ZoomUserAssignmentFactory(organization=organization),
    ZoomUserCreation: lambda organization: ZoomUserCreationFactory(organization=organization),
    WebhookEvent: lambda organization: WebhookEventFactory(account__organization=organization),
    ConnectionCheck: lambda organization: ConnectionCheckFactory(
        account__organization=organization
    ),
    ZoomUser: lambda organization: ZoomUserFactory(account__organization=organization),
    ZoomUserImport: lambda organization: ZoomUserImportFactory(organization=organization),
    HostLink: lambda organization: HostLinkFactory(organization=organization),
    Host: _host_of,
    HostScheduler: lambda organization: HostSchedulerFactory(
        host=_host_of(organization), membership=MembershipFactory(organization=organization)
    ),
    Meeting: lambda organization: MeetingFactory(host=_host_of(organization)),
    MeetingDefaults: lambda organization: MeetingDefaultsFactory(organization=organization),
    OnBehalfStart: lambda organization: OnBehalfStartFactory(
        meeting=MeetingFactory(host=_host_of(organization))
    ),
    StartAttempt: lambda organization: StartAttemptFactory(
        meeting=MeetingFactory(host=_host_of(organization))
    ),
    TomorrowReport: lambda organization: TomorrowReportFactory(organization=organization),
    TomorrowReportRow: lambda organization: TomorrowReportRowFactory(
        meeting=MeetingFactory(host=_host_of(organization))
    ),
    AlternativeHost: lambda organization: AlternativeHostFactory(
        meeting=MeetingFactory(host=_host_of(organization)), host=_host_of(organization)
    ),
}


def make_row(model, organization):
    """A valid row of this tenant model in this organization."""
    return MAKERS[model](organization)


def row_with(model, organization):
    """A row of this model in this organization; of an access token too, which is nobody's."""
    if model is AccessToken:
        return AccessToken.objects.create(account=make_row(ZoomAccount, organization))
    return make_row(model, organization)
