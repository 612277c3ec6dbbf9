"""Every address of the admin, visited as everybody: nobody reads or changes another organization.

The addresses come from `admin.site`, so a class, a filter, an action or a view that is added is
visited without anybody's doing.
"""

import logging
from collections import Counter

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings.models import Host, Meeting
from portal.admin.choices import OwnRelatedFilter
from portal.models import Membership, Organization
from tests.factories import MembershipFactory, ZoomUserFactory, ZoomUserImportFactory
from tests.portal.rows import MAKERS
from tests.shared import let_create, share_account
from tests.sweep import (
    ACTORS,
    ADMINS,
    REGISTRY,
    Sweep,
    Visit,
    action_visits,
    autocompletion_visits,
    client_of,
    extra_visits,
    form_visits,
    list_visits,
    make_another,
    make_sweep_world,
    queries_of,
    site_visits,
    url,
)
from zoomauth.models import INSTALLATION

pytestmark = pytest.mark.django_db
everybody = pytest.mark.parametrize("actor", ACTORS)


@pytest.fixture(autouse=True)
def _no_lines_about_refusals():
    """Thousands of them are what is wanted here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def world(cast):
    return make_sweep_world(cast)


def count_and_check(sweep, record_property):
    """The figures, and no leak among them."""
    outcomes = sweep.outcomes
    leaks = [(one.visit, one.leaks) for one in outcomes if one.leaks]
    changed = [(one.visit, one.changed) for one in outcomes if one.changed]
    broken = [(one.visit, one.status) for one in outcomes if one.status >= 500]
    record_property("G1.admin_cells", len(outcomes))
    record_property("G2.admin_leaks", len(leaks))
    record_property("G2.admin_foreign_changes", len(changed))
    print(f"{sweep.actor}: {dict(Counter(one.visit.kind for one in outcomes))}")  # noqa: T201
    assert leaks == []
    assert changed == []
    assert broken == []


@everybody
def test_lists_show_nothing_foreign(world, actor, record_property):
    sweep = Sweep(world, actor)
    queries = queries_of(world) if actor in (*ADMINS, "operator") else {m: set() for m in REGISTRY}
    sweep.run(site_visits())
    for model in REGISTRY:
        sweep.run(list_visits(model, queries[model]))
    count_and_check(sweep, record_property)


@everybody
def test_forms_show_and_take_nothing_foreign(world, actor, record_property):
    sweep = Sweep(world, actor)
    for model in REGISTRY:
        sweep.run(form_visits(model, world))
        sweep.run(extra_visits(model, world))
    count_and_check(sweep, record_property)


@everybody
def test_autocompletion_offers_nothing_foreign(world, actor, record_property):
    sweep = Sweep(world, actor)
    sweep.run(autocompletion_visits())
    count_and_check(sweep, record_property)


@everybody
def test_actions_touch_nothing_foreign(world, actor, record_property):
    sweep = Sweep(world, actor)
    for model in REGISTRY:
        sweep.run(action_visits(model, world))
    count_and_check(sweep, record_property)


# --- A shared account ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "reads"), [("ada", False), ("gus", False), ("both", False), ("operator", True)]
)
def test_users_of_a_shared_account_that_are_nobodys_are_the_operators_alone(world, actor, reads):
    """Both organizations are on it, and may create users. The operator is the positive control."""
    shared = share_account(world.cast)
    for organization in (world.cast.acme, world.cast.globex):
        let_create(organization)
    ZoomUserFactory(
        account=shared, zoom_user_id="unassignedcanary", name="unassignedcanary",
        email="unassignedcanary@isv.example",
    )  # fmt: skip
    ZoomUserImportFactory(
        organization=None, account=shared, owner_key=INSTALLATION, state="done", done=4711
    )
    client = client_of(world, actor)
    visits = [*site_visits(), *autocompletion_visits()]
    for model in REGISTRY:
        visits += [*list_visits(model, set()), *extra_visits(model, world)]
    for name in ("users", "users_progress"):
        visits.append(
            Visit("extra", reverse(f"admin:zoomauth_zoomaccount_{name}", args=[shared.pk]))
        )
    answers = {visit.path: client.get(visit.path) for visit in visits if visit.post is None}
    bodies = {path: b"".join(answer).decode() for path, answer in answers.items()}
    found = [
        path for path, body in bodies.items() if "unassignedcanary" in body or "4711 users" in body
    ]
    assert bool(found) is reads, found


# --- The controls -----------------------------------------------------------------------------


@pytest.mark.parametrize("actor", ADMINS)
def test_the_search_finds_ones_own_in_each_list(world, actor, record_property):
    """The positive control: the same search, over what this person may see."""
    sweep = Sweep(world, actor)
    for model in REGISTRY:
        sweep.run(iter([*list_visits(model, set())][:1]))
    shown = {one.visit.model for one in sweep.outcomes if one.shows_own}
    visible = {one.visit.model for one in sweep.outcomes if one.status == 200}
    record_property("G2.admin_lists_with_own_canaries", len(shown))
    assert visible - shown == set()
    assert len(shown) >= 7


def test_the_search_finds_what_is_planted(world, record_property):
    """ada's own canaries, read as if she were gus."""
    sweep = Sweep(world, "ada")
    sweep.actor = "gus"
    sweep.run(list_visits(Membership, set()))
    found = sum(bool(one.leaks) for one in sweep.outcomes)
    record_property("G2.admin_planted_found", found)
    assert found > 10


def test_a_filter_over_other_rows_offers_ones_own(world):
    """To an operator who is somebody's admin the scope is open, so the filter has to close it."""
    MembershipFactory(user=world.cast.operator, organization=world.cast.acme, role="admin")
    request = RequestFactory().get("/")
    request.user = world.cast.operator
    entry = REGISTRY[Meeting]
    field = Meeting._meta.get_field("host")
    spec = OwnRelatedFilter(field, request, {}, Meeting, entry, "host")
    offered = {key for key, _name in spec.field_choices(field, request, entry)}
    own = {host.pk for host in world.rows["acme"][Host]}
    assert offered == own


def test_each_class_is_visited_as_it_stands(world):
    for model, entry in REGISTRY.items():
        paths = {visit.path for visit in form_visits(model, world)}
        assert url(model, "add") in paths, entry


# --- Constant numbers of queries --------------------------------------------------------------


def grow(world, model, count):
    for number in range(count):
        if model is Organization:
            organization = Organization.objects.create(name=f"Another {number} of {count}")
            Membership.objects.create(user=world.both, organization=organization, role="admin")
        else:
            make_another(world, model, world.cast.acme)


def count_queries(world, actor):
    client = client_of(world, actor)
    # The first request of a session writes to it.
    client.get(reverse("admin:jsi18n"))
    counted = {}
    for model in REGISTRY:
        with CaptureQueriesContext(connection) as queries:
            client.get(url(model, "changelist"))
        counted[model.__name__] = len(queries)
    return counted


def test_lists_of_twenty_take_as_many_queries_as_lists_of_two(world):
    actors = ("ada", "both", "operator")
    grown = [model for model in REGISTRY if model in MAKERS]
    for model in grown:
        grow(world, model, 2)
    few = {actor: count_queries(world, actor) for actor in actors}
    for model in grown:
        grow(world, model, 18)
    for actor in actors:
        many = count_queries(world, actor)
        # A page that says which step is next may ask less, as more is done.
        assert {name: n for name, n in many.items() if n > few[actor][name]} == {}


def test_the_host_form_takes_as_many_queries_whatever_the_members(world):
    client = client_of(world, "ada")
    path = url(Host, "change", world.first(Host, "acme").pk)
    # The first request of a session writes to it.
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    grow(world, Membership, 20)
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)
