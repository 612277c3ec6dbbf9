"""Invitations: made by an admin, taken up once, by the person they were made for."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.invitations.accepting import InvitationRefused, Refusal, accept
from portal.invitations.issuing import digest_of, invite, invite_again, revoke
from portal.invitations.mailing import (
    MailState,
    get_mail_state,
    mail_due_invitations,
    mail_invitation,
)
from portal.models import AuditEvent, Invitation, Membership, Organization, User
from portal.tenancy import across_all_organizations
from tests.factories import PASSWORD, InvitationFactory, MembershipFactory, UserFactory
from tests.sessions import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = "/admin/portal/invitation/"
ADD = f"{LIST}add/"
OPEN, ACCEPT = "/invitation/", "/invitation/accept/"
LINK = re.compile(r"http://localhost/invitation/#([\w-]{43})")
NEW = {"name": "Nora", "password": "battery-staple-9", "password_again": "battery-staple-9"}


def body(response):
    return response.content.decode()


def token_in(text):
    (token,) = set(LINK.findall(text))
    return token


def typed(organization, **changes):
    return {"organization": organization.pk, "email": "nora@people.example", "name": "Nora",
            "role": "member"} | changes  # fmt: skip


def issue(cast, email="nora@people.example", role="member", actor=None):
    """An invitation by ada, and the token of its link."""
    new = Invitation(organization=cast.acme, email=email, role=role)
    issued = invite(invitation=new, actor=actor or cast.ada)
    return issued.invitation, token_in(issued.link)


def mailed_token(invitation, mailoutbox):
    assert mail_invitation(invitation.pk)
    return token_in(mailoutbox[-1].body)


def opened(token, client=None):
    """Somebody's browser after the link's page has sent the token on."""
    client = client or Client()
    assert client.post(OPEN, {"token": token}).url == ACCEPT
    return client


def memberships_of(email, organization):
    return Membership.objects.filter(user__email=email, organization=organization)


@pytest.fixture(autouse=True)
def _no_limits_left_over(db):
    cache.clear()


@pytest.fixture
def ada(cast, signed_in):
    return signed_in(cast.ada)


# --- Making one -------------------------------------------------------------------------------


def test_an_admin_invites_and_is_shown_the_link_once(cast, ada):
    shown = ada.post(ADD, typed(cast.acme))
    invitation = Invitation.objects.get()
    assert invitation.shown_digest == digest_of(token_in(body(shown)))
    assert invitation.shown_digest not in body(shown)
    page = reverse("admin:portal_invitation_change", args=[invitation.pk])
    assert not LINK.search(body(ada.get(page)) + body(ada.get(LIST)))


def test_the_answer_with_the_link_is_not_kept_by_browsers(cast, ada):
    assert "no-store" in ada.post(ADD, typed(cast.acme))["Cache-Control"]


def test_an_invitation_is_written_down_with_its_role(cast, ada):
    ada.post(ADD, typed(cast.acme, role="scheduler"))
    event = AuditEvent.objects.get(action="invitation.added")
    assert (event.actor_id, event.organization_id) == (cast.ada.pk, cast.acme.pk)
    assert (event.target_name, event.detail) == ("nora@people.example", {"role": "scheduler"})


def test_an_invitation_holds_seven_days(cast, ada):
    ada.post(ADD, typed(cast.acme))
    invitation = Invitation.objects.get()
    assert invitation.expires_at - invitation.issued_at == timedelta(days=7)


def test_how_long_it_holds_is_a_setting(cast, ada, settings):
    settings.INVITATION_DAYS = 1.0
    ada.post(ADD, typed(cast.acme))
    invitation = Invitation.objects.get()
    assert invitation.expires_at - invitation.issued_at == timedelta(days=1)


def test_the_only_organization_is_chosen_already(cast, ada):
    assert ada.get(ADD).context["adminform"].form.initial["organization"] == cast.acme.pk


def errors_of(response):
    return str(response.context["adminform"].form.errors)


def test_nobody_is_invited_into_another_organization(cast, ada):
    assert "organization" in errors_of(ada.post(ADD, typed(cast.globex)))
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("email", ["mia@acme.example", "MIA@acme.example"])
def test_a_member_is_not_invited_again(cast, ada, email):
    assert "member already" in errors_of(ada.post(ADD, typed(cast.acme, email=email)))


def test_a_deactivated_member_is_to_be_made_active_instead(cast, ada):
    cast.mia.memberships.update(is_active=False)
    answer = ada.post(ADD, typed(cast.acme, email=cast.mia.email))
    assert "deactivated" in errors_of(answer)


def test_somebody_invited_is_not_invited_twice(cast, ada):
    ada.post(ADD, typed(cast.acme))
    again = ada.post(ADD, typed(cast.acme, email="Nora@people.example"))
    assert "invited already" in errors_of(again)
    assert Invitation.objects.count() == 1


def test_an_address_elsewhere_is_invited_like_one_that_is_nowhere(cast, ada):
    """Else an admin could ask who is a user of this installation."""

    def answer(email):
        shown = body(ada.post(ADD, typed(cast.acme, email=email)))
        return LINK.sub("LINK", shown).replace(email, "EMAIL")

    csrf = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    texts = {csrf.sub("", answer(email)) for email in (cast.carol.email, "nobody@x.example")}
    assert len(texts) == 1


def test_the_database_refuses_a_second_open_invitation(cast):
    InvitationFactory(organization=cast.acme, email="nora@people.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        InvitationFactory(organization=cast.acme, email="NORA@people.example")
    InvitationFactory(organization=cast.globex, email="nora@people.example")


def test_over_the_daily_limit_nobody_is_invited(cast, ada, monkeypatch):
    many = [
        InvitationFactory.build(organization=cast.acme, email=f"p{n}@people.example")
        for n in range(2000)
    ]
    Invitation.objects.bulk_create(many)
    assert "a day are the most" in body(ada.post(ADD, typed(cast.acme), follow=True))
    assert Invitation.objects.count() == 2000


def at_intervals(times, minutes=1):
    begin = timezone.now()
    for number in range(1, times + 1):
        with time_machine.travel(begin + timedelta(minutes=minutes * number), tick=False):
            yield number


def again(invitation, actor):
    invite_again(invitation=Invitation.objects.get(pk=invitation.pk), actor=actor)


def send_again_often(cast, invitation):
    for _ in at_intervals(20):
        mail_due_invitations()
        again(invitation, cast.ada)


def invite_and_revoke_often(cast, times):
    for _ in at_intervals(times):
        revoke(invitation=issue(cast)[0], actor=cast.ada)


def test_sending_again_counts_towards_the_daily_limit(cast, monkeypatch):
    monkeypatch.setattr("portal.invitations.issuing.DAILY_LIMIT", 3)
    monkeypatch.setattr("portal.invitations.issuing.DAILY_LIMIT_FOR_ONE", 100)
    invitation, _token = issue(cast)
    with pytest.raises(ValidationError, match="3 invitations a day"):
        send_again_often(cast, invitation)
    assert AuditEvent.objects.filter(action="invitation.sent_again").count() == 2


def test_one_person_gets_five_a_day(cast, mailoutbox):
    invitation, _token = issue(cast)
    with pytest.raises(ValidationError, match="5 times within a day"):
        send_again_often(cast, invitation)
    mail_due_invitations()
    assert len(mailoutbox) == 5
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=10)):
        again(invitation, cast.ada)


def test_taking_back_and_inviting_anew_is_no_way_around_it(cast):
    with pytest.raises(ValidationError, match="5 times within a day"):
        invite_and_revoke_often(cast, 6)
    assert Invitation.objects.count() == 5


def test_another_organization_is_not_held_up_by_it(cast):
    invite_and_revoke_often(cast, 5)
    email = Invitation.objects.first().email
    invite(invitation=Invitation(organization=cast.globex, email=email), actor=cast.gus)


@pytest.mark.parametrize("who", ["alice", "sam", "mia"])
def test_others_invite_nobody(cast, signed_in, who):
    signed_in(getattr(cast, who)).post(ADD, typed(cast.acme))
    assert not Invitation.objects.exists()


def test_the_operator_invites_an_organizations_first_admin(cast, signed_in):
    empty = Organization.objects.create(name="Initech")
    shown = signed_in(cast.operator).post(ADD, typed(empty, role="admin"))
    client = opened(token_in(body(shown)))
    assert client.post(ACCEPT, NEW).status_code == 302
    assert memberships_of("nora@people.example", empty).get().role == "admin"


# --- The mail ---------------------------------------------------------------------------------


def test_the_mail_has_a_link_of_its_own(cast, mailoutbox):
    invitation, shown = issue(cast)
    token = mailed_token(invitation, mailoutbox)
    invitation.refresh_from_db()
    (mail,) = mailoutbox
    assert mail.to == ["nora@people.example"]
    assert "Acme" in mail.subject
    assert token != shown
    assert invitation.mailed_digest == digest_of(token)


@pytest.mark.django_db(transaction=True)
def test_it_leaves_with_the_click(cast, ada, mailoutbox):
    shown = body(ada.post(ADD, typed(cast.acme)))
    assert len(mailoutbox) == 1
    assert "Sent" in shown


def test_a_mail_leaves_once(cast, mailoutbox):
    issue(cast)
    mail_due_invitations()
    mail_due_invitations()
    assert len(mailoutbox) == 1


def test_a_mail_that_did_not_leave_is_tried_again(cast, mailoutbox, settings):
    invitation, _token = issue(cast)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert not mail_invitation(invitation.pk)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        mail_due_invitations()
    assert len(mailoutbox) == 1


def test_a_mail_that_never_leaves_is_given_up(cast, settings):
    invitation, _token = issue(cast)
    Invitation.objects.update(mail_attempts=5)
    assert not mail_invitation(invitation.pk)


def test_a_mail_that_was_given_up_is_said_on_the_page_and_in_the_list(cast, ada):
    invitation, _token = issue(cast)
    Invitation.objects.update(mail_attempts=5)
    page = reverse("admin:portal_invitation_change", args=[invitation.pk])
    for address in (page, LIST):
        assert "Not sent: given up" in body(ada.get(address))


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, MailState.DUE),
        ({"mail_attempts": 1}, MailState.LATE),
        ({"mail_attempts": 5}, MailState.GIVEN_UP),
        ({"mail_attempts": 5, "mailed_at": timezone.now()}, MailState.SENT),
        ({"mail_attempts": 5, "accepted_at": timezone.now()}, MailState.NONE),
        ({"mail_due_at": None}, MailState.NONE),
    ],
)
def test_what_became_of_the_mail(cast, fields, state):
    invitation, _token = issue(cast)
    Invitation.objects.update(**fields)
    invitation.refresh_from_db()
    assert get_mail_state(invitation, timezone.now()) == state


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_the_server_did_not_take_is_not_promised(cast, ada, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    shown = body(ada.post(ADD, typed(cast.acme)))
    assert "did not take it" in shown
    assert "Will be sent" not in shown


def test_nothing_is_due_where_no_mail_is_set_up(cast, ada, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "No mail is set up" in body(ada.post(ADD, typed(cast.acme)))
    assert Invitation.objects.get().mail_due_at is None


def test_a_line_break_in_a_name_begins_no_header(cast, mailoutbox):
    Organization.objects.filter(pk=cast.acme.pk).update(name="Acme\nBcc: all@people.example")
    cast.acme.refresh_from_db()
    invitation, _token = issue(cast)
    mail_invitation(invitation.pk)
    assert mailoutbox[0].recipients() == ["nora@people.example"]
    assert "\n" not in mailoutbox[0].subject


# --- Where the token is -----------------------------------------------------------------------


def test_the_link_sends_its_token_to_nobody(cast):
    """Browsers keep what stands behind the # to themselves; the page's script posts it."""
    _invitation, token = issue(cast)
    client = opened(token)
    assert token not in body(client.get(ACCEPT))


def test_the_token_is_in_no_row_and_no_log(cast, ada, caplog, mailoutbox):
    caplog.set_level("DEBUG")
    shown = token_in(body(ada.post(ADD, typed(cast.acme))))
    invitation = Invitation.objects.get()
    mailed = mailed_token(invitation, mailoutbox)
    client = opened(shown)
    client.post(OPEN, {"token": mailed})
    client.post(ACCEPT, NEW)
    invitation.refresh_from_db()
    rows = str(Invitation.objects.values()) + str(AuditEvent.objects.values())
    rows += str([session.get_decoded() for session in Session.objects.all()])
    for token in (shown, mailed):
        assert token not in rows + caplog.text


def test_a_whole_link_can_be_pasted(cast):
    _invitation, token = issue(cast)
    assert "Nora" not in body(opened(f" http://localhost{OPEN}#{token} ").get(ACCEPT))
    assert "invites" in body(opened(f" http://localhost{OPEN}#{token} ").get(ACCEPT))


def test_the_session_forgets_after_an_hour(cast):
    _invitation, token = issue(cast)
    client = opened(token)
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        assert client.get(ACCEPT).url == OPEN


def test_links_are_tried_sixty_times_a_minute_at_most(cast):
    client = Client()
    answers = [client.post(OPEN, {"token": "x"}).status_code for _ in range(61)]
    assert answers == [302] * 60 + [429]


# --- A new person -----------------------------------------------------------------------------


def test_a_new_person_chooses_a_password_and_is_in(cast):
    _invitation, token = issue(cast, role="scheduler")
    client = opened(token)
    assert client.post(ACCEPT, NEW).url == "/"
    membership = memberships_of("nora@people.example", cast.acme).get()
    assert (membership.role, membership.user.name) == ("scheduler", "Nora")
    assert get_user(client).email == "nora@people.example"
    assert client.get("/meetings/").status_code == 200


def test_who_just_chose_a_password_is_not_asked_for_it_again(cast):
    _, token = issue(cast, role="admin")
    client = opened(token)
    client.post(ACCEPT, NEW)
    for asks_who_you_are in ("/admin/zoomauth/zoomaccount/add/", reverse("mfa_activate_totp")):
        assert client.get(asks_who_you_are).status_code == 200


def test_what_happened_is_written_down(cast):
    _invitation, token = issue(cast)
    opened(token).post(ACCEPT, NEW)
    events = {event.action: event for event in AuditEvent.objects.all()}
    assert {"invitation.accepted", "membership.added", "user.added"} <= set(events)
    assert events["membership.added"].detail["after"] == {"role": "member", "is_active": True}


def test_a_link_from_the_admins_hands_confirms_no_address(cast):
    _invitation, token = issue(cast)
    opened(token).post(ACCEPT, NEW)
    assert not EmailAddress.objects.get(email="nora@people.example").verified


def test_a_mailed_link_confirms_the_address(cast, mailoutbox):
    invitation, _token = issue(cast)
    opened(mailed_token(invitation, mailoutbox)).post(ACCEPT, NEW)
    address = EmailAddress.objects.get(email="nora@people.example")
    assert (address.verified, address.primary) == (True, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"password": "password", "password_again": "password"}, "too common"),
        ({"password_again": "another-one-9"}, "not the same"),
        ({"name": ""}, "required"),
        ({"password": "nora@people.example", "password_again": "nora@people.example"}, "similar"),
    ],
)
def test_a_weak_password_is_told(cast, changes, said):
    _invitation, token = issue(cast)
    answer = opened(token).post(ACCEPT, NEW | changes)
    assert answer.status_code == 422
    assert said in body(answer)
    assert not User.objects.filter(email="nora@people.example").exists()


@pytest.mark.parametrize(
    ("sent", "kept"), [("Asia/Tokyo", "Asia/Tokyo"), ("Nowhere/At all", "Europe/Berlin")]
)
def test_the_browsers_time_zone_is_taken_or_else_the_senders(cast, sent, kept):
    User.objects.filter(pk=cast.ada.pk).update(time_zone="Europe/Berlin")
    _invitation, token = issue(cast)
    opened(token).post(ACCEPT, NEW | {"time_zone": sent})
    assert User.objects.get(email="nora@people.example").time_zone == kept


def test_a_forged_address_or_role_changes_nothing(cast):
    _invitation, token = issue(cast)
    forged = {"email": "boss@people.example", "role": "admin", "is_superuser": "on"}
    opened(token).post(ACCEPT, NEW | forged)
    user = User.objects.get(email="nora@people.example")
    assert (user.memberships.get().role, user.is_superuser) == ("member", False)


# --- A person who is here already -------------------------------------------------------------


def test_a_known_person_signs_in_first_and_then_accepts(cast):
    _invitation, token = issue(cast, email=cast.carol.email)
    client = opened(token)
    page = client.get(ACCEPT)
    assert "Sign in" in body(page)
    assert client.post(ACCEPT, NEW).status_code == 200
    typed = {"login": cast.carol.email, "password": PASSWORD, "next": ACCEPT}
    assert client.post("/accounts/login/", typed).url == ACCEPT
    assert "Accept" in body(client.get(ACCEPT))
    assert client.post(ACCEPT).url == "/"
    assert memberships_of(cast.carol.email, cast.acme).get().role == "member"
    assert memberships_of(cast.carol.email, cast.globex).exists()


def test_nobodys_password_is_changed_by_a_link(cast):
    _invitation, token = issue(cast, email=cast.carol.email)
    opened(token).post(ACCEPT, NEW)
    assert User.objects.get(pk=cast.carol.pk).check_password(PASSWORD)


def squatted(cast, **account):
    """An account in somebody's name, made by somebody else, with ways to come back into it."""
    user = UserFactory(email="nora@people.example", **account)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    SocialAccount.objects.create(user=user, provider="gus", uid="made-by-gus")
    return user


def test_who_reads_the_mail_takes_over_an_account_that_nobody_has_shown_to_be_theirs(
    cast, mailoutbox, signed_in
):
    user = squatted(cast)
    squatters = signed_in(user)
    invitation, _token = issue(cast)
    client = opened(mailed_token(invitation, mailoutbox))
    assert "Choose a password" in body(client.get(ACCEPT))
    assert client.post(ACCEPT, NEW).url == "/"
    user.refresh_from_db()
    assert get_user(client) == user
    assert user.check_password(NEW["password"])
    assert not Authenticator.objects.filter(user=user).exists()
    assert not SocialAccount.objects.filter(user=user).exists()
    assert not get_user(squatters).is_authenticated
    assert EmailAddress.objects.get(user=user).verified
    taken = AuditEvent.objects.get(action="user.taken_over")
    assert taken.detail == {"second_factors_removed": 1, "provider_links_removed": 1}


def test_a_session_of_an_unshown_account_is_asked_for_a_password_too(cast, mailoutbox, signed_in):
    user = squatted(cast)
    invitation, _token = issue(cast)
    client = opened(mailed_token(invitation, mailoutbox), signed_in(user))
    assert "Choose a password" in body(client.get(ACCEPT))
    assert not EmailAddress.objects.get(user=user).verified


@pytest.mark.parametrize("account", [{"is_active": False}, {"is_superuser": True}])
def test_some_accounts_are_not_had_by_an_invitation(cast, mailoutbox, account):
    user = squatted(cast, **account)
    invitation, _token = issue(cast)
    client = opened(mailed_token(invitation, mailoutbox))
    assert "Sign in" in body(client.post(ACCEPT, NEW))
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_an_account_whose_address_is_shown_is_not_taken_over(cast, mailoutbox):
    user = squatted(cast)
    EmailAddress.objects.filter(user=user).update(verified=True)
    invitation, _token = issue(cast)
    client = opened(mailed_token(invitation, mailoutbox))
    assert "Sign in" in body(client.post(ACCEPT, NEW))
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_link_from_the_admins_hands_takes_over_nothing(cast):
    user = squatted(cast)
    _invitation, token = issue(cast)
    assert "Sign in" in body(opened(token).post(ACCEPT, NEW))
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_another_signed_in_person_is_told_so_and_takes_nothing(cast, signed_in):
    _invitation, token = issue(cast)
    client = opened(token, signed_in(cast.gus))
    for answer in (client.get(ACCEPT), client.post(ACCEPT, NEW)):
        assert answer.status_code == 403
        assert "gus@globex.example" in body(answer)
    assert not memberships_of(cast.gus.email, cast.acme).exists()


def test_another_signed_in_person_signs_out_and_goes_on(cast, signed_in):
    _invitation, token = issue(cast)
    client = opened(token, signed_in(cast.gus))
    assert client.post("/invitation/other-person/").url == ACCEPT
    assert not get_user(client).is_authenticated
    assert "Choose a password" in body(client.get(ACCEPT))


def test_the_address_of_another_is_refused_below_the_page_too(cast):
    _invitation, token = issue(cast)
    with pytest.raises(InvitationRefused) as refused:
        accept(digest=digest_of(token), user=cast.gus)
    assert refused.value.refusal == Refusal.OTHER_PERSON


def test_who_became_a_member_meanwhile_keeps_their_role(cast, signed_in):
    _invitation, token = issue(cast, email=cast.carol.email, role="admin")
    MembershipFactory(user=cast.carol, organization=cast.acme, role="member")
    opened(token, signed_in(cast.carol)).post(ACCEPT)
    assert memberships_of(cast.carol.email, cast.acme).get().role == "member"


# --- Links that no longer work ----------------------------------------------------------------


def refused(token, client=None):
    answer = opened(token, client).get(ACCEPT)
    assert answer.status_code == 410
    return body(answer)


def test_an_expired_link_says_what_to_do(cast):
    _invitation, token = issue(cast)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert "has expired" in refused(token)


def test_a_revoked_link_says_what_to_do(cast, ada):
    invitation, token = issue(cast)
    ada.post(f"{LIST}{invitation.pk}/take-back/")
    assert "taken back" in refused(token)
    assert AuditEvent.objects.filter(action="invitation.revoked").count() == 1


def test_a_used_link_says_what_to_do(cast):
    _invitation, token = issue(cast)
    opened(token).post(ACCEPT, NEW)
    assert "accepted already" in refused(token)


def test_a_wrong_link_says_what_to_do(cast):
    assert "not valid" in refused("A" * 43)


def test_a_link_that_was_sent_again_is_replaced(cast, ada):
    invitation, token = issue(cast)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        shown = ada.post(f"{LIST}{invitation.pk}/send-again/")
        newer = token_in(body(shown))
        assert "not valid" in refused(token)
        assert opened(newer).post(ACCEPT, NEW).url == "/"


def test_a_mailed_link_ends_too_when_it_is_sent_again(cast, mailoutbox):
    invitation, _token = issue(cast)
    mailed = mailed_token(invitation, mailoutbox)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        invite_again(invitation=invitation, actor=cast.ada)
    assert "not valid" in refused(mailed)


def test_sending_an_expired_one_again_makes_it_hold_anew(cast, ada):
    invitation, _token = issue(cast)
    later = timezone.now() + timedelta(days=8)
    with time_machine.travel(later):
        sign_in(ada, cast.ada)
        newer = token_in(body(ada.post(f"{LIST}{invitation.pk}/send-again/")))
        assert opened(newer).get(ACCEPT).status_code == 200


@pytest.mark.parametrize("action", ["send-again", "take-back"])
def test_what_was_answered_is_neither_sent_again_nor_taken_back(cast, ada, action):
    invitation, token = issue(cast)
    opened(token).post(ACCEPT, NEW)
    before = Invitation.objects.filter(pk=invitation.pk).values().get()
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        ada.post(f"{LIST}{invitation.pk}/{action}/")
    assert Invitation.objects.filter(pk=invitation.pk).values().get() == before


def test_an_inactive_organization_takes_nobody_in(cast):
    _invitation, token = issue(cast)
    Organization.objects.filter(pk=cast.acme.pk).update(is_active=False)
    assert "not active" in refused(token)


@pytest.mark.parametrize("change", [{"role": "member"}, {"is_active": False}])
def test_invitations_of_a_former_admin_end_with_the_role(cast, change):
    _invitation, token = issue(cast, role="admin")
    cast.ada.memberships.update(**change)
    assert "no longer administers" in refused(token)


def test_another_admin_sends_it_again_in_their_own_name(cast, signed_in):
    invitation, _token = issue(cast)
    other = MembershipFactory(organization=cast.acme, role="admin")
    cast.ada.memberships.update(role="member")
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        shown = signed_in(other.user).post(f"{LIST}{invitation.pk}/send-again/")
        assert opened(token_in(body(shown))).get(ACCEPT).status_code == 200


def test_an_old_invitation_brings_no_deactivated_member_back(cast, signed_in):
    _invitation, token = issue(cast, email=cast.carol.email)
    MembershipFactory(user=cast.carol, organization=cast.acme, is_active=False)
    client = opened(token, signed_in(cast.carol))
    assert "was deactivated" in body(client.post(ACCEPT))
    assert not memberships_of(cast.carol.email, cast.acme).get().is_active
    assert Invitation.objects.get().accepted_at is None


# --- Others' ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["send-again", "take-back"])
def test_another_organizations_invitation_is_as_if_it_were_not_there(cast, signed_in, action):
    invitation, token = issue(cast)
    gus = signed_in(cast.gus)
    assert gus.post(f"{LIST}{invitation.pk}/{action}/").status_code == 302
    assert gus.get(f"{LIST}{invitation.pk}/{action}/").status_code == 405
    assert opened(token).get(ACCEPT).status_code == 200


def test_bulk_actions_take_no_foreign_rows_along(cast, signed_in):
    invitation, token = issue(cast)
    for action in ("take_back", "send_again"):
        chosen = {"action": action, "_selected_action": [invitation.pk]}
        signed_in(cast.gus).post(LIST, chosen)
    assert opened(token).get(ACCEPT).status_code == 200


def test_many_are_taken_back_at_once(cast, ada):
    rows = [issue(cast, email=f"p{n}@people.example")[0] for n in range(3)]
    ada.post(LIST, {"action": "take_back", "_selected_action": [row.pk for row in rows]})
    assert Invitation.objects.exclude(revoked_at=None).count() == 3


# --- Two clicks at once -----------------------------------------------------------------------


def at_once(click, *arguments):
    together = Barrier(len(arguments))

    def run(argument):
        together.wait(10)
        try:
            return click(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))


@pytest.mark.django_db(transaction=True)
def test_two_clicks_on_invite_make_one_invitation(cast, signed_in):
    clients = [signed_in(cast.ada), signed_in(cast.ada)]
    form = typed(cast.acme)
    answers = at_once(lambda client: body(client.post(ADD, form, follow=True)), *clients)
    assert sum(bool(LINK.search(answer)) for answer in answers) == 1
    assert sum("invited already" in answer for answer in answers) == 1
    with across_all_organizations():
        assert Invitation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_of_a_new_person_make_one_account_and_one_membership(cast):
    _invitation, token = issue(cast)
    clients = [opened(token), opened(token)]
    statuses = at_once(lambda client: client.post(ACCEPT, NEW).status_code, *clients)
    assert sorted(statuses) in ([302, 410], [200, 302])
    with across_all_organizations():
        assert memberships_of("nora@people.example", cast.acme).count() == 1
        assert AuditEvent.objects.filter(action="invitation.accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_of_a_known_person_make_one_membership(cast, signed_in):
    _invitation, token = issue(cast, email=cast.carol.email)
    clients = [opened(token, signed_in(cast.carol)) for _ in range(2)]
    statuses = at_once(lambda client: client.post(ACCEPT).status_code, *clients)
    assert sorted(statuses) == [302, 410]
    with across_all_organizations():
        assert memberships_of(cast.carol.email, cast.acme).count() == 1
        assert AuditEvent.objects.filter(action="membership.added").count() == 1


def wait_until_somebody_waits():
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
        time.sleep(0.02)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs two writers at once")
@pytest.mark.django_db(transaction=True)
def test_the_second_click_waits_for_the_first_and_finds_the_invitation_taken(cast, signed_in):
    _invitation, token = issue(cast, email=cast.carol.email)
    client = opened(token, signed_in(cast.carol))

    def click_too():
        try:
            return client.post(ACCEPT).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            accept(digest=digest_of(token), user=cast.carol)
            second = pool.submit(click_too)
            wait_until_somebody_waits()
        assert second.result() == 410


def test_a_replay_makes_nothing_more(cast, signed_in):
    _invitation, token = issue(cast, email=cast.carol.email)
    client = opened(token, signed_in(cast.carol))
    client.post(ACCEPT)
    opened(token, client)
    assert client.post(ACCEPT).status_code == 410
    assert memberships_of(cast.carol.email, cast.acme).count() == 1


def test_an_account_made_meanwhile_is_not_taken_over(cast):
    _invitation, token = issue(cast)
    client = opened(token)
    client.get(ACCEPT)
    UserFactory(email="nora@people.example")
    assert "Sign in" in body(client.post(ACCEPT, NEW))
    assert not memberships_of("nora@people.example", cast.acme).exists()
