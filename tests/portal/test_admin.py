"""The admin: who gets in, and what an organization's admin and the operator see and change."""

import re
import uuid

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.urls import reverse

from meetings.models import Host, Meeting
from portal.admin.base import TenantModelAdmin
from portal.audit import record
from portal.models import AuditEvent, Membership, Organization, User
from tests.factories import (
    PASSWORD,
    MembershipFactory,
    UserFactory,
)
from tests.portal.rows import make_row
from zoomauth.models import ZoomAccount, ZoomConnection

pytestmark = pytest.mark.django_db
REGISTRY = dict(admin.site._registry)
NOBODY = uuid.UUID(int=404)


def url(model, view, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def body(response):
    return response.content.decode()


@pytest.fixture
def ada(cast, signed_in):
    return signed_in(cast.ada)


@pytest.fixture
def gus(cast, signed_in):
    return signed_in(cast.gus)


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator)


@pytest.fixture
def events(cast):
    """One audit event of each organization."""
    for organization, actor in ((cast.acme, cast.ada), (cast.globex, cast.gus)):
        record("test.done", organization=organization, actor=actor, target=organization)


# --- The door ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ada", "gus", "operator"])
def test_admins_and_the_operator_get_in(cast, signed_in, who):
    assert signed_in(getattr(cast, who)).get("/admin/").status_code == 200


@pytest.mark.parametrize("who", ["alice", "bob", "sam", "mia", "carol"])
@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/meetings/host/"])
def test_others_are_refused(cast, signed_in, who, path):
    assert signed_in(getattr(cast, who)).get(path, follow=True).status_code == 403


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/meetings/host/"])
def test_strangers_are_sent_to_the_one_sign_in_page(client, db, path):
    response = client.get(path, follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_the_admins_own_login_page_takes_no_password(cast, client):
    typed = {"username": cast.ada.email, "password": PASSWORD}
    assert client.post("/admin/login/", typed).status_code == 302
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def test_the_admins_own_password_page_is_the_portals(ada):
    assert ada.get("/admin/password_change/").url == reverse("account_change_password")


@pytest.mark.parametrize(
    "change",
    [
        lambda cast: Membership.objects.filter(user=cast.ada).update(role="member"),
        lambda cast: Membership.objects.filter(user=cast.ada).update(is_active=False),
        lambda cast: Organization.objects.filter(pk=cast.acme.pk).update(is_active=False),
        lambda cast: User.objects.filter(pk=cast.ada.pk).update(is_active=False),
    ],
    ids=["role", "membership", "organization", "person"],
)
def test_what_was_taken_away_is_gone_at_the_next_request(cast, ada, change):
    assert ada.get("/admin/meetings/host/").status_code == 200
    change(cast)
    assert ada.get("/admin/meetings/host/").status_code == 302


# --- What is there ----------------------------------------------------------------------------


def apps_shown(client):
    return {
        entry["object_name"]
        for app in client.get("/admin/").context["app_list"]
        for entry in app["models"]
    }


TENANTS = {
    "Organization", "Membership", "Invitation", "AuditEvent", "ZoomAccount", "ZoomConnection",
    "ZoomUserAssignment", "WebhookEvent",
}  # fmt: skip


# What operators do not see.
CONTENT = {
    "Host", "Meeting", "MeetingDefaults", "StartAttempt", "TomorrowReport", "IdentityProvider",
}  # fmt: skip


def test_an_admin_is_offered_the_organizations_things(ada):
    assert apps_shown(ada) == TENANTS | CONTENT


def test_the_first_page_speaks_of_things_and_not_of_our_modules(ada):
    captions = re.findall(r'class="section"[^>]*>\s*([^<]+?)\s*<', body(ada.get("/admin/")))
    assert captions == ["Hosts and meetings", "People and organizations", "Zoom"]


def test_the_first_page_is_headed_by_whom_it_is_about(ada, operator):
    assert "<h1>Your organization</h1>" in body(ada.get("/admin/"))
    assert "<h1>This installation</h1>" in body(operator.get("/admin/"))


def test_the_operator_is_offered_no_hosts_and_no_meetings(operator):
    assert apps_shown(operator) == TENANTS | {"User", "ZoomUser"}


@pytest.mark.parametrize("model", [Host, Meeting])
def test_the_operator_opens_no_host_and_no_meeting(cast, operator, model):
    row = model.objects.first()
    assert operator.get(url(model, "changelist")).status_code == 403
    assert operator.get(url(model, "change", row.pk)).status_code in (302, 403)
    assert operator.get(url(model, "history", row.pk)).status_code in (302, 403)


def test_an_operator_who_administers_acme_still_brings_no_host_into_globex(cast, operator):
    MembershipFactory(user=cast.operator, organization=cast.acme, role=Membership.Role.ADMIN)
    page = "/admin/meetings/host/zoom-users/"
    assert operator.get(page, {"organization": cast.acme.pk}).status_code == 200
    assert operator.get(page, {"organization": cast.globex.pk}).status_code == 404


# --- Every page, searched for the other tenant ------------------------------------------------


def pages_of(model_admin, rows):
    """Lists, forms, history and deletion of a class, also searched, sorted and filtered."""
    model = model_admin.model
    lists = url(model, "changelist")
    yield from (lists, url(model, "add"), f"{lists}?q=lobe", f"{lists}?q=a", f"{lists}?o=-1")
    for row in rows:
        yield from (url(model, view, row.pk) for view in ("change", "history", "delete"))


def without_csrf(text):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def without_examples(text):
    """Without the help texts that happen to name an Acme."""
    return re.sub(r"People read it when they sign in: [^<]*|login\.example/realms/acme", "", text)


FOREIGN = {
    "ada": re.compile("globex|carol|gus@", re.IGNORECASE),
    "gus": re.compile("acme|alice|bob|sam@|mia@|ada@", re.IGNORECASE),
}


@pytest.mark.parametrize("who", ["ada", "gus"])
@pytest.mark.parametrize("model", REGISTRY, ids=lambda model: model.__name__)
def test_no_page_shows_anything_of_the_other_organization(cast, signed_in, events, who, model):
    client = signed_in(getattr(cast, who))
    for page in pages_of(REGISTRY[model], model.objects.all()):
        response = client.get(page, follow=True)
        text = without_examples(without_csrf(body(response)))
        found = FOREIGN[who].search(text)
        assert not found, (page, text[max(found.start() - 200, 0) : found.end() + 60])


@pytest.mark.parametrize("who", ["ada", "gus"])
def test_the_search_for_canaries_finds_ones_own(cast, signed_in, events, who):
    pages = [
        body(signed_in(getattr(cast, who)).get(url(model, "changelist")))
        for model in REGISTRY
        if model is not User
    ]
    other = {"ada": "gus", "gus": "ada"}[who]
    assert sum(bool(FOREIGN[other].search(page)) for page in pages) >= 6


# --- Somebody else's is as if it were not there -----------------------------------------------


def answer_to(client, method, page, pk):
    """Everything the answer says, but for the id that was asked for and for what is random."""
    response = getattr(client, method)(page, follow=True)
    chain = [(to.replace(str(pk), "ID"), code) for to, code in response.redirect_chain]
    return response.status_code, chain, without_csrf(body(response)).replace(str(pk), "ID")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("view", ["change", "history", "delete"])
@pytest.mark.parametrize("model", REGISTRY, ids=lambda model: model.__name__)
def test_a_foreign_row_answers_like_one_that_does_not_exist(cast, ada, events, model, view, method):
    foreign = foreign_row(model, cast)
    there = answer_to(ada, method, url(model, view, foreign.pk), foreign.pk)
    nowhere = answer_to(ada, method, url(model, view, NOBODY), NOBODY)
    assert there == nowhere


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_account_is_checked_like_one_that_does_not_exist(cast, gus, method):
    pk = cast.acme_account.pk
    there = answer_to(gus, method, url(ZoomAccount, "check", pk), pk)
    assert there == answer_to(gus, method, url(ZoomAccount, "check", NOBODY), NOBODY)


def test_there_is_no_view_on_site_that_tells_which_rows_exist(cast, ada):
    for pk in (cast.meeting.pk, cast.carols_meeting.pk, NOBODY):
        assert ada.get(f"/admin/r/{content_type(Meeting)}/{pk}/").status_code == 404


def content_type(model):
    return ContentType.objects.get_for_model(model).pk


def foreign_row(model, cast):
    """A row of globex: the cast's, where there is one, or a new one."""
    known = {
        Organization: lambda: cast.globex,
        User: lambda: cast.gus,
        ZoomConnection: lambda: cast.globex.zoom_connection,
    }
    return known[model]() if model in known else make_row(model, cast.globex)


# --- Autocompletion ---------------------------------------------------------------------------


def relations():
    """Every foreign key of the installation, as the autocompletion view is asked for it."""
    return [
        pytest.param(model, field, id=f"{model.__name__}.{field.name}")
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
    ]


@pytest.mark.parametrize(("model", "field"), relations())
@pytest.mark.parametrize("term", ["", "globex", "carol"])
def test_autocompletion_offers_nothing_foreign(cast, ada, model, field, term):
    query = {
        "app_label": model._meta.app_label,
        "model_name": model._meta.model_name,
        "field_name": field.name,
        "term": term,
    }
    response = ada.get("/admin/autocomplete/", query)
    assert response.status_code in (200, 403, 404)
    assert not FOREIGN["ada"].search(body(response))


def test_autocompletion_offers_ones_own(cast, ada):
    query = {"app_label": "zoomauth", "model_name": "zoomaccount", "field_name": "organization"}
    assert "Acme" in body(ada.get("/admin/autocomplete/", query))


def test_autocompletion_of_people_is_the_operators(ada, operator):
    query = {"app_label": "portal", "model_name": "membership", "field_name": "user"}
    assert ada.get("/admin/autocomplete/", query).status_code == 403
    assert "carol" in body(operator.get("/admin/autocomplete/", query | {"term": "carol"})).lower()


# --- Filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Host, "membership__user__password__startswith=md5"),
        (Host, "organization__name=Globex"),
        (Host, "meetings__topic__startswith=A"),
        (Membership, "user__password__startswith=md5"),
        (ZoomAccount, "connections__organization__name=Globex"),
        (ZoomAccount, "client_secret__startswith=v1"),
        (ZoomAccount, "client_secret=acme-client-secret-0123456789abcdef"),
        (Meeting, "passcode=pass123"),
        (Meeting, "created_by__password__startswith=md5"),
        (Organization, "memberships__user__email=carol"),
        (ZoomAccount, "_to_field=client_secret"),
        (Meeting, "_to_field=passcode"),
    ],
)
def test_a_filter_that_would_answer_questions_is_refused(ada, model, query):
    response = ada.get(f"{url(model, 'changelist')}?{query}")
    assert response.status_code in (302, 400)


def test_a_filter_over_the_organizations_id_shows_nothing_foreign(cast, ada):
    response = ada.get(f"{url(Host, 'changelist')}?organization__id__exact={cast.globex.pk}")
    assert "Carol" not in body(response)


# --- Organizations ----------------------------------------------------------------------------


def organization_fields(**changes):
    """What the browser sends for acme, with these changes."""
    policies = {"mfa_required": "admins", "who_may_schedule": "hosts_and_schedulers"}
    return {"name": "Acme"} | policies | changes


def test_an_admin_renames_the_own_organization(cast, ada):
    ada.post(url(Organization, "change", cast.acme.pk), organization_fields(name="Acme and Sons"))
    event = AuditEvent.objects.get(action="organization.changed")
    assert Organization.objects.get(pk=cast.acme.pk).name == "Acme and Sons"
    assert (event.organization_id, event.detail["fields"]) == (cast.acme.pk, ["name"])


@pytest.mark.parametrize(
    ("policy", "sent", "before", "after"),
    [
        ("mfa_required", "everybody", "admins", "everybody"),
        ("mfa_required", "nobody", "admins", "nobody"),
        ("who_may_schedule", "schedulers_only", "hosts_and_schedulers", "schedulers_only"),
        ("admins_may_start_on_behalf", "on", False, True),
    ],
)
def test_an_admin_sets_a_policy_and_both_values_are_written_down(
    cast, ada, policy, sent, before, after
):
    page = url(Organization, "change", cast.acme.pk)
    assert ada.post(page, organization_fields(**{policy: sent})).status_code == 302
    event = AuditEvent.objects.get(action="organization.changed")
    assert getattr(Organization.objects.get(pk=cast.acme.pk), policy) == after
    assert (event.detail["before"], event.detail["after"]) == ({policy: before}, {policy: after})


def test_policies_are_not_the_operators_to_set(cast, operator):
    forged = organization_fields(mfa_required="nobody", is_active="on")
    operator.post(url(Organization, "change", cast.acme.pk), forged)
    assert Organization.objects.get(pk=cast.acme.pk).mfa_required == "admins"


def test_an_unknown_policy_is_a_form_error(cast, ada):
    page = url(Organization, "change", cast.acme.pk)
    response = ada.post(page, organization_fields(mfa_required="sometimes"))
    assert response.context["adminform"].form.errors


def test_an_admin_cannot_deactivate_the_own_organization(cast, ada):
    ada.post(url(Organization, "change", cast.acme.pk), organization_fields(is_active=""))
    assert Organization.objects.get(pk=cast.acme.pk).is_active


def test_an_admin_cannot_reactivate_it_with_a_forged_field_either(cast, signed_in):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    Organization.objects.filter(pk=cast.globex.pk).update(is_active=False)
    page = url(Organization, "change", cast.globex.pk)
    signed_in(cast.ada).post(page, organization_fields(name="Globex", is_active="on"))
    assert not Organization.objects.get(pk=cast.globex.pk).is_active


@pytest.mark.parametrize("name", ["Globex", "GLOBEX"])
def test_a_name_that_is_taken_is_a_form_error(cast, ada, name):
    page = url(Organization, "change", cast.acme.pk)
    response = ada.post(page, organization_fields(name=name))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert Organization.objects.get(pk=cast.acme.pk).name == "Acme"


def test_an_admin_adds_no_organization(ada):
    assert ada.get(url(Organization, "add")).status_code == 403
    assert ada.post(url(Organization, "add"), {"name": "Mine"}).status_code == 403
    assert not Organization.objects.filter(name="Mine").exists()


def test_the_operator_adds_and_deactivates_an_organization(cast, operator):
    operator.post(url(Organization, "add"), {"name": "Initech", "is_active": "on"})
    initech = Organization.objects.get(name="Initech")
    operator.post(url(Organization, "change", initech.pk), {"name": "Initech"})
    assert not Organization.objects.get(pk=initech.pk).is_active
    actions = AuditEvent.objects.filter(target_id=initech.pk).values_list("action", flat=True)
    assert set(actions) == {"organization.added", "organization.changed"}


def test_from_a_new_organization_the_way_leads_to_its_first_admin(cast, operator):
    fields = {"name": "Initech", "is_active": "on"}
    page = operator.post(url(Organization, "add"), fields, follow=True)
    form = page.context["adminform"].form
    initech = Organization.objects.get(name="Initech")
    assert page.request["PATH_INFO"] == "/admin/portal/invitation/add/"
    assert (form.initial["organization"], form.initial["role"]) == (str(initech.pk), "admin")
    assert "Initech is there. Now invite its first admin" in body(page)


def test_an_invitation_is_sent_by_one_button(ada):
    text = body(ada.get("/admin/portal/invitation/add/"))
    assert re.findall(r'type="submit" value="([^"]+)" class', text) == ["Save"]


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_nobody_deletes_an_organization(cast, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = url(Organization, "delete", cast.acme.pk)
    assert client.post(page, {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [cast.acme.pk], "post": "yes"}
    client.post(url(Organization, "changelist"), bulk)
    assert Organization.objects.filter(pk=cast.acme.pk).exists()


# --- Memberships and people -------------------------------------------------------------------


def test_a_membership_that_a_host_hangs_on_stays_where_it_is(cast, operator):
    membership = cast.alice.memberships.get()
    moved = {"user": cast.gus.pk, "organization": cast.globex.pk, "role": "member"}
    operator.post(url(Membership, "change", membership.pk), moved | {"is_active": "on"})
    membership.refresh_from_db()
    assert (membership.user, membership.organization) == (cast.alice, cast.acme)


def test_a_second_membership_of_one_person_is_a_form_error(cast, operator):
    again = {"user": cast.mia.pk, "organization": cast.acme.pk, "role": "member"}
    response = operator.post(url(Membership, "add"), again)
    assert response.context["adminform"].form.errors


@pytest.mark.parametrize("view", ["changelist", "add"])
def test_people_are_the_operators_alone(ada, operator, view):
    assert ada.get(url(User, view)).status_code == 403
    assert operator.get(url(User, view)).status_code == 200


@pytest.mark.parametrize("page", ["change/", "password/", "history/", "delete/"])
def test_an_admin_reaches_no_person_not_even_themselves(cast, ada, page):
    forged = {"email": cast.ada.email, "is_superuser": "on", "is_active": "on"}
    path = f"/admin/portal/user/{cast.ada.pk}/{page}"
    assert {ada.get(path).status_code, ada.post(path, forged).status_code} <= {302, 403}
    assert not User.objects.get(pk=cast.ada.pk).is_superuser


def test_making_somebody_an_operator_is_written_down(cast, operator):
    page = url(User, "change", cast.mia.pk)
    fields = {"email": cast.mia.email, "name": "Mia", "time_zone": "UTC", "is_active": "on"}
    operator.post(page, fields | {"is_superuser": "on"})
    event = AuditEvent.objects.get(action="user.changed")
    assert User.objects.get(pk=cast.mia.pk).is_superuser
    assert (event.target_id, event.actor_id) == (str(cast.mia.pk), cast.operator.pk)


def test_of_a_changed_person_both_values_are_written_down(cast, operator):
    page = url(User, "change", cast.mia.pk)
    fields = {"email": "mia@new.example", "name": "M", "time_zone": "UTC", "is_superuser": "on"}
    operator.post(page, fields)
    detail = AuditEvent.objects.get(action="user.changed").detail
    assert detail["before"] == {
        "email": cast.mia.email, "is_active": True, "is_superuser": False,
    }  # fmt: skip
    assert detail["after"] == {
        "email": "mia@new.example", "is_active": False, "is_superuser": True,
    }  # fmt: skip


def test_a_password_is_not_set_without_its_event(cast, operator):
    """The trail refuses, as with a full disk: nothing is changed."""
    typed = {"password1": "battery-staple-horse-9", "password2": "battery-staple-horse-9"}
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {AuditEvent._meta.db_table} RENAME TO elsewhere")
    operator.raise_request_exception = False
    path = f"/admin/portal/user/{cast.mia.pk}/password/"
    assert operator.post(path, typed | {"usable_password": "true"}).status_code == 500
    assert not User.objects.get(pk=cast.mia.pk).check_password("battery-staple-horse-9")


def test_a_changed_address_no_longer_signs_in_under_the_old_one(cast, operator, client):
    old = {"login": cast.mia.email, "password": PASSWORD}
    assert client.post("/accounts/login/", old).status_code == 302
    client.logout()
    fields = {"email": "mia@new.example", "name": "Mia", "time_zone": "UTC", "is_active": "on"}
    operator.post(url(User, "change", cast.mia.pk), fields)
    assert client.post("/accounts/login/", old).status_code == 200
    assert client.post("/accounts/login/", old | {"login": "mia@new.example"}).status_code == 302


def test_a_changed_address_gets_the_mail_alone(
    cast, operator, client, mailoutbox, django_capture_on_commit_callbacks
):
    def ask_for_link(address):
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/accounts/password/reset/", {"email": address})

    ask_for_link(cast.mia.email)
    fields = {"email": "mia@new.example", "name": "Mia", "time_zone": "UTC", "is_active": "on"}
    operator.post(url(User, "change", cast.mia.pk), fields)
    for address in (cast.mia.email, "mia@new.example"):
        ask_for_link(address)
    links = [mail.to for mail in mailoutbox if "/reset/key/" in mail.body]
    assert links == [[cast.mia.email], ["mia@new.example"]]


def test_setting_a_password_is_written_down_without_it(cast, operator):
    typed = {"password1": "battery-staple-horse-9", "password2": "battery-staple-horse-9"}
    operator.post(
        f"/admin/portal/user/{cast.mia.pk}/password/", typed | {"usable_password": "true"}
    )
    event = AuditEvent.objects.get(action="user.changed")
    assert User.objects.get(pk=cast.mia.pk).check_password("battery-staple-horse-9")
    assert "battery" not in str(event.detail)


def test_the_operator_adds_a_person_who_is_written_down(cast, operator):
    typed = {"email": "new@acme.example", "name": "New", "usable_password": "false"}
    operator.post(url(User, "add"), typed)
    assert not User.objects.get(email="new@acme.example").has_usable_password()
    assert AuditEvent.objects.filter(action="user.added").count() == 1


def test_an_address_that_is_taken_in_other_letters_is_a_form_error(cast, operator):
    typed = {"email": "MIA@acme.example", "usable_password": "false"}
    response = operator.post(url(User, "add"), typed)
    assert response.context["adminform"].form.errors


# --- The trail --------------------------------------------------------------------------------


def test_an_admin_reads_the_own_trail_only(cast, ada, events):
    rows = ada.get(url(AuditEvent, "changelist")).context["cl"].queryset
    assert {event.organization_id for event in rows} == {cast.acme.pk}


def test_the_operator_reads_the_whole_trail(cast, operator, events):
    rows = operator.get(url(AuditEvent, "changelist")).context["cl"].queryset
    assert {event.organization_id for event in rows} == {cast.acme.pk, cast.globex.pk}


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_nobody_writes_in_the_trail(cast, signed_in, events, who):
    client = signed_in(getattr(cast, who))
    event = AuditEvent.objects.get(organization_id=cast.acme.pk)
    assert client.get(url(AuditEvent, "add")).status_code == 403
    assert client.post(url(AuditEvent, "change", event.pk), {"action": "x"}).status_code == 403
    assert client.post(url(AuditEvent, "delete", event.pk), {"post": "yes"}).status_code == 403


def test_the_first_page_remembers_no_names(cast, gus):
    """Django's list of recent actions would, also of an organization one administers no more."""
    page = url(Organization, "change", cast.globex.pk)
    gus.post(page, organization_fields(name="Globex Corporation"))
    assert LogEntry.objects.get().object_repr == "Globex Corporation"
    cast.gus.memberships.update(organization=cast.acme)
    # The first answer tells that the change was saved.
    gus.get("/admin/")
    assert "Globex Corporation" not in body(gus.get("/admin/"))


def test_every_admin_class_over_tenants_rows_is_a_tenant_class():
    others = {m for m, a in REGISTRY.items() if not isinstance(a, TenantModelAdmin)}
    assert others == {User}


def test_a_person_who_is_nobody_yet_is_refused(signed_in):
    assert signed_in(UserFactory()).get("/admin/", follow=True).status_code == 403
