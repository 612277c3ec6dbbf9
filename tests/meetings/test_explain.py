"""Explain this start: every rule for one person and one meeting, and no ZAK."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from meetings.models import Host
from meetings.start_facts import explain_facts
from meetings.start_rules import obstacles
from portal.models import AuditEvent, Membership
from tests.factories import MeetingFactory, MembershipFactory, ZoomUserFactory

pytestmark = pytest.mark.django_db
URL = "/admin/meetings/meeting/explain/"


@pytest.fixture
def explain(cast, signed_in):
    def call(person, meeting, admin=None):
        data = {"person": person.memberships.first().pk, "meeting": meeting.pk}
        return signed_in(admin or cast.ada).post(URL, data)

    return call


def results(answer):
    assert answer.status_code == 200
    return {line.outcome.name: line.outcome.reason for line in answer.context["lines"]}


def text(answer):
    return answer.content.decode()


@pytest.mark.both_databases
def test_zoom_is_not_asked_for_anything(cast, at_zoom, zoom, explain):
    cast.meeting.delete()
    zoom.clear_ledger()
    answer = explain(cast.alice, at_zoom)
    assert "Alice can start it, as Alice" in text(answer)
    assert zoom.calls() == []


def test_every_rule_is_there_with_its_result(cast, explain):
    assert results(explain(cast.alice, cast.meeting)) == {
        "user": "active",
        "member": "active",
        "organization": "active",
        "second_step": "unknown",
        "host": "host",
        "host_active": "active",
        "host_named": "by_id",
        "host_settled": "settled",
        "confirmed": "confirmed",
        "account": "connected",
        "account_fit": "unknown",
        "zoom_user": "unknown",
        "licence": "unknown",
        "at_zoom": "unknown",
        "free": "free",
    }


def test_an_alternative_host_is_told_as_such(cast, explain):
    assert results(explain(cast.bob, cast.meeting))["host"] == "alternative"


@pytest.mark.parametrize("person", ["mia", "sam", "ada"])
def test_somebody_else_is_told_why_not_and_what_to_do(cast, explain, person):
    answer = explain(getattr(cast, person), cast.meeting)
    assert results(answer)["host"] == "none"
    assert "cannot start it" in text(answer)
    assert "schedule it anew with this person as alternative host" in text(answer)


@pytest.mark.parametrize(
    ("break_it", "rule", "reason"),
    [
        (lambda cast: _off(cast.alice), "user", "inactive"),
        (lambda cast: _off(cast.alice.memberships.get()), "member", "inactive"),
        (lambda cast: _off(cast.alice_host), "host_active", "inactive"),
        (
            lambda cast: _save(cast.alice_host, zoom_user_id="alice@acme.example"),
            "host_named",
            "by_address",
        ),
        (
            lambda cast: _save(cast.alice_host, held_since=timezone.now()),
            "host_settled",
            "on_hold",
        ),
        (lambda cast: _save(cast.meeting, meeting_number=None), "confirmed", "unconfirmed"),
        (lambda cast: cast.acme.zoom_connection.delete(), "account", "missing"),
        (lambda cast: _save(cast.acme_account, client_secret=""), "account", "no_credentials"),
        (
            lambda cast: MeetingFactory(
                host=cast.alice_host, starts_at=cast.meeting.starts_at - timedelta(minutes=30)
            ),
            "free",
            "busy",
        ),
        (
            lambda cast: ZoomUserFactory(
                account=cast.acme_account, zoom_user_id="alice", status="inactive"
            ),
            "zoom_user",
            "inactive",
        ),
    ],
    ids=[
        "user", "membership", "host", "by address", "on hold", "unconfirmed", "not connected",
        "no credentials", "busy", "deactivated at Zoom",
    ],
)  # fmt: skip
def test_each_broken_thing_is_the_first_rule_in_the_way(cast, explain, break_it, rule, reason):
    break_it(cast)
    answer = explain(cast.alice, cast.meeting)
    assert results(answer)[rule] == reason
    first = next(line for line in answer.context["lines"] if line.outcome.is_obstacle)
    assert first.outcome.name == rule
    assert answer.context["first_missing"] == first.label


def _save(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def _off(row):
    _save(row, is_active=False)


def test_the_place_to_change_it_is_linked(cast, explain):
    _off(cast.alice_host)
    page = reverse("admin:meetings_host_change", args=[cast.alice_host.pk])
    assert f'href="{page}"' in text(explain(cast.alice, cast.meeting))


def test_a_second_step_that_is_missing_is_told(cast, settings):
    settings.MFA_ENFORCED = True
    _save(cast.acme, mfa_required="everybody")
    membership = cast.alice.memberships.select_related("user").get()
    facts, _host = explain_facts(cast.meeting, membership)
    assert [outcome.name for outcome in obstacles(facts)] == ["second_step"]


def test_nothing_is_said_of_a_second_step_that_nobody_asks_for(cast, settings):
    settings.MFA_ENFORCED = True
    membership = cast.alice.memberships.select_related("user").get()
    facts, _host = explain_facts(cast.meeting, membership)
    assert facts.second_step is None


def test_the_earlier_of_two_at_once_is_not_the_one_in_the_way(cast, explain):
    later = cast.meeting.starts_at + timedelta(minutes=30)
    other = MeetingFactory(host=cast.alice_host, starts_at=later)
    assert results(explain(cast.alice, cast.meeting))["free"] == "free"
    assert results(explain(cast.alice, other))["free"] == "busy"


def test_a_status_that_zoom_did_not_tell_is_in_nobodys_way(cast, explain):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="alice", status="")
    answer = explain(cast.alice, cast.meeting)
    assert results(answer)["zoom_user"] == "unknown"
    assert "Alice can start it, as Alice" in text(answer)


def test_it_is_in_the_audit_trail(cast, explain):
    explain(cast.mia, cast.meeting)
    event = AuditEvent.objects.get(action="start.explained")
    assert (event.actor_id, event.organization_id) == (cast.ada.pk, cast.acme.pk)
    assert event.target_id == str(cast.meeting.pk)
    assert event.detail == {"person": cast.mia.email, "missing": ["host"]}


def test_looking_at_the_empty_page_is_not(cast, signed_in):
    assert signed_in(cast.ada).get(URL).status_code == 200
    assert not AuditEvent.objects.filter(action="start.explained").exists()


@pytest.mark.parametrize("foreign", ["person", "meeting", "both"])
def test_another_tenants_person_and_meeting_are_not_there(cast, signed_in, foreign):
    person = cast.alice if foreign == "meeting" else cast.carol
    meeting = cast.meeting if foreign == "person" else cast.carols_meeting
    data = {"person": person.memberships.get().pk, "meeting": meeting.pk}
    answer = signed_in(cast.ada).post(URL, data)
    assert answer.status_code == 422
    assert "lines" not in answer.context
    assert "secret board meeting" not in text(answer)
    assert not AuditEvent.objects.filter(action="start.explained").exists()


def test_an_admin_of_two_cannot_mix_them(cast, signed_in):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    data = {"person": cast.alice.memberships.get().pk, "meeting": cast.carols_meeting.pk}
    answer = signed_in(cast.ada).post(URL, data)
    assert answer.status_code == 422
    assert "of two organizations" in text(answer)


@pytest.mark.parametrize(
    ("who", "status"), [("operator", 403), ("alice", 302), ("sam", 302), ("ada", 200)]
)
def test_it_is_the_admins_page(cast, signed_in, who, status):
    assert signed_in(getattr(cast, who)).get(URL).status_code == status
    data = {"person": cast.alice.memberships.get().pk, "meeting": cast.meeting.pk}
    assert signed_in(getattr(cast, who)).post(URL, data).status_code == status


def test_an_operator_who_is_admin_elsewhere_sees_that_place_only(cast, signed_in):
    MembershipFactory(user=cast.operator, organization=cast.globex, role=Membership.Role.ADMIN)
    data = {"person": cast.alice.memberships.get().pk, "meeting": cast.meeting.pk}
    assert signed_in(cast.operator).post(URL, data).status_code == 422


def test_the_meetings_page_leads_there_with_both_filled_in(cast, signed_in):
    page = reverse("admin:meetings_meeting_change", args=[cast.meeting.pk])
    link = f"{URL}?meeting={cast.meeting.pk}&amp;person={cast.alice_host.membership_id}"
    assert link in text(signed_in(cast.ada).get(page))
    form = text(signed_in(cast.ada).get(link.replace("&amp;", "&")))
    assert f'value="{cast.meeting.pk}" selected' in form
    assert f'value="{cast.alice_host.membership_id}" selected' in form


def test_a_foreign_meeting_in_the_address_is_not_named(cast, signed_in):
    body = text(signed_in(cast.ada).get(f"{URL}?meeting={cast.carols_meeting.pk}"))
    assert "secret board meeting" not in body


def test_the_hosts_page_leads_there_too(cast, signed_in):
    page = reverse("admin:meetings_host_change", args=[cast.alice_host.pk])
    assert f"{URL}?person={cast.alice_host.membership_id}" in text(signed_in(cast.ada).get(page))


@pytest.mark.parametrize(
    ("model", "field"), [("host", "membership"), ("alternativehost", "meeting")]
)
def test_what_one_searches_among_is_ones_own(cast, signed_in, model, field):
    query = {"app_label": "meetings", "model_name": model, "field_name": field, "term": ""}
    answer = signed_in(cast.ada).get("/admin/autocomplete/", query)
    assert answer.status_code == 200
    shown = text(answer)
    assert "Carol" not in shown
    assert "Alice" in shown


def test_an_admin_sees_the_start_on_behalf_where_it_is_switched_on(cast, explain):
    assert explain(cast.ada, cast.meeting).context["on_behalf"] == []
    _save(cast.acme, admins_may_start_on_behalf=True)
    lines = explain(cast.ada, cast.meeting).context["on_behalf"]
    assert [line.outcome.name for line in lines if line.outcome.is_obstacle] == []
    assert explain(cast.mia, cast.meeting).context["on_behalf"] == []


def test_a_shared_accounts_user_who_is_not_ours_is_told(cast, explain):
    Host.objects.filter(pk=cast.alice_host.pk).update(zoom_user_id="somebody-else")
    _share(cast)
    assert results(explain(cast.alice, cast.meeting))["account"] == "not_assigned"


def _share(cast):
    """acme on a shared account, with nobody assigned."""
    shared = type(cast.acme_account).objects.create(
        account_id="s", client_id="s", client_secret="s", sdk_client_id="s", sdk_client_secret="s"
    )
    connection = cast.acme.zoom_connection
    connection.account, connection.owner_key = shared, shared.owner_key
    connection.save(update_fields=["account", "owner_key"])
