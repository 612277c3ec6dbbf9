"""Without a scope a query raises; with one it sees that organization and no other."""

import asyncio
import contextvars
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import models
from django.db.models import Count, F
from django.http import HttpResponse
from django.test import RequestFactory
from django_scopes import ScopeError, get_scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meetings.models import Host, Meeting
from portal.models import AuditEvent, Membership, Organization, User
from portal.tenancy import ActingOrganizationsMiddleware, across_all_organizations, acting_for
from tests.factories import HostFactory, MembershipFactory, OrganizationFactory, UserFactory
from tests.portal.rows import MAKERS, OUR_MODELS, make_row
from zoomauth.models import AccessToken, BackgroundTurns, HostWrites, ZoomAccount

pytestmark = pytest.mark.django_db
TENANT_MODELS = list(MAKERS)
# Models that no scope narrows, and why.
UNSCOPED = {
    User: "a person may belong to several organizations; only the operator lists people",
    AccessToken: "an account may serve several organizations; only zoomauth.tokens reads it",
    BackgroundTurns: "as above; only zoomauth.budget reads it",
    HostWrites: "as above; only zoomauth.host_writes reads it",
}
each_model = pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)


def without_scope(action):
    """Run it as in a fresh process: no scope, and none of the tests' permission to cross."""
    return contextvars.Context().run(action)


# --- Without a scope --------------------------------------------------------------------------

ASKS = {
    "all": lambda rows: list(rows.all()),
    "iterate": lambda rows: list(rows.get_queryset()),
    "iterator": lambda rows: list(rows.iterator()),
    "length": lambda rows: len(rows.get_queryset()),
    "truth": lambda rows: bool(rows.get_queryset()),
    "index": lambda rows: rows.get_queryset()[0],
    "get": lambda rows: rows.get(),
    "filter": lambda rows: list(rows.filter(pk=None)),
    "exclude": lambda rows: list(rows.exclude(pk=None)),
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "contains": lambda rows: rows.contains(rows.model()),
    "in_bulk": lambda rows: rows.in_bulk(),
    "explain": lambda rows: rows.explain(),
    "first": lambda rows: rows.first(),
    "last": lambda rows: rows.last(),
    "earliest": lambda rows: rows.earliest("pk"),
    "latest": lambda rows: rows.latest("pk"),
    "aggregate": lambda rows: rows.aggregate(Count("pk")),
    "annotate": lambda rows: list(rows.annotate(n=Count("pk"))),
    "alias": lambda rows: list(rows.alias(n=Count("pk"))),
    "values": lambda rows: list(rows.values()),
    "values_list": lambda rows: list(rows.values_list("pk")),
    "dates": lambda rows: list(rows.dates("pk", "day")),
    "datetimes": lambda rows: list(rows.datetimes("pk", "day")),
    "only": lambda rows: list(rows.only("pk")),
    "defer": lambda rows: list(rows.defer("pk")),
    "distinct": lambda rows: list(rows.distinct()),
    "order_by": lambda rows: list(rows.order_by("pk")),
    "reverse": lambda rows: list(rows.reverse()),
    "extra": lambda rows: list(rows.extra(where=["true"])),
    "raw": lambda rows: list(rows.raw("SELECT 1")),
    "union": lambda rows: list(rows.union(rows.none())),
    "intersection": lambda rows: list(rows.intersection(rows.none())),
    "difference": lambda rows: list(rows.difference(rows.none())),
    "complex_filter": lambda rows: list(rows.complex_filter({})),
    "select_related": lambda rows: list(rows.select_related()),
    "prefetch_related": lambda rows: list(rows.prefetch_related()),
    "select_for_update": lambda rows: list(rows.select_for_update()),
    "using": lambda rows: list(rows.using("default")),
    "update": lambda rows: rows.update(pk=None),
    "bulk_update": lambda rows: rows.bulk_update(
        [rows.model(pk=uuid.uuid4())], [_any_column(rows.model)]
    ),
    "delete": lambda rows: rows.get_queryset().delete(),
    "get_or_create": lambda rows: rows.get_or_create(pk=None),
    "update_or_create": lambda rows: rows.update_or_create(pk=None),
    "subquery": lambda rows: list(User.objects.filter(pk__in=rows.using("default"))),
}
# They add rows (their owner is guarded by constraints), or return no row at all.
ASK_NOTHING = {"create", "bulk_create", "none", "as_manager", "resolve_expression"}


def _any_column(model):
    return next(f.name for f in model._meta.concrete_fields if not f.primary_key)


@each_model
@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_a_query_without_a_scope_raises(model, ask):
    with pytest.raises(ScopeError):
        without_scope(lambda: ask(model.objects))


def test_every_way_of_asking_is_tried_above():
    public = {name for name in vars(models.QuerySet) if not name.startswith("_")}
    methods = {name for name in public if callable(getattr(models.QuerySet, name))}
    asynchronous = {name for name in methods if name[1:] in methods and name.startswith("a")}
    assert methods - asynchronous - set(ASKS) - ASK_NOTHING == set()


@each_model
def test_an_asynchronous_query_without_a_scope_raises(model):
    async def ask():
        return await model.objects.acount()

    with pytest.raises(ScopeError):
        without_scope(lambda: asyncio.run(ask()))


def test_a_reverse_relation_without_a_scope_raises():
    organization = HostFactory().organization
    with pytest.raises(ScopeError):
        without_scope(lambda: list(organization.hosts.all()))


def test_asking_for_nothing_is_allowed():
    assert without_scope(lambda: list(Host.objects.none())) == []


def test_people_can_be_read_without_a_scope():
    user = UserFactory()
    assert without_scope(lambda: User.objects.get()) == user


def test_every_model_of_ours_is_scoped_or_excused():
    def is_scoped(model):
        try:
            without_scope(model._default_manager.exists)
        except ScopeError:
            return True
        return False

    assert {model for model in OUR_MODELS if not is_scoped(model)} == set(UNSCOPED)


def test_every_scoped_model_has_a_maker():
    assert set(OUR_MODELS) == set(MAKERS) | set(UNSCOPED)


def test_no_model_has_an_unscoped_manager_beside_it():
    extra = [
        (model, manager.name)
        for model in TENANT_MODELS
        for manager in model._meta.managers
        if manager.name != "objects"
    ]
    assert extra == []


# --- With a scope -----------------------------------------------------------------------------


@pytest.fixture
def acme():
    return OrganizationFactory(name="Acme")


@pytest.fixture
def globex():
    return OrganizationFactory(name="Globex")


@each_model
def test_a_scope_sees_its_own_rows_and_no_others(model, acme, globex):
    own, foreign = make_row(model, acme), make_row(model, globex)
    with acting_for(acme.pk):
        seen = set(model.objects.all())
    assert own in seen
    assert foreign not in seen


@each_model
def test_a_scope_of_two_sees_both(model, acme, globex):
    rows = {make_row(model, acme), make_row(model, globex)}
    make_row(model, OrganizationFactory())
    with acting_for(acme.pk, globex.pk):
        assert rows <= set(model.objects.all())
    with across_all_organizations():
        assert model.objects.count() >= 3


@each_model
def test_an_empty_scope_sees_nothing(model, acme):
    make_row(model, acme)
    with acting_for():
        assert not model.objects.exists()


@each_model
def test_a_foreign_row_is_neither_changed_nor_deleted(model, acme, globex):
    foreign = make_row(model, globex)
    column = _any_column(model)
    with acting_for(acme.pk):
        rows = model.objects.filter(pk=foreign.pk)
        changed, (deleted, _) = rows.update(**{column: F(column)}), rows.delete()
    assert (changed, deleted) == (0, 0)
    assert model.objects.filter(pk=foreign.pk).exists()


@each_model
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(owners=st.sets(st.integers(0, 2)), acting=st.sets(st.integers(0, 2)))
def test_what_a_scope_sees_is_what_its_organizations_own(model, owners, acting):
    organizations = OrganizationFactory.create_batch(3)
    made = [(owner, make_row(model, organizations[owner]).pk) for owner in owners]
    with acting_for(*(organizations[index].pk for index in acting)):
        seen = set(model.objects.values_list("pk", flat=True))
    assert {pk for owner, pk in made if owner in acting} == {pk for _, pk in made} & seen


def test_the_installations_account_belongs_to_no_organizations_scope(acme):
    shared = ZoomAccount.objects.create(organization=None, name="Shared")
    with acting_for(acme.pk):
        assert not ZoomAccount.objects.exists()
    assert ZoomAccount.objects.get() == shared


def test_a_scope_ends_with_its_block(acme):
    before = get_scope()
    with acting_for(acme.pk):
        assert get_scope() != before
    assert get_scope() == before


def test_a_scope_ends_when_the_block_raises(acme):
    before = get_scope()
    with pytest.raises(ZeroDivisionError), acting_for(acme.pk):
        _ = 1 / 0
    assert get_scope() == before


def test_an_inner_scope_replaces_the_outer(acme, globex):
    make_row(Host, acme)
    with acting_for(acme.pk), acting_for(globex.pk):
        assert not Host.objects.exists()


def test_a_thread_starts_without_the_scope(acme):
    make_row(Host, acme)
    with acting_for(acme.pk), ThreadPoolExecutor(1) as threads:
        with pytest.raises(ScopeError):
            threads.submit(Host.objects.exists).result()
        assert Host.objects.exists()


# --- The scope of a request -------------------------------------------------------------------


def scope_of(user, path="/meetings/"):
    """What a view may see: the organization ids of the scope, or "all"."""
    seen = []

    def view(request):
        scope = get_scope()
        seen.append(set(scope["organization"]) if scope["_enabled"] else "all")
        return HttpResponse()

    request = RequestFactory().get(path)
    # As at each request: read anew, so nothing of the last one is remembered.
    request.user = User.objects.get(pk=user.pk)
    without_scope(lambda: ActingOrganizationsMiddleware(view)(request))
    return seen[0]


@pytest.fixture
def member(acme, globex):
    """A member of acme and admin of globex."""
    user = UserFactory()
    MembershipFactory(user=user, organization=acme)
    MembershipFactory(user=user, organization=globex, role=Membership.Role.ADMIN)
    return user


def test_a_member_of_two_organizations_acts_for_both(member, acme, globex):
    assert scope_of(member) == {acme.pk, globex.pk}


def test_in_the_admin_only_the_organizations_one_administers_count(member, globex):
    assert scope_of(member, "/admin/") == {globex.pk}


def test_a_path_that_only_begins_like_the_admin_is_not_the_admin(member, acme, globex):
    assert scope_of(member, "/administration/") == {acme.pk, globex.pk}


def test_a_stranger_acts_for_nobody(acme):
    assert scope_of(UserFactory()) == set()


@pytest.mark.parametrize("path", ["/meetings/", "/admin/"])
def test_an_inactive_membership_counts_no_more_at_the_next_request(member, globex, path):
    assert globex.pk in scope_of(member, path)
    Membership.objects.filter(user=member, organization=globex).update(is_active=False)
    assert globex.pk not in scope_of(member, path)


@pytest.mark.parametrize("path", ["/meetings/", "/admin/"])
def test_an_inactive_organization_counts_no_more_at_the_next_request(member, globex, path):
    Organization.objects.filter(pk=globex.pk).update(is_active=False)
    assert globex.pk not in scope_of(member, path)


@pytest.mark.parametrize("path", ["/meetings/", "/admin/"])
def test_an_inactive_person_acts_for_nobody(member, path):
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert scope_of(member, path) == set()


def test_a_lost_admin_role_counts_no_more_in_the_admin(member, globex):
    Membership.objects.filter(user=member).update(role=Membership.Role.MEMBER)
    assert scope_of(member, "/admin/") == set()
    assert globex.pk in scope_of(member)


def test_the_operator_crosses_in_the_admin():
    assert scope_of(UserFactory(is_superuser=True), "/admin/") == "all"


def test_the_operator_crosses_nowhere_else():
    assert scope_of(UserFactory(is_superuser=True)) == set()


def test_an_inactive_operator_does_not_cross():
    operator = UserFactory(is_superuser=True, is_active=False)
    assert scope_of(operator, "/admin/") == set()


def test_a_signed_in_person_is_out_once_deactivated(cast, signed_in):
    client = signed_in(cast.alice)
    assert client.get("/meetings/").status_code == 200
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    assert client.get("/meetings/").status_code == 302


def test_a_request_leaves_no_scope_behind(member):
    def two_requests():
        middleware = ActingOrganizationsMiddleware(lambda request: HttpResponse())
        request = RequestFactory().get("/meetings/")
        request.user = member
        middleware(request)
        return Host.objects.exists()

    with pytest.raises(ScopeError):
        without_scope(two_requests)


def test_a_failed_request_leaves_no_scope_behind(member):
    def view(request):
        raise ZeroDivisionError

    request = RequestFactory().get("/meetings/")
    request.user = member
    before = get_scope()
    with pytest.raises(ZeroDivisionError):
        ActingOrganizationsMiddleware(view)(request)
    assert get_scope() == before


def test_requests_of_two_tenants_at_once_keep_their_scopes(acme, globex):
    """Each thread opens its scope, waits for the other's, and looks at its own again."""
    both_open = Barrier(2, timeout=10)

    def request(organization):
        with acting_for(organization.pk):
            both_open.wait()
            return get_scope()["organization"]

    with ThreadPoolExecutor(2) as threads:
        seen = list(threads.map(request, [acme, globex]))
    assert seen == [[acme.pk], [globex.pk]]


def test_the_audit_trail_of_the_installation_is_in_no_scope(acme):
    AuditEvent.objects.create(action="test.done", result="done")
    with acting_for(acme.pk):
        assert not AuditEvent.objects.exists()


def test_a_meeting_reached_through_a_foreign_host_is_not_seen(acme, globex):
    meeting = make_row(Meeting, globex)
    with acting_for(acme.pk):
        assert not Meeting.objects.filter(host=meeting.host).exists()
