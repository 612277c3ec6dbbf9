"""An organization's own sign-in: whom it lets in, as what, and how far."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.identity.links import Assertion, Refusal, SignInRefused, link
from portal.invitations.issuing import invite
from portal.models import AuditEvent, IdentityProvider, Invitation, Membership, User
from tests.cast import Cast
from tests.factories import IdentityProviderFactory, MembershipFactory, UserFactory
from tests.oidc import answer_at, begin, come_back, honest_provider, knows, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with honest_provider() as running:
        yield running


@pytest.fixture
def of_globex(cast: Cast, issuer: str, settings: Any) -> IdentityProvider:
    settings.OIDC_ON_LOOPBACK = True
    return IdentityProviderFactory(organization=cast.globex, name="Globex Login", issuer=issuer)


@pytest.fixture
def of_acme(cast: Cast, issuer: str, settings: Any) -> IdentityProvider:
    settings.OIDC_ON_LOOPBACK = True
    return IdentityProviderFactory(organization=cast.acme, name="Acme Login", issuer=issuer)


def linked(user: User, provider: IdentityProvider, subject: str) -> None:
    SocialAccount.objects.create(user=user, provider=str(provider.pk), uid=subject)


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def last_event() -> AuditEvent:
    return AuditEvent.objects.order_by("-at").first()


def test_a_linked_person_signs_in(cast: Cast, of_globex: IdentityProvider) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    answer = sign_in(client, of_globex, "carol-there")
    assert answer["Location"] == reverse("meetings:list")
    assert who(client) == str(cast.carol.pk)


def test_the_sign_in_is_audited_for_its_organization(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    sign_in(Client(), of_globex, "carol-there")
    event = last_event()
    assert (event.action, event.organization_id) == ("login.completed", cast.globex.pk)
    assert event.detail == {"methods": ["socialaccount"]}


def test_globex_asserting_alices_address_gains_nothing(
    cast: Cast, of_globex: IdentityProvider, issuer: str
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    knows(issuer, "mallory", email=cast.alice.email, email_verified=True, name="Alice")
    client = Client()
    answer = sign_in(client, of_globex, "mallory")
    assert answer.status_code == 403
    assert who(client) is None
    assert not SocialAccount.objects.exists()
    assert client.get(cast.meeting.get_absolute_url()).status_code == 302


def test_alices_link_to_globex_shows_nothing_of_acme(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    """Not even to Alice, who is in both: her session through globex is globex's."""
    MembershipFactory(user=cast.alice, organization=cast.globex)
    linked(cast.alice, of_globex, "alice-there")
    client = Client()
    sign_in(client, of_globex, "alice-there")
    assert who(client) == str(cast.alice.pk)
    assert client.get(reverse("meetings:detail", args=[cast.meeting.pk])).status_code == 404
    assert client.post(reverse("meetings:start", args=[cast.meeting.pk])).status_code == 404
    assert client.get(reverse("api-meeting-detail", args=[cast.meeting.pk])).status_code == 404
    assert "Acme" not in client.get(reverse("meetings:list")).content.decode()


def test_the_same_person_sees_acme_with_her_password(cast: Cast, signed_in: Any) -> None:
    MembershipFactory(user=cast.alice, organization=cast.globex)
    client = signed_in(cast.alice)
    assert client.get(reverse("meetings:detail", args=[cast.meeting.pk])).status_code == 200


def test_an_admin_of_two_administers_one_of_them(cast: Cast, of_globex: IdentityProvider) -> None:
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    linked(cast.ada, of_globex, "ada-there")
    client = Client()
    sign_in(client, of_globex, "ada-there")
    page = client.get(reverse("admin:portal_membership_changelist")).content.decode()
    assert "carol@globex.example" in page
    assert "alice@acme.example" not in page


def test_an_admin_of_acme_is_no_admin_through_globex(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    MembershipFactory(user=cast.ada, organization=cast.globex)
    linked(cast.ada, of_globex, "ada-there")
    client = Client()
    sign_in(client, of_globex, "ada-there")
    assert client.get(reverse("admin:index")).status_code == 302


def test_an_operator_does_not_come_in(cast: Cast, of_globex: IdentityProvider) -> None:
    MembershipFactory(user=cast.operator, organization=cast.globex)
    linked(cast.operator, of_globex, "operator-there")
    client = Client()
    answer = sign_in(client, of_globex, "operator-there")
    assert answer.status_code == 403
    assert who(client) is None


def test_who_becomes_operator_is_signed_out(cast: Cast, of_globex: IdentityProvider) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    User.objects.filter(pk=cast.carol.pk).update(is_superuser=True)
    assert client.get(reverse("admin:index")).status_code == 302
    assert who(client) is None


def test_an_unknown_subject_is_refused(
    cast: Cast, of_globex: IdentityProvider, issuer: str
) -> None:
    knows(issuer, "new-there", email="new@globex.example")
    client = Client()
    answer = sign_in(client, of_globex, "new-there")
    assert answer.status_code == 403
    assert "Nobody here is linked" in answer.content.decode()
    assert not User.objects.filter(email="new@globex.example").exists()
    assert last_event().detail == {"reason": "unknown"}


def test_a_provider_that_adds_people_makes_a_plain_member(
    cast: Cast, of_globex: IdentityProvider, issuer: str
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    knows(issuer, "nina", email="Nina@Globex.example", name="Nina", email_verified=True)
    client = Client()
    sign_in(client, of_globex, "nina")
    nina = User.objects.get(email="nina@globex.example")
    assert who(client) == str(nina.pk)
    assert not nina.has_usable_password()
    assert not nina.emailaddress_set.filter(verified=True).exists()
    membership = nina.memberships.get()
    assert (membership.organization, membership.role) == (cast.globex, Membership.Role.MEMBER)


def test_the_form_says_whom_a_provider_that_adds_people_adds(cast: Cast, signed_in: Any) -> None:
    page = signed_in(cast.ada).get(reverse("admin:portal_identityprovider_add")).content.decode()
    assert "At a public one, where anybody can get an account, anybody would become" in page


def test_the_second_time_the_same_user_comes_back(
    cast: Cast, of_globex: IdentityProvider, issuer: str
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    knows(issuer, "nils", email="nils@globex.example")
    for _ in range(2):
        sign_in(Client(), of_globex, "nils")
    assert User.objects.filter(email="nils@globex.example").count() == 1


def test_a_deactivated_member_is_not_added_again(
    cast: Cast, of_globex: IdentityProvider, issuer: str
) -> None:
    IdentityProvider.objects.update(creates_members=True)
    linked(cast.carol, of_globex, "carol-there")
    Membership.objects.filter(user=cast.carol).update(is_active=False)
    answer = sign_in(Client(), of_globex, "carol-there")
    assert answer.status_code == 403
    assert not Membership.objects.get(user=cast.carol).is_active


def test_an_inactive_user_does_not_come_in(cast: Cast, of_globex: IdentityProvider) -> None:
    linked(cast.carol, of_globex, "carol-there")
    User.objects.filter(pk=cast.carol.pk).update(is_active=False)
    client = Client()
    assert sign_in(client, of_globex, "carol-there").status_code == 403
    assert who(client) is None


def test_the_same_subject_at_another_provider_is_somebody_else(
    cast: Cast, of_globex: IdentityProvider, of_acme: IdentityProvider
) -> None:
    linked(cast.alice, of_acme, "one-subject")
    client = Client()
    assert sign_in(client, of_globex, "one-subject").status_code == 403
    assert who(client) is None


@pytest.mark.parametrize("what", ["provider", "organization", "gone"])
def test_switched_off_ends_the_session_at_the_next_request(
    cast: Cast, of_globex: IdentityProvider, what: str
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    assert client.get(reverse("meetings:list")).status_code == 200
    if what == "provider":
        IdentityProvider.objects.update(is_active=False)
    elif what == "organization":
        type(cast.globex).objects.filter(pk=cast.globex.pk).update(is_active=False)
    else:
        of_globex.delete()
    assert client.get(reverse("meetings:list")).status_code == 302
    assert client.get(reverse("api-meeting-list")).status_code == 403
    assert who(client) is None


def test_a_lost_membership_leaves_nothing_to_see(cast: Cast, of_globex: IdentityProvider) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    Membership.objects.filter(user=cast.carol).update(is_active=False)
    address = reverse("meetings:detail", args=[cast.carols_meeting.pk])
    assert client.get(address).status_code == 404


def test_switched_off_while_somebody_is_at_the_provider(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    back = answer_at(begin(client, of_globex), "carol-there")
    IdentityProvider.objects.update(is_active=False)
    assert come_back(client, back).status_code == 404
    assert who(client) is None


def test_an_inactive_provider_has_no_sign_in_page(cast: Cast, of_globex: IdentityProvider) -> None:
    address = reverse("openid_connect_login", args=[of_globex.pk])
    assert Client().get(address).status_code == 200
    IdentityProvider.objects.update(is_active=False)
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    "route",
    ["account_change_password", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn",
     "mfa_view_recovery_codes", "usersessions_list", "account_reauthenticate"],
)  # fmt: skip
def test_ones_own_sign_in_is_closed_in_such_a_session(
    cast: Cast, of_globex: IdentityProvider, route: str
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    assert client.get(reverse(route)).status_code == 403
    assert client.get(reverse("identity:account")).status_code == 200


def test_such_a_session_joins_no_other_organization(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    """Whoever runs globex's provider is carol there, and is to be nobody at acme."""
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    invitation = Invitation(
        organization=cast.acme, email=cast.carol.email, role=Membership.Role.ADMIN
    )
    token = invite(invitation=invitation, actor=cast.ada).link.partition("#")[2]
    client.post(reverse("invitation:open"), {"token": token})
    accept = reverse("invitation:accept")
    assert client.get(accept).status_code == 403
    assert client.post(accept).status_code == 403
    assert not Membership.objects.filter(user=cast.carol, organization=cast.acme).exists()
    # Signed out, the invitation is still there, and leads to her password.
    answer = client.post(reverse("invitation:change_person"), follow=True)
    assert who(client) is None
    assert reverse("account_login") in answer.content.decode()


def test_such_a_session_links_no_other_provider(
    cast: Cast, of_globex: IdentityProvider, of_acme: IdentityProvider
) -> None:
    MembershipFactory(user=cast.carol, organization=cast.acme)
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    assert client.post(reverse("identity:link", args=[of_acme.pk])).status_code == 403


def test_a_password_session_after_it_is_whole_again(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    MembershipFactory(user=cast.alice, organization=cast.globex)
    linked(cast.alice, of_globex, "alice-there")
    client = Client()
    sign_in(client, of_globex, "alice-there")
    client.post(reverse("account_logout"))
    client.post(
        reverse("account_login"),
        {"login": cast.alice.email, "password": "correct-horse-battery"},
    )
    assert client.get(reverse("meetings:detail", args=[cast.meeting.pk])).status_code == 200


def test_a_whole_session_becomes_narrow_by_signing_in_through_a_provider(
    cast: Cast, of_globex: IdentityProvider, signed_in: Any
) -> None:
    MembershipFactory(user=cast.alice, organization=cast.globex)
    linked(cast.alice, of_globex, "alice-there")
    client = signed_in(cast.alice)
    sign_in(client, of_globex, "alice-there")
    assert client.get(reverse("meetings:detail", args=[cast.meeting.pk])).status_code == 404


def test_somebody_with_a_second_factor_is_asked_for_it(
    cast: Cast, of_globex: IdentityProvider, with_app: Any
) -> None:
    with_app(cast.carol)
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    answer = sign_in(client, of_globex, "carol-there")
    assert answer["Location"] == reverse("mfa_authenticate")
    assert who(client) is None


def test_nothing_of_the_provider_is_stored(
    cast: Cast, of_globex: IdentityProvider, issuer: str, with_app: Any
) -> None:
    with_app(cast.carol)
    linked(cast.carol, of_globex, "carol-there")
    knows(issuer, "carol-there", email="c@private.example", name="Carol")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    assert SocialAccount.objects.get().extra_data == {}
    assert not SocialToken.objects.exists()
    assert not SocialApp.objects.exists()
    kept = str(dict(client.session))
    assert "token" not in kept
    assert "c@private.example" not in kept


def test_a_refusal_at_the_provider_is_a_page(cast: Cast, of_globex: IdentityProvider) -> None:
    client = Client()
    begin(client, of_globex)
    state = next(iter(client.session["socialaccount_states"]))
    address = reverse("openid_connect_callback", args=[of_globex.pk])
    answer = client.get(address, {"error": "access_denied", "state": state})
    assert answer.status_code == 401
    assert "Try again" in answer.content.decode()
    assert last_event().action == "login.failed"


def test_the_callback_works_once(cast: Cast, of_globex: IdentityProvider) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    back = answer_at(begin(client, of_globex), "carol-there")
    assert come_back(client, back).status_code == 302
    client.post(reverse("account_logout"))
    assert come_back(client, back).status_code == 401
    assert who(client) is None


def test_the_callback_works_in_its_own_browser_only(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    back = answer_at(begin(Client(), of_globex), "carol-there")
    other = Client()
    assert come_back(other, back).status_code == 401
    assert who(other) is None


def test_a_state_of_one_provider_is_none_of_another(
    cast: Cast, of_globex: IdentityProvider, of_acme: IdentityProvider
) -> None:
    linked(cast.alice, of_acme, "alice-there")
    client = Client()
    back = answer_at(begin(client, of_globex), "alice-there")
    swapped = back.replace(str(of_globex.pk), str(of_acme.pk))
    assert come_back(client, swapped).status_code == 401
    assert who(client) is None


def test_the_request_asks_for_code_with_pkce_and_nonce(
    cast: Cast, of_globex: IdentityProvider
) -> None:
    address = reverse("openid_connect_login", args=[of_globex.pk])
    answer = Client().post(f"{address}?scope=admin&auth_params=nonce%3Dmine&process=connect")
    sent = answer["Location"]
    assert "response_type=code" in sent
    assert "code_challenge_method=S256" in sent
    assert "nonce=mine" not in sent
    assert "admin" not in sent


def test_a_visit_alone_sends_nobody_away(cast: Cast, of_globex: IdentityProvider) -> None:
    """A link in a page must not sign people in: there is a button to press."""
    answer = Client().get(reverse("openid_connect_login", args=[of_globex.pk]))
    assert answer.status_code == 200
    assert "Globex Login" in answer.content.decode()


def test_no_sign_in_leads_out_of_the_portal(cast: Cast, of_globex: IdentityProvider) -> None:
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    back = answer_at(begin(client, of_globex, next="https://evil.example/"), "carol-there")
    assert come_back(client, back)["Location"] == reverse("meetings:list")


def test_the_sign_in_page_names_no_organization(cast: Cast, of_globex: IdentityProvider) -> None:
    page = Client().get(reverse("account_login")).content.decode()
    assert "Globex" not in page
    assert "Acme" not in page


def test_two_organizations_may_have_one_client_id(
    cast: Cast, of_globex: IdentityProvider, of_acme: IdentityProvider, with_app: Any
) -> None:
    """Also with a second factor between, where allauth would look the provider up by client id."""
    secret = with_app(cast.carol)
    linked(cast.carol, of_globex, "carol-there")
    client = Client()
    sign_in(client, of_globex, "carol-there")
    client.post(reverse("mfa_authenticate"), {"code": secret.code()})
    assert who(client) == str(cast.carol.pk)
    assert client.session["identity_provider"] == str(of_globex.pk)


# --- linking -------------------------------------------------------------------------------


@pytest.fixture
def carol_at_her_desk(cast: Cast) -> Client:
    """Signed in with her password just now."""
    client = Client()
    client.post(
        reverse("account_login"),
        {"login": cast.carol.email, "password": "correct-horse-battery"},
    )
    return client


def link_at(client: Client, provider: IdentityProvider, subject: str) -> Any:
    answer = client.post(reverse("identity:link", args=[provider.pk]))
    assert answer.status_code == 302
    return come_back(client, answer_at(answer["Location"], subject))


def test_linking_is_confirmed_and_audited(
    of_globex: IdentityProvider, carol_at_her_desk: Client, cast: Cast
) -> None:
    answer = link_at(carol_at_her_desk, of_globex, "carol-new")
    assert answer["Location"] == reverse("identity:account")
    made = SocialAccount.objects.get()
    assert (made.user, made.provider, made.uid) == (cast.carol, str(of_globex.pk), "carol-new")
    assert last_event().action == "identity.linked"
    assert "identity_provider" not in carol_at_her_desk.session


def test_a_visit_links_nobody(of_globex: IdentityProvider, carol_at_her_desk: Client) -> None:
    assert carol_at_her_desk.get(reverse("identity:link", args=[of_globex.pk])).status_code == 405


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_two_links_at_once_one_is_made(cast: Cast) -> None:
    """The second begins while the first is made and not yet committed."""
    provider = IdentityProviderFactory(organization=cast.globex)

    def link_anew() -> Any:
        try:
            with scopes_disabled():
                return link(Assertion(provider, "second", email="", name=""), cast.carol)
        except SignInRefused as refused:
            return refused.refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            link(Assertion(provider, "first", email="", name=""), cast.carol)
            second = pool.submit(link_anew)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert second.result(10) == Refusal.LINKED
    assert [row.uid for row in SocialAccount.objects.all()] == ["first"]


def test_linking_wants_to_know_lately_who_it_is(
    of_globex: IdentityProvider, carol_at_her_desk: Client, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    answer = carol_at_her_desk.post(reverse("identity:link", args=[of_globex.pk]))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_too_long_at_the_provider_links_nothing(
    of_globex: IdentityProvider, carol_at_her_desk: Client, settings: Any, time_machine: Any
) -> None:
    address = carol_at_her_desk.post(reverse("identity:link", args=[of_globex.pk]))["Location"]
    back = answer_at(address, "carol-new")
    settings.REAUTHENTICATION_SECONDS = 60
    time_machine.move_to(timezone.now() + timedelta(seconds=120))
    assert come_back(carol_at_her_desk, back).status_code == 403
    assert not SocialAccount.objects.exists()


def test_another_organizations_provider_is_not_there(
    of_acme: IdentityProvider, carol_at_her_desk: Client
) -> None:
    assert carol_at_her_desk.post(reverse("identity:link", args=[of_acme.pk])).status_code == 404
    assert "Acme" not in carol_at_her_desk.get(reverse("identity:account")).content.decode()


def test_a_subject_linked_to_somebody_stays_theirs(
    cast: Cast, of_globex: IdentityProvider, carol_at_her_desk: Client
) -> None:
    linked(cast.gus, of_globex, "gus-there")
    answer = link_at(carol_at_her_desk, of_globex, "gus-there")
    assert answer.status_code == 403
    assert SocialAccount.objects.get().user == cast.gus


def test_signed_out_at_the_provider_links_nobody(
    of_globex: IdentityProvider, carol_at_her_desk: Client
) -> None:
    address = carol_at_her_desk.post(reverse("identity:link", args=[of_globex.pk]))["Location"]
    back = answer_at(address, "carol-new")
    carol_at_her_desk.post(reverse("account_logout"))
    assert come_back(carol_at_her_desk, back).status_code == 401
    assert not SocialAccount.objects.exists()


def test_who_unlinks_no_longer_comes_in(
    cast: Cast, of_globex: IdentityProvider, carol_at_her_desk: Client
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    row = SocialAccount.objects.get()
    carol_at_her_desk.post(reverse("identity:unlink", args=[row.pk]))
    assert last_event().action == "identity.unlinked"
    assert sign_in(Client(), of_globex, "carol-there").status_code == 403


def test_unlinking_ends_the_sessions_that_the_link_began(
    cast: Cast, of_globex: IdentityProvider, carol_at_her_desk: Client
) -> None:
    linked(cast.carol, of_globex, "carol-there")
    elsewhere = Client()
    sign_in(elsewhere, of_globex, "carol-there")
    assert elsewhere.get(reverse("meetings:list")).status_code == 200
    row = SocialAccount.objects.get()
    carol_at_her_desk.post(reverse("identity:unlink", args=[row.pk]))
    # A new link, to somebody else there perhaps, is no reason to go on.
    linked(cast.carol, of_globex, "carol-anew")
    assert elsewhere.get(reverse("meetings:list")).status_code == 302
    assert elsewhere.get(reverse("api-meeting-list")).status_code == 403
    assert who(elsewhere) is None
    assert carol_at_her_desk.get(reverse("meetings:list")).status_code == 200


def test_nobody_unlinks_somebody_else(
    cast: Cast, of_globex: IdentityProvider, carol_at_her_desk: Client
) -> None:
    linked(UserFactory(), of_globex, "somebody")
    row = SocialAccount.objects.get()
    answer = carol_at_her_desk.post(reverse("identity:unlink", args=[row.pk]))
    assert answer.status_code == 404
    assert SocialAccount.objects.exists()
