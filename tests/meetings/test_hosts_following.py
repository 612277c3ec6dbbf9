"""What an import does to links: the id stays, the address may be somebody else's by now."""

import re
import tracemalloc

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from meetings.models import Host, HostLink
from meetings.services.host_answers import answer_question
from meetings.services.host_following import follow_zoom_users
from meetings.services.host_links import Outcome, link_by_hand, withdraw
from meetings.services.host_mail import digest_of, mail_due_links
from portal.models import AuditEvent
from tests.factories import MembershipFactory, UserFactory, ZoomUserFactory
from zoomauth.importing import start_import, work_on
from zoomauth.models import ZoomUser

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NEW = "alice.jones@acme.example"


@pytest.fixture(autouse=True)
def alice_at_zoom(cast, zoom):
    return ZoomUserFactory(
        account=cast.acme_account, zoom_user_id="alice", email="alice@acme.example", name="Alice"
    )


@pytest.fixture
def zoe(cast, zoom):
    zoom.account(users=[{"id": "zoe", "email": "zoe@acme.example", "display_name": "Zoe"}])
    return ZoomUserFactory(
        account=cast.acme_account, zoom_user_id="zoe", email="zoe@acme.example", name="Zoe"
    )


@pytest.fixture
def rename(cast, zoom, django_capture_on_commit_callbacks):
    """Alice's Zoom user has another address, at Zoom and by the import that follows."""

    def call(email=NEW):
        zoom.change_user("alice", email=email)
        ZoomUser.objects.filter(zoom_user_id="alice").update(email=email)
        with django_capture_on_commit_callbacks(execute=True):
            follow_zoom_users(cast.acme)

    return call


def host_of(cast):
    return Host.objects.select_related("membership__user").get(pk=cast.alice_host.pk)


def member(user):
    return user.memberships.select_related("user", "organization").get()


def told():
    return {message.to[0]: message.body for message in mail.outbox}


def may_start(cast):
    return cast.meeting.get_starting_host(cast.alice) is not None


def digest_mailed():
    found = [re.search(r"host-link/#(\S+)", message.body) for message in mail.outbox]
    return digest_of([match for match in found if match][-1][1])


def answer(agrees):
    mail_due_links()
    return answer_question(digest=digest_mailed(), agrees=agrees)


# --- The new address is the member's, or somebody else's --------------------------------------


def test_a_changed_address_that_the_member_has_verified_keeps_the_link(cast, rename):
    EmailAddress.objects.create(user=cast.alice, email=NEW.title(), verified=True)
    rename()
    host = host_of(cast)
    assert (host.email, host.membership.user, may_start(cast)) == (NEW, cast.alice, True)
    assert not HostLink.objects.exists()
    assert AuditEvent.objects.get(action="host.followed").target_id == str(host.pk)


def test_only_another_case_is_no_other_address(cast, rename):
    Host.objects.filter(pk=cast.alice_host.pk).update(email="Alice@Acme.example")
    rename("alice@acme.example")
    assert may_start(cast)


@pytest.mark.parametrize("how", ["verified", "login", "login elsewhere"])
def test_a_zoom_user_that_is_somebody_elses_now_is_taken_from_the_member(cast, rename, how):
    if how == "verified":
        EmailAddress.objects.create(user=cast.mia, email="Zoe@acme.example", verified=True)
    elif how == "login":
        MembershipFactory(organization=cast.acme, user__email="zoe@acme.example")
    else:
        UserFactory(email="zoe@acme.example")
    rename("zoe@acme.example")
    assert host_of(cast).membership is None
    assert set(told()) == {"alice@acme.example", "zoe@acme.example"}
    detail = AuditEvent.objects.get(action="host.unlinked").detail
    assert (detail["by"], detail["old_member"]) == ("address_changed", "alice@acme.example")


def test_the_old_holder_gets_no_zak_of_the_successor(cast, zoom, signed_in):
    EmailAddress.objects.create(user=cast.mia, email="zoe@acme.example", verified=True)
    zoom.change_user("alice", email="zoe@acme.example", display_name="Zoe")
    row = start_import(cast.acme, actor=None)
    while work_on(row.pk):
        pass
    zoom.clear_ledger()
    assert signed_in(cast.alice).post(f"/meetings/{cast.meeting.pk}/start/").status_code == 403
    assert "users.token" not in zoom.calls()


# --- Nobody knows whose it is -----------------------------------------------------------------


def test_a_changed_address_puts_the_link_on_hold_and_asks_at_the_new_one(cast, rename):
    rename()
    host = host_of(cast)
    assert (host.email, host.membership.user, host.is_on_hold) == (NEW, cast.alice, True)
    assert not may_start(cast)
    mail_due_links()
    assert set(told()) == {NEW, "alice@acme.example"}
    assert "with a new name" in told()[NEW]
    assert "you cannot start meetings" in told()["alice@acme.example"]
    assert AuditEvent.objects.get(action="host.held").detail["zoom_email"] == NEW


def test_an_unverified_address_of_the_members_own_is_no_proof(cast, rename):
    EmailAddress.objects.create(user=cast.alice, email=NEW, verified=False)
    rename()
    assert not may_start(cast)


def test_while_on_hold_no_zak_is_asked_for_and_the_host_is_told_what_to_do(
    cast, zoom, rename, signed_in
):
    rename()
    client = signed_in(cast.alice)
    for refused in (
        client.get(f"/meetings/{cast.meeting.pk}/start/"),
        client.post(f"/meetings/{cast.meeting.pk}/start/"),
        client.post(reverse("meetings:open_in_app", args=[cast.meeting.pk])),
    ):
        assert refused.status_code == 403
        assert "open the link there and agree" in refused.content.decode()
    assert zoom.calls() == []
    assert "open the link there" in client.get(f"/meetings/{cast.meeting.pk}/").content.decode()


def test_the_admin_starts_nothing_on_behalf_of_a_host_on_hold(cast, rename):
    type(cast.acme).objects.update(admins_may_start_on_behalf=True)
    cast.meeting.organization.refresh_from_db()
    assert cast.meeting.refusal_on_behalf(cast.ada) is None
    rename()
    cast.meeting.host.refresh_from_db()
    assert cast.meeting.refusal_on_behalf(cast.ada).name == "host_settled"


def test_who_agrees_at_the_new_address_goes_on_as_before(cast, rename):
    rename()
    answer(agrees=True)
    assert may_start(cast)
    follow_zoom_users(cast.acme)
    assert may_start(cast)


def test_who_says_no_at_the_new_address_ends_the_link(
    cast, rename, django_capture_on_commit_callbacks
):
    rename()
    with django_capture_on_commit_callbacks(execute=True):
        answer(agrees=False)
    assert host_of(cast).membership is None
    assert AuditEvent.objects.get(action="host.unlinked").detail["by"] == "refused"
    assert "said no" in mail.outbox[-1].body


def test_verifying_the_new_address_here_is_as_good(cast, rename):
    rename()
    EmailAddress.objects.create(user=cast.alice, email=NEW, verified=True)
    follow_zoom_users(cast.acme)
    assert may_start(cast)
    assert HostLink.objects.get().answer == "withdrawn"
    assert AuditEvent.objects.filter(action="host.released").count() == 1


def test_a_successor_who_comes_later_ends_it(cast, rename):
    rename("zoe@acme.example")
    EmailAddress.objects.create(user=cast.mia, email="zoe@acme.example", verified=True)
    follow_zoom_users(cast.acme)
    assert host_of(cast).membership is None


def test_nobody_is_asked_again_each_night(cast, rename):
    rename()
    for _ in range(3):
        follow_zoom_users(cast.acme)
    assert HostLink.objects.count() == 1
    rename("third@acme.example")
    assert [link.email for link in HostLink.objects.unanswered()] == ["third@acme.example"]


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_a_question_without_an_answer_keeps_it_on_hold_and_the_admin_asks_again(cast, rename, how):
    rename()
    if how == "withdrawn":
        withdraw(link=HostLink.objects.get(), actor=cast.ada)
    else:
        HostLink.objects.update(expires_at=timezone.now())
    assert not may_start(cast)
    assert again(cast) == Outcome.ASKED
    answer(agrees=True)
    assert may_start(cast)


def test_the_admins_word_is_enough_where_it_is_elsewhere(cast, rename, settings):
    settings.HOST_LINKS = "at_once"
    rename()
    assert not may_start(cast)
    assert again(cast) == Outcome.LINKED
    assert may_start(cast)


def test_without_mail_it_is_on_hold_all_the_same(cast, rename, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    rename()
    assert not may_start(cast)
    assert not HostLink.objects.exists()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    follow_zoom_users(cast.acme)
    assert HostLink.objects.get().email == NEW


def test_a_host_without_a_member_only_takes_over_the_address(cast, rename):
    Host.objects.filter(pk=cast.alice_host.pk).update(membership=None)
    rename()
    assert (host_of(cast).email, host_of(cast).is_on_hold) == (NEW, False)


def test_another_member_who_is_linked_is_not_on_hold(cast, rename):
    rename()
    EmailAddress.objects.create(user=cast.mia, email=NEW, verified=True)
    link_by_hand(
        organization=cast.acme, zoom_user_id="alice", membership=member(cast.mia), actor=cast.ada
    )
    assert cast.meeting.get_starting_host(cast.mia) == cast.alice_host


def again(cast):
    return link_by_hand(
        organization=cast.acme, zoom_user_id="alice", membership=member(cast.alice), actor=cast.ada
    )


# --- Hosts that were entered by address -------------------------------------------------------


@pytest.fixture
def by_address(cast, zoe):
    """Bob, whose host was entered as an address."""
    Host.objects.filter(pk=cast.bob_host.pk).update(
        zoom_user_id="Zoe@acme.example", email="zoe@acme.example"
    )
    return Host.objects.select_related("membership__user").filter(pk=cast.bob_host.pk)


def test_a_host_that_is_an_address_starts_as_nobody_who_has_it_now(
    cast, zoom, by_address, signed_in
):
    client = signed_in(cast.bob)
    answer = client.post(f"/meetings/{cast.bobs_meeting.pk}/start/")
    assert answer.status_code == 403
    assert "admin to import the Zoom users" in answer.content.decode()
    assert zoom.calls() == []


def test_a_host_named_by_the_members_verified_address_is_named_by_id_from_then_on(cast, by_address):
    EmailAddress.objects.create(user=cast.bob, email="zoe@acme.example", verified=True)
    follow_zoom_users(cast.acme)
    host = by_address.get()
    assert (host.zoom_user_id, host.membership.user, host.is_on_hold) == ("zoe", cast.bob, False)
    assert cast.bobs_meeting.get_starting_host(cast.bob) == host
    assert AuditEvent.objects.get(action="host.followed").target_id == str(host.pk)


def test_a_host_named_by_another_address_waits_for_its_holder(cast, by_address):
    follow_zoom_users(cast.acme)
    assert (by_address.get().zoom_user_id, by_address.get().is_on_hold) == ("zoe", True)
    assert cast.bobs_meeting.get_starting_host(cast.bob) is None
    answer(agrees=True)
    assert cast.bobs_meeting.get_starting_host(cast.bob) == by_address.get()


def test_a_host_named_by_somebody_elses_address_loses_its_member(cast, by_address):
    EmailAddress.objects.create(user=cast.mia, email="zoe@acme.example", verified=True)
    follow_zoom_users(cast.acme)
    assert by_address.get().membership is None


def test_of_two_hosts_for_one_zoom_user_none_is_changed(cast):
    Host.objects.filter(pk=cast.bob_host.pk).update(zoom_user_id="alice@acme.example")
    follow_zoom_users(cast.acme)
    assert Host.objects.get(pk=cast.bob_host.pk).zoom_user_id == "alice@acme.example"


def test_of_two_zoom_users_with_the_address_neither_is_taken(cast, by_address):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="zoe2", email="zoe@acme.example")
    follow_zoom_users(cast.acme)
    assert by_address.get().zoom_user_id == "Zoe@acme.example"


def test_it_takes_no_more_memory_for_more_zoom_users(cast, by_address):
    ZoomUser.objects.bulk_create([
        ZoomUser(
            account=cast.acme_account, key=f"u{n}", zoom_user_id=f"u{n}", name=f"Person {n}",
            email=f"u{n}@acme.example", licence=2, status="active", seen_at=timezone.now(),
        )
        for n in range(5000)
    ], batch_size=500)  # fmt: skip
    follow_zoom_users(cast.acme)
    tracemalloc.start()
    follow_zoom_users(cast.acme)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All of them are ten times as much.
    assert peak < 1_000_000


# --- Nobody else's ----------------------------------------------------------------------------


def test_another_organizations_hosts_follow_nobody(cast):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="carol", email="x@acme.example")
    follow_zoom_users(cast.acme)
    assert Host.objects.get(pk=cast.carol_host.pk).email == cast.carol_host.email


def test_a_member_who_joins_later_is_not_linked_by_itself(cast, zoe):
    newcomer = MembershipFactory(organization=cast.acme, user__email="zoe@acme.example")
    follow_zoom_users(cast.acme)
    assert not Host.objects.filter(membership=newcomer).exists()
