"""The floor: whatever the code does, the database keeps tenants apart."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.utils import IntegrityError

from meetings.models import AlternativeHost, Host, Meeting
from portal.constraints import SameOrganization
from portal.models import AuditEvent, Membership, Organization, User
from tests.factories import (
    AlternativeHostFactory,
    HostFactory,
    HostLinkFactory,
    HostSchedulerFactory,
    IdentityProviderFactory,
    InvitationFactory,
    MeetingDefaultsFactory,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    TomorrowReportFactory,
    UserFactory,
    WebhookEventFactory,
    ZoomAccountFactory,
    ZoomConnectionFactory,
    ZoomUserAssignmentFactory,
    ZoomUserCreationFactory,
    ZoomUserFactory,
    ZoomUserImportFactory,
)
from tests.portal.rows import MAKERS, OUR_MODELS, make_row
from zoomauth.models import (
    INSTALLATION,
    AccessToken,
    BackgroundTurns,
    ConnectionCheck,
    HostWrites,
    WebhookEvent,
    ZoomAccount,
    ZoomConnection,
    ZoomUser,
    ZoomUserAssignment,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

GUARDED = [
    pytest.param(model, constraint, id=constraint.name)
    for model in OUR_MODELS
    for constraint in model._meta.constraints
    if isinstance(constraint, SameOrganization)
]
# These point to a row of the installation's, so these two have nothing to say of them.
TO_THE_INSTALLATIONS = ("zoomuserassignment_account_owner", "zoomusercreation_account_owner")
AMONG_OWN_ROWS = [p for p in GUARDED if p.id not in TO_THE_INSTALLATIONS]
# Foreign keys between tenant models that need no such constraint, and why.
UNGUARDED = {
    (AccessToken, "account"): "the row has no owner of its own: it is its account's",
    (ConnectionCheck, "account"): "the row has no owner of its own: it is its account's",
    (WebhookEvent, "account"): "the row has no owner of its own: it is its account's",
    (ZoomUser, "account"): "the row has no owner of its own: it is its account's",
}


@pytest.fixture
def acme():
    return OrganizationFactory(name="Acme")


@pytest.fixture
def globex():
    return OrganizationFactory(name="Globex")


def references():
    """Every foreign key from a row that some organization owns to another such row."""
    owned = {*MAKERS, AccessToken} - {Organization, AuditEvent}
    return [
        (model, field.name)
        for model in OUR_MODELS
        for field in model._meta.concrete_fields
        if model in owned and field.is_relation and field.related_model in owned
    ]


def test_every_reference_between_tenants_rows_is_guarded():
    guarded = {(p.values[0], p.values[1].field) for p in GUARDED}
    assert set(references()) - guarded - set(UNGUARDED) == set()


def test_no_exception_is_stale():
    guarded = {(p.values[0], p.values[1].field) for p in GUARDED}
    assert set(UNGUARDED) <= set(references()) - guarded


def test_every_guard_is_in_the_database():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'")
            there = {name for (name,) in cursor.fetchall()}
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
            there = "".join(sql or "" for (sql,) in cursor.fetchall())
    assert len(GUARDED) >= 7
    assert [p.id for p in GUARDED if p.id not in there] == []


def set_by_sql(row, column, value):
    key = row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {column} = %s"  # noqa: S608 - our own names
            f" WHERE {key.column} = %s",
            [key.get_db_prep_value(value, connection), key.get_db_prep_value(row.pk, connection)],
        )


@pytest.mark.parametrize(("model", "constraint"), GUARDED)
def test_raw_sql_cannot_refer_across_organizations(model, constraint, acme, globex):
    field = model._meta.get_field(constraint.field)
    row, foreign = make_row(model, acme), make_row(field.related_model, globex)
    with pytest.raises(IntegrityError), transaction.atomic():
        set_by_sql(row, field.column, foreign.pk)
    assert model.objects.get(pk=row.pk).serializable_value(field.attname) == getattr(
        row, field.attname
    )


@pytest.mark.parametrize(("model", "constraint"), AMONG_OWN_ROWS)
def test_raw_sql_can_refer_within_the_organization(model, constraint, acme):
    field = model._meta.get_field(constraint.field)
    row, other = make_row(model, acme), make_row(field.related_model, acme)
    set_by_sql(row, field.column, other.pk)
    assert model.objects.get(pk=row.pk).serializable_value(field.attname) == other.pk


@pytest.mark.parametrize(("model", "constraint"), GUARDED)
def test_saving_cannot_refer_across_organizations(model, constraint, acme, globex):
    row = make_row(model, acme)
    related = model._meta.get_field(constraint.field).related_model
    setattr(row, constraint.field, make_row(related, globex))
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(update_fields=[constraint.field])


@pytest.mark.parametrize(("model", "constraint"), AMONG_OWN_ROWS)
def test_a_row_cannot_leave_its_organization_alone(model, constraint, acme, globex):
    row = make_row(model, acme)
    with pytest.raises(IntegrityError), transaction.atomic():
        set_by_sql(row, "organization_id", globex.pk)


@pytest.mark.parametrize(("model", "constraint"), GUARDED)
def test_what_is_referred_to_cannot_leave_either(model, constraint, acme, globex):
    target = getattr(make_row(model, acme), constraint.field)
    with pytest.raises(IntegrityError), transaction.atomic():
        set_by_sql(target, "organization_id", globex.pk)


@pytest.mark.parametrize(("model", "constraint"), GUARDED)
def test_validation_says_so_before_the_database_does(model, constraint, acme, globex):
    row = make_row(model, acme)
    related = model._meta.get_field(constraint.field).related_model
    setattr(row, constraint.field, make_row(related, globex))
    with pytest.raises(ValidationError) as caught:
        constraint.validate(model, row)
    assert list(caught.value.message_dict) == [constraint.field]


@pytest.mark.parametrize(("model", "constraint"), GUARDED)
def test_validation_lets_a_valid_row_pass(model, constraint, acme):
    constraint.validate(model, make_row(model, acme))


def test_an_empty_reference_is_not_checked(acme):
    host = HostFactory(organization=acme, membership=None)
    next(c for c in Host._meta.constraints if isinstance(c, SameOrganization)).validate(Host, host)
    assert Host.objects.get().membership is None


# --- Which Zoom account an organization may use -----------------------------------------------


def test_an_organization_may_use_its_own_account(acme):
    assert ZoomConnectionFactory(organization=acme).account.organization == acme


def test_an_organization_may_use_the_installations_account(acme):
    shared = ZoomAccountFactory(organization=None)
    ZoomConnection.objects.create(organization=acme, account=shared, owner_key=INSTALLATION)
    assert ZoomConnection.objects.get().account == shared


@pytest.mark.parametrize("claimed", ["own", "installation", "theirs"])
def test_an_organization_may_not_use_anothers_account(acme, globex, claimed):
    theirs = ZoomAccountFactory(organization=globex)
    owner_key = {"own": acme.pk, "installation": INSTALLATION, "theirs": globex.pk}[claimed]
    with pytest.raises(IntegrityError), transaction.atomic():
        ZoomConnection.objects.create(organization=acme, account=theirs, owner_key=owner_key)


def test_a_shared_account_cannot_be_taken_into_one_organization_while_used(acme, globex):
    shared = ZoomAccountFactory(organization=None)
    ZoomConnection.objects.create(organization=acme, account=shared, owner_key=INSTALLATION)
    with pytest.raises(IntegrityError), transaction.atomic():
        ZoomAccount.objects.filter(pk=shared.pk).update(organization=globex)


# --- Once only --------------------------------------------------------------------------------


def twice_in_one(make):
    organization = OrganizationFactory()
    make(organization)
    return lambda: make(organization)


def _host(organization, **fields):
    return HostFactory(organization=organization, **fields)


def a_second_organization_of_that_name():
    OrganizationFactory(name="Initech")
    return lambda: OrganizationFactory(name="INITECH")


def a_second_user_of_that_address():
    UserFactory(email="person@people.example")
    return lambda: UserFactory(email="Person@People.example")


def a_second_membership():
    first = MembershipFactory()
    return lambda: MembershipFactory(user=first.user, organization=first.organization)


def a_second_host_of_that_zoom_user():
    return twice_in_one(lambda organization: _host(organization, zoom_user_id="u"))


def a_second_host_of_that_member():
    first = HostFactory()
    return lambda: _host(first.organization, membership=first.membership)


def a_second_grant():
    host = HostFactory()
    membership = MembershipFactory(organization=host.organization)
    HostSchedulerFactory(host=host, membership=membership)
    return lambda: HostSchedulerFactory(host=host, membership=membership)


def a_second_alternative_host():
    first = make_row(AlternativeHost, OrganizationFactory())
    return lambda: AlternativeHostFactory(meeting=first.meeting, host=first.host)


def a_second_meeting_of_that_number():
    host = HostFactory()
    MeetingFactory(host=host, meeting_number=81234567890)
    return lambda: MeetingFactory(host=host, meeting_number=81234567890)


def a_second_connection():
    return twice_in_one(lambda organization: ZoomConnectionFactory(organization=organization))


def a_second_assignment():
    first = make_row(ZoomUserAssignment, OrganizationFactory())
    same = {name: getattr(first, name) for name in ("organization", "account", "zoom_user_id")}
    return lambda: ZoomUserAssignmentFactory(**same)


def an_assignment_on_an_account_of_ones_own():
    account = make_row(ZoomAccount, OrganizationFactory())
    own = {"organization": account.organization, "owner_key": account.organization_id}
    return lambda: ZoomUserAssignmentFactory(account=account, **own)


def a_second_row_of_that_webhook_event():
    first = make_row(WebhookEvent, OrganizationFactory())
    return lambda: WebhookEventFactory(account=first.account, key=first.key)


def a_second_row_of_those_turns():
    account = ZoomAccountFactory()
    make = lambda: BackgroundTurns.objects.create(account=account, label="light")  # noqa: E731
    make()
    return make


def a_second_count_of_that_day():
    kept = {
        "account": ZoomAccountFactory(),
        "zoom_user_id": "alice",
        "day": datetime.date(2026, 3, 2),
    }
    HostWrites.objects.create(**kept)
    return lambda: HostWrites.objects.create(**kept)


def a_second_row_of_that_zoom_user():
    first = ZoomUserFactory()
    return lambda: ZoomUserFactory(account=first.account, zoom_user_id=first.zoom_user_id)


def a_second_import_at_once():
    return twice_in_one(lambda organization: ZoomUserImportFactory(organization=organization))


def an_import_of_anothers_account():
    account = make_row(ZoomAccount, OrganizationFactory())
    return lambda: ZoomUserImportFactory(account=account, owner_key=account.organization_id)


def a_second_import_by_the_operator_at_once():
    shared = ZoomAccountFactory(organization=None)
    by_operator = {"organization": None, "account": shared, "owner_key": INSTALLATION}
    ZoomUserImportFactory(**by_operator)
    return lambda: ZoomUserImportFactory(**by_operator)


def an_import_by_the_operator_of_an_organizations_account():
    account = make_row(ZoomAccount, OrganizationFactory())
    return lambda: ZoomUserImportFactory(
        organization=None, account=account, owner_key=account.organization_id
    )


def a_second_open_wish_for_that_zoom_user():
    first = ZoomUserCreationFactory()
    same = {"organization": first.organization, "account": first.account, "email": first.email}
    return lambda: ZoomUserCreationFactory(**same, state="unknown")


def a_zoom_user_created_on_an_account_of_ones_own():
    account = make_row(ZoomAccount, OrganizationFactory())
    own = {"organization": account.organization, "owner_key": account.organization_id}
    return lambda: ZoomUserCreationFactory(account=account, **own)


def a_second_open_link_to_that_zoom_user():
    first = HostLinkFactory()
    same = {"organization": first.organization, "zoom_user_id": first.zoom_user_id}
    return lambda: HostLinkFactory(**same)


def a_meeting_that_ends_at_its_start():
    now = datetime.datetime.now(datetime.UTC)
    return lambda: MeetingFactory(starts_at=now, ends_at=now)


def an_unknown_role():
    return lambda: MembershipFactory(role="owner")


def an_unknown_role_in_an_invitation():
    return lambda: InvitationFactory(role="owner")


def a_second_open_invitation_of_that_address():
    first = InvitationFactory(email="nora@people.example")
    return lambda: InvitationFactory(organization=first.organization, email="NORA@people.example")


def an_unknown_rule_for_second_steps():
    return lambda: OrganizationFactory(mfa_required="sometimes")


def an_unknown_rule_for_scheduling():
    return lambda: OrganizationFactory(who_may_schedule="guests")


def a_second_identity_provider_of_that_name():
    first = IdentityProviderFactory()
    name = first.name.upper()
    return lambda: IdentityProviderFactory(organization=first.organization, name=name)


def defaults_of_no_minutes():
    return lambda: MeetingDefaultsFactory(duration_minutes=0)


def a_second_report_on_that_day():
    first = TomorrowReportFactory()
    return lambda: TomorrowReportFactory(organization=first.organization, day=first.day)


REFUSED = {
    "organization_name_unique": a_second_organization_of_that_name,
    "user_email_unique": a_second_user_of_that_address,
    "membership_once": a_second_membership,
    "host_zoom_user_once": a_second_host_of_that_zoom_user,
    "host.membership": a_second_host_of_that_member,
    "hostscheduler_once": a_second_grant,
    "alternativehost_once": a_second_alternative_host,
    "meeting_number_once": a_second_meeting_of_that_number,
    "zoomconnection.organization": a_second_connection,
    "meeting_ends_after_start": a_meeting_that_ends_at_its_start,
    "membership_role_known": an_unknown_role,
    "invitation_role_known": an_unknown_role_in_an_invitation,
    "invitation_open_once": a_second_open_invitation_of_that_address,
    "organization_mfa_required_known": an_unknown_rule_for_second_steps,
    "organization_who_may_schedule_known": an_unknown_rule_for_scheduling,
    "identity_provider_name": a_second_identity_provider_of_that_name,
    "zoomconnection_own_or_shared": None,  # above
    "zoomuserassignment_once": a_second_assignment,
    "webhookevent_once": a_second_row_of_that_webhook_event,
    "backgroundturns_once": a_second_row_of_those_turns,
    "hostwrites_once": a_second_count_of_that_day,
    "zoomuser_once": a_second_row_of_that_zoom_user,
    "zoomuserimport_open_once": a_second_import_at_once,
    "zoomuserimport_own_or_shared": an_import_of_anothers_account,
    "zoomuserimport_operators_open_once": a_second_import_by_the_operator_at_once,
    "zoomuserimport_operators_shared": an_import_by_the_operator_of_an_organizations_account,
    "zoomusercreation_unsettled_once": a_second_open_wish_for_that_zoom_user,
    "zoomusercreation_shared_account": a_zoom_user_created_on_an_account_of_ones_own,
    "meetingdefaults_duration": defaults_of_no_minutes,
    "tomorrowreport_once": a_second_report_on_that_day,
    "hostlink_open_once": a_second_open_link_to_that_zoom_user,
    "zoomuserassignment_shared_account": an_assignment_on_an_account_of_ones_own,
}


@pytest.mark.parametrize("rule", [name for name, arrange in REFUSED.items() if arrange])
def test_the_database_refuses(rule):
    act = REFUSED[rule]()
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_every_rule_of_a_model_is_tried_above():
    rules = {
        constraint.name
        for model in OUR_MODELS
        for constraint in model._meta.constraints
        # The key that SameOrganization refers to: it holds by the primary key alone.
        if not isinstance(constraint, SameOrganization)
        and not constraint.name.endswith("_owner_key")
    }
    assert rules - set(REFUSED) == set()


def test_one_zoom_user_id_may_occur_in_two_organizations(acme, globex):
    for organization in (acme, globex):
        _host(organization, zoom_user_id="u")
    assert Host.objects.filter(zoom_user_id="u").count() == 2


def test_one_meeting_number_may_occur_in_two_organizations(acme, globex):
    for organization in (acme, globex):
        MeetingFactory(host=_host(organization), meeting_number=81234567890)
    assert Meeting.objects.count() == 2


def test_meetings_without_a_number_do_not_clash(acme):
    host = _host(acme)
    MeetingFactory.create_batch(2, host=host, meeting_number=None)
    assert Meeting.objects.count() == 2


def test_one_person_may_belong_to_two_organizations(acme, globex):
    user = UserFactory()
    for organization in (acme, globex):
        MembershipFactory(user=user, organization=organization)
    assert Membership.objects.filter(user=user).count() == 2


def test_deleting_a_person_leaves_the_meeting(acme):
    meeting = MeetingFactory(host=_host(acme), created_by=UserFactory())
    User.objects.all().delete()
    assert Meeting.objects.get(pk=meeting.pk).created_by is None


def test_constraints_compare_by_what_they_say():
    one = SameOrganization(field="host", name="a")
    assert one == SameOrganization(field="host", name="a")
    assert one != SameOrganization(field="host", name="b")
    assert one != models.UniqueConstraint(fields=["host"], name="a")


def test_a_constraint_without_an_owner_field_is_a_mistake():
    constraint = SameOrganization(field="account", name="a", owner="tenant")
    with pytest.raises(ValueError, match="no owner field"):
        constraint.constraint_sql(ZoomConnection, connection.schema_editor())
