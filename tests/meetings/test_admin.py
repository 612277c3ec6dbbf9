"""Hosts and meetings in the admin."""

import pytest
from django.urls import reverse

from meetings.models import Host, HostScheduler
from portal.models import AuditEvent, Membership
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/meetings/host/add/"


def page_of(row):
    return reverse(f"admin:meetings_{row._meta.model_name}_change", args=[row.pk])


def fields_of(host, **changes):
    """What the browser sends for this host, with these changes."""
    return {
        "name": host.name,
        "email": host.email,
        "zoom_user_id": host.zoom_user_id,
        "membership": host.membership_id or "",
        "is_active": "on",
        "schedulers-TOTAL_FORMS": 0,
        "schedulers-INITIAL_FORMS": 0,
    } | changes


def new_host(organization, **changes):
    return {
        "organization": organization.pk,
        "name": "New",
        "email": "new@acme.example",
        "zoom_user_id": "new",
        "is_active": "on",
    } | changes


def scheduler_row(host, membership, index=0):
    return {
        "schedulers-TOTAL_FORMS": 1,
        f"schedulers-{index}-host": host.pk,
        f"schedulers-{index}-membership": membership.pk,
    }


def existing_row(grant, **changes):
    return scheduler_row(grant.host, grant.membership) | {
        "schedulers-INITIAL_FORMS": 1,
        "schedulers-0-id": grant.pk,
        **changes,
    }


def errors_of(response):
    assert response.status_code == 200
    return response.context["adminform"].form.errors


def inline_errors_of(response):
    assert response.status_code == 200
    (inline,) = response.context["inline_admin_formsets"]
    return inline.formset.errors + inline.formset.non_form_errors()


@pytest.fixture
def ada(cast, signed_in):
    return signed_in(cast.ada)


@pytest.fixture
def both(cast, signed_in):
    """ada as admin of acme and of globex."""
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    return signed_in(cast.ada)


# --- Adding: see test_hosts_pages.py ----------------------------------------------------------


def test_no_host_is_added_here(cast, ada):
    assert ada.get(ADD).status_code == 403
    assert ada.post(ADD, new_host(cast.acme)).status_code == 403
    assert not Host.objects.filter(zoom_user_id="new").exists()


# --- Changing ---------------------------------------------------------------------------------


def test_deactivating_a_host_is_written_down(cast, ada):
    ada.post(page_of(cast.alice_host), fields_of(cast.alice_host, is_active=""))
    event = AuditEvent.objects.get(action="host.changed")
    assert not Host.objects.get(pk=cast.alice_host.pk).is_active
    assert (event.target_id, event.detail) == (str(cast.alice_host.pk), {"fields": ["is_active"]})


def test_a_host_stays_in_its_organization(cast, both):
    moved = fields_of(cast.alice_host, organization=cast.globex.pk)
    assert both.post(page_of(cast.alice_host), moved).status_code == 302
    assert Host.objects.get(pk=cast.alice_host.pk).organization == cast.acme


@pytest.mark.parametrize("who", ["gus", "mia", "ada"])
def test_the_form_gives_a_host_no_other_member(cast, both, who):
    other = fields_of(cast.alice_host, membership=getattr(cast, who).memberships.earliest("pk").pk)
    assert both.post(page_of(cast.alice_host), other).status_code == 302
    assert Host.objects.get(pk=cast.alice_host.pk).membership.user == cast.alice


def test_the_form_gives_a_host_no_other_zoom_user(cast, ada):
    other = fields_of(cast.bob_host, zoom_user_id="carol", email="carol@globex.example")
    assert ada.post(page_of(cast.bob_host), other).status_code == 302
    host = Host.objects.get(pk=cast.bob_host.pk)
    assert (host.zoom_user_id, host.email) == ("bob", cast.bob_host.email)


def test_saving_keeps_what_another_changed_meanwhile(cast, ada):
    ada.get(page_of(cast.bob_host))
    Host.objects.filter(pk=cast.bob_host.pk).update(email="new@zoom.example")
    ada.post(page_of(cast.bob_host), fields_of(cast.bob_host, name="B", email="new@zoom.example"))
    host = Host.objects.get(pk=cast.bob_host.pk)
    assert (host.name, host.email) == ("B", "new@zoom.example")


def test_a_foreign_host_is_not_changed(cast, ada):
    ada.post(page_of(cast.carol_host), fields_of(cast.carol_host, name="Mine"))
    assert Host.objects.get(pk=cast.carol_host.pk).name == "Carol"


def test_no_host_is_deleted(cast, ada):
    page = f"/admin/meetings/host/{cast.bob_host.pk}/delete/"
    assert ada.post(page, {"post": "yes"}).status_code == 403


def test_foreign_hosts_are_in_no_bulk_action(cast, ada):
    chosen = {"action": "delete_selected", "_selected_action": [cast.carol_host.pk], "post": "yes"}
    ada.post("/admin/meetings/host/", chosen)
    assert Host.objects.filter(pk=cast.carol_host.pk).exists()


# --- Schedulers -------------------------------------------------------------------------------


def test_the_schedulers_of_a_host_are_shown(cast, ada):
    (inline,) = ada.get(page_of(cast.alice_host)).context["inline_admin_formsets"]
    assert [row.instance.membership.user for row in inline.formset.initial_forms] == [cast.sam]


def test_a_scheduler_is_granted_and_written_down(cast, ada):
    HostScheduler.objects.all().delete()
    sam = cast.sam.memberships.get()
    row = scheduler_row(cast.alice_host, sam)
    assert ada.post(page_of(cast.alice_host), fields_of(cast.alice_host, **row)).status_code == 302
    grant = HostScheduler.objects.get()
    assert (grant.membership, grant.organization) == (sam, cast.acme)
    assert AuditEvent.objects.filter(action="hostscheduler.added").count() == 1


def test_a_grant_is_taken_back_and_written_down(cast, ada):
    grant = HostScheduler.objects.get(host=cast.alice_host)
    row = existing_row(grant, **{"schedulers-0-DELETE": "on"})
    ada.post(page_of(cast.alice_host), fields_of(cast.alice_host, **row))
    assert not HostScheduler.objects.filter(host=cast.alice_host).exists()
    assert AuditEvent.objects.get(action="hostscheduler.deleted").target_id == str(grant.pk)


def test_a_grant_given_to_another_is_written_down_as_a_change(cast, ada):
    grant = HostScheduler.objects.get(host=cast.alice_host)
    other = MembershipFactory(organization=cast.acme, role=Membership.Role.SCHEDULER)
    row = existing_row(grant, **{"schedulers-0-membership": other.pk})
    ada.post(page_of(cast.alice_host), fields_of(cast.alice_host, **row))
    assert HostScheduler.objects.get(pk=grant.pk).membership == other
    assert AuditEvent.objects.get(action="hostscheduler.changed").actor_id == cast.ada.pk


@pytest.mark.parametrize("who", ["gus", "mia"])
def test_only_schedulers_of_the_same_organization_can_be_granted(cast, both, who):
    HostScheduler.objects.all().delete()
    row = scheduler_row(cast.alice_host, getattr(cast, who).memberships.get())
    response = both.post(page_of(cast.alice_host), fields_of(cast.alice_host, **row))
    assert any(inline_errors_of(response))
    assert not HostScheduler.objects.exists()


def test_a_foreign_scheduler_cannot_be_granted(cast, both):
    foreign = MembershipFactory(organization=cast.globex, role=Membership.Role.SCHEDULER)
    row = scheduler_row(cast.bob_host, foreign)
    response = both.post(page_of(cast.bob_host), fields_of(cast.bob_host, **row))
    assert any(inline_errors_of(response))


def test_the_choices_are_the_schedulers_of_the_hosts_organization(cast, both):
    MembershipFactory(organization=cast.globex, role=Membership.Role.SCHEDULER)
    (inline,) = both.get(page_of(cast.alice_host)).context["inline_admin_formsets"]
    offered = inline.formset.empty_form.fields["membership"].queryset
    assert [*offered] == [cast.sam.memberships.get()]


def test_the_same_grant_twice_is_a_form_error(cast, ada):
    row = scheduler_row(cast.alice_host, cast.sam.memberships.get())
    response = ada.post(page_of(cast.alice_host), fields_of(cast.alice_host, **row))
    assert any(inline_errors_of(response))


def test_a_foreign_grant_cannot_be_taken_along(cast, both, ada):
    """A grant of bob's named in alice's form is not touched."""
    grant = HostScheduler.objects.get(host=cast.bob_host)
    row = existing_row(grant, **{"schedulers-0-DELETE": "on", "schedulers-0-host": grant.host_id})
    ada.post(page_of(cast.alice_host), fields_of(cast.alice_host, **row))
    assert HostScheduler.objects.filter(pk=grant.pk).exists()


def test_another_spelling_of_a_hosts_id_is_no_error(cast, ada):
    spelled = f"/admin/meetings/host/urn_3Auuid_3A{cast.alice_host.pk}/change/"
    assert ada.get(spelled).status_code == 200


# --- Meetings ---------------------------------------------------------------------------------


def test_an_admin_looks_at_meetings(cast, ada):
    assert "Alice&#x27;s lecture" in ada.get("/admin/meetings/meeting/").content.decode()
    assert "Alice&#x27;s lecture" in ada.get(page_of(cast.meeting)).content.decode()


def test_passcode_and_join_link_are_not_even_read(cast, ada, django_assert_num_queries):
    text = ada.get(page_of(cast.meeting)).content.decode()
    assert "pass123" not in text
    assert "pwd=" not in text


@pytest.mark.parametrize("view", ["change", "delete"])
def test_an_admin_changes_no_meeting(cast, ada, view):
    page = f"/admin/meetings/meeting/{cast.meeting.pk}/{view}/"
    assert ada.post(page, {"topic": "Mine", "post": "yes"}).status_code == 403


def test_an_admin_adds_no_meeting(ada):
    assert ada.get("/admin/meetings/meeting/add/").status_code == 403
