"""The trail in the admin: filtered, and exported without a foreign row or a formula."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from portal import audit_export
from portal.audit import record
from portal.audit_export import csv_lines
from portal.models import AuditEvent, Membership
from portal.tenancy import acting_for
from tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = reverse("admin:portal_auditevent_changelist")
EXPORT = reverse("admin:portal_auditevent_export")


@pytest.fixture
def trail(cast):
    """Some events of both organizations, and one of nobody's."""
    return [
        record("start.tried", organization=cast.acme, actor=cast.alice, target=cast.meeting),
        record("role.changed", organization=cast.acme, actor=cast.ada, result="denied"),
        record("start.tried", organization=cast.globex, actor=cast.carol),
        record("keys.rotated", organization=None, actor=None),
    ]


def at(event, moment):
    """A later look at an event that was written then; the table takes no changes."""
    return AuditEvent.objects.create(
        **{
            field.attname: getattr(event, field.attname)
            for field in AuditEvent._meta.concrete_fields
            if field.name not in ("id", "at")
        },
        at=moment,
    )


def nothing(event):
    """Hides nothing."""
    return False


def shown(client, **filters):
    page = client.get(LIST, filters)
    assert page.status_code == 200
    return sorted(event.action for event in page.context["cl"].result_list)


def exported(answer):
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_filters_narrow_the_list(trail, signed_in, cast):
    ada = signed_in(cast.ada)
    assert shown(ada) == ["role.changed", "start.tried"]
    assert shown(ada, action="start.tried") == ["start.tried"]
    assert shown(ada, result="denied") == ["role.changed"]
    assert shown(ada, actor="ALICE@acme.example") == ["start.tried"]
    assert shown(ada, actor="carol@globex.example") == []
    assert shown(ada, action="start.tried", actor="ada@acme.example") == []


def test_days_are_whole_days_in_the_readers_zone(trail, signed_in, cast):
    cast.ada.time_zone = "Pacific/Auckland"
    cast.ada.save(update_fields=["time_zone"])
    # Noon of the 1st in UTC is the 2nd in Auckland.
    at(trail[0], datetime(2026, 1, 1, 12, tzinfo=UTC))
    ada = signed_in(cast.ada)
    day = {"from": "2026-01-02", "until": "2026-01-02"}
    assert shown(ada, **day) == ["start.tried"]
    assert shown(ada, **{"from": "2026-01-01", "until": "2026-01-01"}) == []


@pytest.mark.parametrize("junk", ["x", "2026-13-40", "9999-12-31", "'", "2026-01-01T00:00"])
@pytest.mark.parametrize("name", ["from", "until"])
def test_what_is_no_day_breaks_nothing(trail, signed_in, cast, name, junk):
    assert signed_in(cast.ada).get(LIST, {name: junk}).status_code == 200


def test_a_filter_takes_the_others_along(trail, signed_in, cast):
    page = signed_in(cast.ada).get(LIST, {"actor": "alice@acme.example", "q": "Alice"})
    hidden = '<input type="hidden" name="actor" value="alice@acme.example">'
    # In the form of each other filter, and in the search.
    assert page.content.decode().count(hidden) == 3
    assert '<input type="hidden" name="q" value="Alice">' in page.content.decode()


def test_the_offered_actions_are_ones_own(trail, signed_in, cast):
    record("secret.thing", organization=cast.globex, actor=cast.carol)
    assert "secret.thing" not in signed_in(cast.ada).get(LIST).content.decode()
    assert "secret.thing" in signed_in(cast.gus).get(LIST).content.decode()


def test_the_operators_list_costs_the_same_however_long_the_trail_is(
    trail, signed_in, cast, django_assert_max_num_queries
):
    client = signed_in(cast.operator)
    for _ in range(60):
        record("start.tried", organization=cast.acme, actor=cast.alice)
    with django_assert_max_num_queries(7):
        client.get(LIST)


# --- what operators are not told ---------------------------------------------------------------


@pytest.fixture
def start(cast):
    """A start on behalf, with a topic, a reason and a name."""
    return record(
        "start.on_behalf", organization=cast.acme, actor=cast.ada, target=cast.meeting,
        reason="Alice is ill",
    )  # fmt: skip


def page_of(event):
    return reverse("admin:portal_auditevent_change", args=[event.pk])


TOLD = re.compile("Alice(&#x27;|')s lecture|Alice is ill")


def test_operators_read_neither_topic_nor_reason(start, signed_in, cast):
    operator = signed_in(cast.operator)
    for address in (LIST, page_of(start), f"{LIST}?q={cast.meeting.pk}"):
        text = operator.get(address).content.decode()
        assert not TOLD.search(text), address
        assert str(cast.meeting.pk) in text
        assert "meetings.meeting" in text
    (row,) = exported(operator.post(EXPORT))
    assert (row["target_name"], row["detail"]) == ("", "")
    assert (row["target_kind"], row["target_id"]) == ("meetings.meeting", str(cast.meeting.pk))


@pytest.mark.parametrize(
    "question",
    ["q=lecture", "target_name__startswith=Alice", "detail__reason__startswith=Alice"],
)
def test_operators_find_out_neither_by_asking(start, signed_in, cast, question):
    answer = signed_in(cast.operator).get(f"{LIST}?{question}")
    assert answer.status_code in (302, 400) or not answer.context["cl"].result_list


def test_its_admins_read_both(start, signed_in, cast):
    ada = signed_in(cast.ada)
    for address in (LIST, page_of(start), f"{LIST}?q=lecture"):
        assert TOLD.search(ada.get(address).content.decode()), address
    assert exported(ada.post(EXPORT))[0]["detail"] == '{"reason": "Alice is ill"}'


def test_an_operator_who_is_admin_reads_the_own_organizations(start, signed_in, cast):
    MembershipFactory(user=cast.operator, organization=cast.acme, role="admin")
    operator = signed_in(cast.operator)
    assert TOLD.search(operator.get(page_of(start)).content.decode())
    record("start.on_behalf", organization=cast.globex, actor=cast.gus, target=cast.carols_meeting)
    assert cast.carols_meeting.topic not in operator.get(LIST).content.decode()


def test_operators_read_what_is_theirs(signed_in, cast):
    record("user.changed", organization=None, actor=cast.operator, target=cast.mia, email="x")
    event = AuditEvent.objects.get()
    operator = signed_in(cast.operator)
    assert "Mia" in operator.get(LIST).content.decode()
    assert "email" in operator.get(page_of(event)).content.decode()


# --- export -----------------------------------------------------------------------------------


def test_an_admin_exports_their_own_rows(trail, signed_in, cast):
    rows = exported(signed_in(cast.ada).post(EXPORT))
    assert {row["organization_name"] for row in rows} == {"Acme"}
    assert {row["action"] for row in rows} >= {"start.tried", "role.changed"}
    assert rows[-1]["target_name"] == "Alice's lecture"


def test_an_admin_of_two_organizations_exports_both(trail, signed_in, cast):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    rows = exported(signed_in(cast.ada).post(EXPORT))
    assert {row["organization_name"] for row in rows} == {"Acme", "Globex"}
    told = AuditEvent.objects.filter(action="audit.exported")
    assert {event.organization_name for event in told} == {"Acme", "Globex"}


def test_the_operator_exports_everything(trail, signed_in, cast):
    rows = exported(signed_in(cast.operator).post(EXPORT))
    assert {row["organization_name"] for row in rows} == {"Acme", "Globex", ""}


def test_the_export_obeys_the_filters(trail, signed_in, cast):
    rows = exported(signed_in(cast.ada).post(f"{EXPORT}?action=start.tried"))
    assert [row["action"] for row in rows] == ["start.tried"]


@pytest.mark.parametrize("person", ["alice", "sam", "mia"])
def test_nobody_else_exports(trail, signed_in, cast, person):
    assert signed_in(getattr(cast, person)).post(EXPORT).status_code == 302
    assert not AuditEvent.objects.filter(action="audit.exported").exists()


def test_an_export_is_no_mere_look(trail, signed_in, cast):
    assert signed_in(cast.ada).get(EXPORT).status_code == 405


def test_an_export_is_audited_with_its_filters(trail, signed_in, cast):
    signed_in(cast.ada).post(f"{EXPORT}?action=start.tried")
    event = AuditEvent.objects.get(action="audit.exported")
    assert (event.actor_id, event.organization_id) == (cast.ada.pk, cast.acme.pk)
    assert event.detail == {"count": 1, "filters": {"action": "start.tried"}}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " ="])
def test_a_cell_is_never_a_formula(cast, signed_in, start):
    cast.meeting.topic = f"{start}HYPERLINK(1)"
    record("start.tried", organization=cast.acme, actor=cast.alice, target=cast.meeting)
    (row,) = exported(signed_in(cast.ada).post(EXPORT))
    assert row["target_name"] == f"'{start}HYPERLINK(1)"


def test_a_quote_or_a_comma_stays_in_its_cell(cast, signed_in):
    cast.meeting.topic = 'one, "two"\nthree'
    record("start.tried", organization=cast.acme, actor=cast.alice, target=cast.meeting)
    (row,) = exported(signed_in(cast.ada).post(EXPORT))
    assert row["target_name"] == cast.meeting.topic


def test_parts_follow_each_other_without_gap_or_double(cast, monkeypatch):
    monkeypatch.setattr(audit_export, "_PART", 3)
    event = record("start.tried", organization=cast.acme, actor=None)
    # Several at the very same moment, over the edge of a part.
    for number in range(10):
        event.target_id = str(number)
        at(event, event.at - timedelta(seconds=number // 4))
    with acting_for(cast.acme.pk):
        lines = csv_lines(AuditEvent.objects.exclude(target_id=""), hides=nothing)
    told = [row["target_id"] for row in csv.DictReader(lines)]
    assert sorted(told) == list("0123456789")


def test_rows_stay_bound_to_the_scope_that_they_were_made_in(trail, cast):
    with acting_for(cast.acme.pk):
        lines = csv_lines(AuditEvent.objects.all(), hides=nothing)
    with acting_for(cast.globex.pk):
        rows = list(csv.DictReader(lines))
    assert {row["organization_name"] for row in rows} == {"Acme"}


def test_too_many_events_are_refused_with_a_next_step(trail, signed_in, cast, monkeypatch):
    monkeypatch.setattr("portal.admin.trail.MOST_ROWS", 1)
    answer = signed_in(cast.ada).post(f"{EXPORT}?q=a", follow=True)
    assert answer.redirect_chain[0][0] == f"{LIST}?q=a"
    assert "Choose fewer days" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="audit.exported").exists()
