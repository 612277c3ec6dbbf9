"""Who starts as which Zoom user: by a verified address, by the holder's word, by no other way."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from meetings.models import Host, HostLink
from meetings.services.host_answers import AnswerRefused, answer_question, get_question
from meetings.services.host_links import (
    Outcome,
    link_by_hand,
    link_verified,
    unlink,
    withdraw,
)
from meetings.services.host_mail import digest_of, mail_due_links
from portal.models import AuditEvent
from tests.factories import ZoomUserFactory
from zoomauth.models import INSTALLATION, ZoomAccount, ZoomConnection, ZoomUser

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LINK = re.compile(r"host-link/#(\S+)")


def at_zoom(name, email=""):
    return {"id": name, "email": email or f"{name}@acme.example", "display_name": name.title()}


@pytest.fixture(autouse=True)
def people_at_zoom(zoom):
    """Zoom is asked about whoever is to be linked."""
    zoom.account(users=[at_zoom(name) for name in ("alice", "bob", "zoe")])


@pytest.fixture
def zoe(cast):
    """A Zoom user of acme's account whom nobody starts as yet."""
    return ZoomUserFactory(
        account=cast.acme_account, zoom_user_id="zoe", email="zoe@acme.example", name="Zoe"
    )


@pytest.fixture
def alice_at_zoom(cast):
    return ZoomUserFactory(
        account=cast.acme_account, zoom_user_id="alice", email="alice@acme.example", name="Alice"
    )


def member(user):
    return user.memberships.select_related("user", "organization").get()


def verified(user, email):
    EmailAddress.objects.create(user=user, email=email, verified=True)


def by_hand(cast, zoom_user_id, user):
    return link_by_hand(
        organization=cast.acme, zoom_user_id=zoom_user_id, membership=member(user), actor=cast.ada
    )


def digest_mailed(index=-1):
    """Of the link in the last mail."""
    return digest_of(LINK.search(mail.outbox[index].body)[1])


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


# --- By a verified address --------------------------------------------------------------------


def test_a_member_with_the_zoom_users_verified_address_is_linked_at_once(cast, zoe):
    verified(cast.mia, "Zoe@acme.example")
    assert by_hand(cast, "zoe", cast.mia) == Outcome.LINKED
    host = Host.objects.get(zoom_user_id="zoe")
    assert (host.membership.user, host.email, host.name) == (cast.mia, "zoe@acme.example", "Zoe")


def test_a_host_that_was_entered_as_an_address_becomes_that_zoom_users(cast, zoe):
    Host.objects.filter(pk=cast.bob_host.pk).update(zoom_user_id="Zoe@Acme.example")
    verified(cast.mia, "zoe@acme.example")
    by_hand(cast, "zoe", cast.mia)
    host = Host.objects.get(zoom_user_id="zoe")
    assert (host.pk, host.membership.user) == (cast.bob_host.pk, cast.mia)


def test_that_a_host_stays_deactivated_is_said(cast, alice_at_zoom):
    Host.objects.filter(pk=cast.alice_host.pk).update(is_active=False)
    verified(cast.mia, "alice@acme.example")
    assert by_hand(cast, "alice", cast.mia) == Outcome.LINKED_INACTIVE
    assert not Host.objects.get(pk=cast.alice_host.pk).is_active


def test_an_address_that_only_looks_alike_links_nobody(cast, zoom, zoe):
    """To PostgreSQL the dotless i of another domain is an i."""
    zoom.change_user("zoe", email="zoe@acme-inc.example")
    ZoomUser.objects.filter(pk=zoe.pk).update(email="zoe@acme-inc.example")
    verified(cast.mia, "zoe@acme-\u0131nc.example")
    assert by_hand(cast, "zoe", cast.mia) == Outcome.ASKED


def test_who_loses_a_link_to_a_verified_address_is_told(cast, alice_at_zoom, commit):
    verified(cast.mia, "alice@acme.example")
    with commit():
        by_hand(cast, "alice", cast.mia)
    assert {address for message in mail.outbox for address in message.to} == {
        "alice@acme.example",
        "mia@acme.example",
    }
    assert "those who schedule for it" in mail.outbox[0].body


def test_an_address_that_is_not_verified_links_nobody(cast, zoe):
    EmailAddress.objects.create(user=cast.mia, email="zoe@acme.example", verified=False)
    assert by_hand(cast, "zoe", cast.mia) == Outcome.ASKED
    assert not Host.objects.filter(zoom_user_id="zoe").exists()


def test_an_address_that_an_identity_provider_asserted_links_nobody(cast, zoe):
    """Such a user has the address as their own, and nobody has verified it."""
    cast.mia.email = "zoe@acme.example"
    cast.mia.save(update_fields=["email"])
    assert by_hand(cast, "zoe", cast.mia) == Outcome.ASKED


def test_the_bulk_action_takes_no_other_reason(cast, zoe):
    with pytest.raises(ValidationError, match="verified"):
        link_verified(
            organization=cast.acme, zoom_user_id="zoe", membership=member(cast.mia), actor=cast.ada
        )


def test_the_bulk_action_takes_nobody_elses_link_away(cast, alice_at_zoom):
    verified(cast.mia, "alice@acme.example")
    with pytest.raises(ValidationError, match="Somebody else"):
        link_verified(
            organization=cast.acme, zoom_user_id="alice", membership=member(cast.mia),
            actor=cast.ada,
        )  # fmt: skip


# --- The back door ----------------------------------------------------------------------------


def test_an_admin_who_links_themselves_to_somebody_starts_nothing(
    cast, zoom, alice_at_zoom, signed_in, commit
):
    with commit():
        assert by_hand(cast, "alice", cast.ada) == Outcome.ASKED
    assert Host.objects.get(zoom_user_id="alice").membership.user == cast.alice
    answer = signed_in(cast.ada).post(f"/meetings/{cast.meeting.pk}/start/")
    assert answer.status_code == 403
    assert "users.token" not in zoom.calls()
    assert mail.outbox[0].to == ["alice@acme.example"]


def test_a_relinked_member_starts_once_the_holder_has_agreed(cast, alice_at_zoom, commit):
    with commit():
        by_hand(cast, "alice", cast.mia)
    answer_question(digest=digest_mailed(), agrees=True)
    assert Host.objects.get(zoom_user_id="alice").membership.user == cast.mia
    assert cast.meeting.get_starting_host(cast.mia) == cast.alice_host
    assert cast.meeting.get_starting_host(cast.alice) is None


def test_who_is_relinked_is_written_down_with_both_names(cast, alice_at_zoom, commit):
    with commit():
        by_hand(cast, "alice", cast.mia)
    answer_question(digest=digest_mailed(), agrees=True)
    detail = AuditEvent.objects.get(action="host.linked").detail
    assert detail == {
        "by": "confirmed", "zoom_user_id": "alice", "zoom_email": "alice@acme.example",
        "old_member": "alice@acme.example", "new_member": "mia@acme.example",
        "asked_by": "ada@acme.example",
    }  # fmt: skip
    asked = AuditEvent.objects.get(action="host.link_asked")
    assert (asked.actor_id, asked.detail["new_member"]) == (cast.ada.pk, "mia@acme.example")


def test_everybody_concerned_is_told(cast, zoe, commit):
    with commit():
        by_hand(cast, "zoe", cast.mia)
    with commit():
        answer_question(digest=digest_mailed(), agrees=True)
    told = {message.to[0] for message in mail.outbox[1:]}
    assert told == {"zoe@acme.example", "mia@acme.example"}


def test_at_once_holds_without_an_answer_and_tells_the_holder(
    cast, alice_at_zoom, commit, settings
):
    settings.HOST_LINKS = "at_once"
    with commit():
        assert by_hand(cast, "alice", cast.mia) == Outcome.LINKED
    assert Host.objects.get(zoom_user_id="alice").membership.user == cast.mia
    assert {message.to[0] for message in mail.outbox} == {"alice@acme.example", "mia@acme.example"}
    assert AuditEvent.objects.get(action="host.linked").detail["by"] == "admin"


# --- The holder's answer ----------------------------------------------------------------------


@pytest.fixture
def asked(cast, zoe, commit):
    """The digest of the link that zoe got about mia."""
    with commit():
        by_hand(cast, "zoe", cast.mia)
    return digest_mailed()


def refusal_of(digest, agrees=True):
    with pytest.raises(AnswerRefused) as caught:
        answer_question(digest=digest, agrees=agrees)
    return caught.value.refusal.value


def is_linked():
    return Host.objects.filter(zoom_user_id="zoe").exists()


def test_no_is_no_and_is_written_down(cast, asked):
    answer_question(digest=asked, agrees=False)
    assert not is_linked()
    assert AuditEvent.objects.get(action="host.link_refused").detail["zoom_user_id"] == "zoe"


def test_an_answer_is_taken_once(cast, asked):
    answer_question(digest=asked, agrees=False)
    assert refusal_of(asked) == "answered"
    assert not is_linked()


def test_an_old_link_is_no_answer(cast, asked, time_machine):
    time_machine.move_to(timezone.now() + timezone.timedelta(days=8), tick=True)
    assert refusal_of(asked) == "expired"


def test_a_question_that_was_taken_back_is_no_answer(cast, asked):
    assert withdraw(link=HostLink.objects.get(), actor=cast.ada)
    assert refusal_of(asked) == "withdrawn"


def test_only_the_newest_question_counts(cast, asked, commit):
    with commit():
        by_hand(cast, "zoe", cast.sam)
    assert refusal_of(asked) == "withdrawn"
    answer_question(digest=digest_mailed(), agrees=True)
    assert Host.objects.get(zoom_user_id="zoe").membership.user == cast.sam


@pytest.mark.parametrize("digest", ["", "x" * 64])
def test_a_made_up_link_is_no_answer(cast, asked, digest):
    assert refusal_of(digest) == "unknown"


def test_the_database_has_no_link_that_could_be_used(cast, asked):
    token = LINK.search(mail.outbox[0].body)[1]
    assert token not in str(list(HostLink.objects.values()))


def test_a_member_who_was_deactivated_meanwhile_is_not_linked(cast, asked):
    member(cast.mia).__class__.objects.filter(user=cast.mia).update(is_active=False)
    assert refusal_of(asked) == "changed"
    assert not is_linked()


def test_a_zoom_user_whose_address_changed_hands_meanwhile_is_not_linked(cast, asked):
    ZoomUser.objects.filter(zoom_user_id="zoe").update(email="other@acme.example")
    assert refusal_of(asked) == "changed"


def test_a_zoom_user_who_is_gone_meanwhile_is_not_linked(cast, asked):
    ZoomUser.objects.filter(zoom_user_id="zoe").update(gone_at=timezone.now())
    assert refusal_of(asked) == "changed"


def test_an_organization_that_was_switched_off_takes_no_answer(cast, asked):
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(is_active=False)
    assert refusal_of(asked) == "closed"


# --- What Zoom says now -----------------------------------------------------------------------


def test_a_yes_from_an_address_that_zoom_no_longer_has_links_nobody(cast, zoom, asked):
    """Whoever has the old mailbox reads the mail; no import has seen the new address yet."""
    zoom.change_user("zoe", email="robert@acme.example")
    assert refusal_of(asked) == "changed"
    assert not is_linked()
    assert HostLink.objects.get().answered_at is None


def test_a_yes_about_a_user_who_left_zoom_links_nobody(cast, zoom, asked):
    zoom.delete_user("zoe")
    assert refusal_of(asked) == "changed"


def test_while_zoom_cannot_be_asked_the_answer_waits(cast, zoom, asked):
    zoom.fault("users.get", "status", status=503)
    assert refusal_of(asked) == "later"
    assert not is_linked()
    zoom.clear_faults()
    answer_question(digest=asked, agrees=True)
    assert is_linked()


def test_a_no_needs_no_word_of_zooms(cast, zoom, asked):
    zoom.clear_ledger()
    answer_question(digest=asked, agrees=False)
    assert zoom.calls() == []


@pytest.mark.parametrize("setting", ["confirmed", "at_once"])
def test_by_hand_nobody_is_linked_or_asked_by_an_old_address(cast, zoom, zoe, settings, setting):
    settings.HOST_LINKS = setting
    verified(cast.mia, "zoe@acme.example")
    zoom.change_user("zoe", email="robert@acme.example")
    for user in (cast.mia, cast.sam):
        with pytest.raises(ValidationError, match="another address by now"):
            by_hand(cast, "zoe", user)
    assert not is_linked()
    assert not HostLink.objects.exists()


def test_by_hand_an_admin_is_told_to_try_again(cast, zoom, zoe):
    zoom.fault("users.get", "status", status=503)
    with pytest.raises(ValidationError, match="Try again in a moment"):
        by_hand(cast, "zoe", cast.mia)


@pytest.mark.parametrize(("minutes", "calls"), [(50, 0), (70, 1)])
def test_in_bulk_zoom_is_asked_about_users_that_were_not_seen_lately(
    cast, zoom, zoe, minutes, calls
):
    seen_at = timezone.now() - timezone.timedelta(minutes=minutes)
    ZoomUser.objects.filter(pk=zoe.pk).update(seen_at=seen_at)
    verified(cast.mia, "zoe@acme.example")
    link_verified(
        organization=cast.acme, zoom_user_id="zoe", membership=member(cast.mia), actor=cast.ada
    )
    assert zoom.calls().count("users.get") == calls


# --- What makes no sense ----------------------------------------------------------------------


def test_a_member_is_one_host_at_most(cast, zoe):
    with pytest.raises(ValidationError, match="End that link first"):
        by_hand(cast, "zoe", cast.alice)


def test_a_foreign_member_is_none(cast, zoe):
    with pytest.raises(ValidationError, match="no active member"):
        by_hand(cast, "zoe", cast.carol)


def test_a_foreign_zoom_user_is_none(cast):
    ZoomUserFactory(account=cast.globex_account, zoom_user_id="carol")
    with pytest.raises(ValidationError, match="no Zoom user"):
        by_hand(cast, "carol", cast.mia)


def test_an_address_is_no_id(cast, zoe):
    with pytest.raises(ValidationError, match="no Zoom user"):
        by_hand(cast, "zoe@acme.example", cast.mia)


def test_who_is_gone_from_zoom_is_linked_to_nobody(cast, zoe):
    ZoomUser.objects.update(gone_at=timezone.now())
    with pytest.raises(ValidationError, match="no Zoom user"):
        by_hand(cast, "zoe", cast.mia)


def test_on_a_shared_account_only_assigned_users_are_linked(cast, zoom, commit):
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    values = {name: getattr(cast.acme_account, name) for name in fields}
    shared = ZoomAccount.objects.create(organization=None, name="Shared", **values)
    zoom.account(users=[at_zoom("dora", "mia@acme.example")])
    ZoomConnection.objects.filter(organization=cast.acme).update(
        account=shared, owner_key=INSTALLATION
    )
    ZoomUserFactory(account=shared, zoom_user_id="dora", email="mia@acme.example")
    verified(cast.mia, "mia@acme.example")
    with pytest.raises(ValidationError, match="no Zoom user"):
        by_hand(cast, "dora", cast.mia)
    cast.acme.zoom_user_assignments.create(account=shared, zoom_user_id="dora")
    assert by_hand(cast, "dora", cast.mia) == Outcome.LINKED


def test_nobody_is_asked_where_no_mail_is_sent(cast, zoe, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with pytest.raises(ValidationError, match="sends none"):
        by_hand(cast, "zoe", cast.mia)


def test_nobody_is_asked_without_end(cast, zoe):
    for _ in range(5):
        by_hand(cast, "zoe", cast.mia)
    with pytest.raises(ValidationError, match="Too many"):
        by_hand(cast, "zoe", cast.mia)


# --- Ending a link ----------------------------------------------------------------------------


def test_an_ended_link_starts_nothing_more_and_the_member_is_told(cast, commit):
    with commit():
        assert unlink(host=cast.alice_host, actor=cast.ada)
    assert cast.meeting.get_starting_host(cast.alice) is None
    assert mail.outbox[0].to == ["alice@acme.example"]
    detail = AuditEvent.objects.get(action="host.unlinked").detail
    assert detail == {"by": "admin", "zoom_user_id": "alice", "old_member": "alice@acme.example"}


def test_a_link_is_ended_once(cast):
    assert unlink(host=cast.alice_host, actor=cast.ada)
    assert not unlink(host=cast.alice_host, actor=cast.ada)


# --- Mail -------------------------------------------------------------------------------------


def test_a_mail_that_did_not_leave_is_sent_by_the_sweep_once(cast, zoe, time_machine):
    by_hand(cast, "zoe", cast.mia)
    mail_due_links()
    mail_due_links()
    assert [message.to for message in mail.outbox] == [["zoe@acme.example"]]


def test_a_question_is_shown_as_long_as_it_is_open(cast, asked):
    assert get_question(asked).membership.user == cast.mia
