"""The rules of a start: pure, in order, and the same for one meeting as for many."""

from dataclasses import replace
from itertools import product

import pytest
from django.utils import timezone

from meetings.models import Meeting
from meetings.start_rules import (
    RULES,
    Account,
    AtZoom,
    Belongs,
    Link,
    Result,
    Stage,
    StartFacts,
    Way,
    first_refusal,
    judge,
    obstacles,
)
from meetings.start_texts import LABELS, TEXTS
from portal.tenancy import acting_for
from zoomauth.services import Fitness

GOOD = StartFacts(
    user_active=True,
    belongs=Belongs.ACTIVE,
    organization_active=True,
    link=Link.HOST,
    host_active=True,
    host_named=True,
    host_settled=True,
    confirmed=True,
    second_step=True,
    account=Account.CONNECTED,
    zoom_user="fit",
    at_zoom=AtZoom.THERE,
    account_fit=True,
    free=True,
)
ON_BEHALF = replace(GOOD, is_admin=True, on_behalf_allowed=True)
# What breaks each rule, and where it is found out.
BROKEN = {
    "user": ({"user_active": False}, Stage.DOOR),
    "member": ({"belongs": Belongs.INACTIVE}, Stage.DOOR),
    "organization": ({"organization_active": False}, Stage.DOOR),
    "second_step": ({"second_step": False}, Stage.ELSEWHERE),
    "host": ({"link": Link.NONE}, Stage.DOOR),
    "host_active": ({"host_active": False}, Stage.DOOR),
    "host_named": ({"host_named": False}, Stage.DOOR),
    "host_settled": ({"host_settled": False}, Stage.DOOR),
    "confirmed": ({"confirmed": False}, Stage.START),
    "account": ({"account": Account.MISSING}, Stage.ELSEWHERE),
    "account_fit": ({"account_fit": False}, Stage.ELSEWHERE),
    "zoom_user": ({"zoom_user": "inactive"}, Stage.ELSEWHERE),
    "at_zoom": ({"at_zoom": AtZoom.GONE}, Stage.ELSEWHERE),
    "free": ({"free": False}, Stage.ELSEWHERE),
}


def test_with_all_facts_good_every_rule_passes():
    assert {outcome.result for outcome in judge(GOOD)} == {Result.PASS}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_alone_is_in_the_way(rule):
    changes, stage = BROKEN[rule]
    (outcome,) = obstacles(replace(GOOD, **changes))
    assert (outcome.name, outcome.rule.stage) == (rule, stage)


def test_every_rule_that_blocks_is_broken_above():
    blocking = {rule.name for rule in RULES if rule.blocks and Way.SELF in rule.ways}
    assert blocking == set(BROKEN)


def test_a_missing_licence_is_told_and_stops_nobody():
    facts = replace(GOOD, zoom_user="basic")
    assert [o.name for o in judge(facts) if o.result is Result.FAIL] == ["licence"]
    assert obstacles(facts) == []


def test_what_nobody_looked_at_stops_nobody():
    unseen = dict.fromkeys(
        (
            "host_named",
            "host_settled",
            "second_step",
            "account",
            "zoom_user",
            "at_zoom",
            "account_fit",
            "free",
        )
    )
    facts = replace(GOOD, **unseen)
    assert obstacles(facts) == []
    # The licence is read off the user.
    assert sum(o.result is Result.UNKNOWN for o in judge(facts)) == len(unseen) + 1


def test_the_first_rule_is_the_one_that_is_told():
    facts = replace(GOOD, belongs=Belongs.INACTIVE, host_active=False)
    assert first_refusal(facts, Stage.DOOR).name == "member"
    assert first_refusal(facts, Stage.START) is None


@pytest.mark.parametrize("link", [Link.HOST, Link.ALTERNATIVE])
def test_host_and_alternative_host_may(link):
    assert obstacles(replace(GOOD, link=link)) == []


def test_on_behalf_takes_an_admin_and_the_policy():
    def refusal(facts):
        found = first_refusal(facts, Stage.DOOR, Way.ON_BEHALF)
        return found.name if found else None

    assert refusal(ON_BEHALF) is None
    assert refusal(replace(ON_BEHALF, is_admin=False)) == "admin"
    assert refusal(replace(ON_BEHALF, on_behalf_allowed=False)) == "policy"
    assert refusal(replace(ON_BEHALF, belongs=Belongs.INACTIVE)) == "member"
    assert refusal(replace(ON_BEHALF, host_active=False)) == "host_active"
    assert refusal(replace(ON_BEHALF, host_named=False)) == "host_named"
    assert refusal(replace(ON_BEHALF, host_settled=False)) == "host_settled"


def test_being_admin_is_nothing_for_a_start_as_oneself():
    facts = replace(ON_BEHALF, link=Link.NONE, host_active=None)
    assert first_refusal(facts, Stage.DOOR).name == "host"


def test_every_answer_that_a_rule_can_give_has_its_words():
    each = {
        "user_active": [True, False],
        "belongs": list(Belongs),
        "organization_active": [True, False],
        "is_admin": [True, False],
        "on_behalf_allowed": [True, False],
        "link": list(Link),
        "host_active": [True, False],
        "host_named": [True, False],
        "host_settled": [True, False],
        "confirmed": [True, False],
        "second_step": [True, False],
        "account": list(Account),
        "zoom_user": [one for one in Fitness.values if one != "unknown"],
        "at_zoom": list(AtZoom),
        "account_fit": [True, False],
        "free": [True, False],
    }
    given = {
        (outcome.name, outcome.reason)
        for name, values in each.items()
        for value in values
        for way in Way
        for outcome in judge(replace(GOOD, **{name: value}), way)
        if outcome.result is not Result.UNKNOWN
    }
    assert given - set(TEXTS) == set()
    assert {rule.name for rule in RULES} == set(LABELS)
    for (rule, reason), (meaning, fix) in TEXTS.items():
        if reason == "unknown":
            continue
        failed = (rule, reason) in given and not _passes(rule, reason)
        assert str(meaning).endswith("."), (rule, reason)
        assert bool(fix) == failed, (rule, reason)


def _passes(rule, reason):
    good = {(o.name, o.reason) for way in Way for o in judge(ON_BEHALF, way)}
    return (rule, reason) in good | {("host", "alternative"), ("zoom_user", "basic")}


# --- The door, and the same for many rows ---------------------------------------------------

FLAGS = ("user", "membership", "organization", "host", "named", "settled", "alternative")


@pytest.mark.django_db
@pytest.mark.both_databases
@pytest.mark.parametrize("person", ["alice", "bob", "mia", "ada", "carol"])
def test_one_row_and_many_rows_say_the_same_in_every_case(cast, person):
    user = getattr(cast, person)
    own = user.memberships.get()
    for values in product([True, False], repeat=len(FLAGS)):
        flag = dict(zip(FLAGS, values, strict=True))
        type(own).objects.filter(pk=own.pk).update(is_active=flag["membership"])
        for host in (cast.alice_host, cast.bob_host):
            held_since = None if flag["settled"] else timezone.now()
            zoom_user_id = f"{host.pk}" if flag["named"] else f"{host.pk}@acme.example"
            type(host).objects.filter(pk=host.pk).update(
                is_active=flag["host"], held_since=held_since, zoom_user_id=zoom_user_id
            )
        for kind, row in (("user", user), ("organization", cast.acme)):
            row.is_active = flag[kind]
            row.save(update_fields=["is_active"])
        rows = cast.meeting.alternative_hosts
        if flag["alternative"] and not rows.exists():
            rows.create(organization=cast.acme, host=cast.bob_host)
        elif not flag["alternative"]:
            rows.all().delete()
        fresh = type(user).objects.get(pk=user.pk)
        # As a request would: in the scope of this person's organizations.
        with acting_for(*fresh.member_of()):
            many = set(Meeting.objects.startable_by(fresh).values_list("pk", flat=True))
            one = {m.pk for m in Meeting.objects.all() if m.can_be_started_by(fresh)}
        assert one == many, flag
        if person == "alice":
            able = all(flag[name] for name in FLAGS if name != "alternative")
            assert (cast.meeting.pk in one) is able


@pytest.mark.django_db
def test_who_is_no_member_any_more_is_refused_like_everybody_else(cast):
    """The membership may go between the reading of the request's scope and the door."""
    assert not cast.meeting.can_be_started_by(cast.carol)
