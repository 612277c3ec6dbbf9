"""What a session that is a day old cannot do in the admin until the person shows who they are."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import Invitation, Membership, Organization, User
from tests.factories import PASSWORD, InvitationFactory
from tests.sessions import sign_in_by_page

pytestmark = pytest.mark.django_db
DAY = 86_400
LIST = reverse("admin:portal_invitation_list")
INVITATIONS = reverse("admin:portal_invitation_changelist")


@pytest.fixture
def stale(cast):
    """Somebody who signed in yesterday: `stale(cast.ada)`."""
    return lambda user: sign_in_by_page(Client(), user, seconds_ago=DAY)


def change(row):
    return reverse(f"admin:portal_{row._meta.model_name}_change", args=[row.pk])


def is_asked(answer):
    return answer.status_code == 302 and answer["Location"].startswith(
        reverse("account_reauthenticate")
    )


def policies(**changes):
    kept = {"mfa_required": "admins", "who_may_schedule": "hosts_and_schedulers"}
    return {"name": "Acme", **kept, **changes}


def person(user, **changes):
    return {"email": user.email, "name": user.name, "time_zone": "UTC", "is_active": "on"} | changes


@pytest.mark.parametrize(
    "policy", [{"admins_may_start_on_behalf": "on"}, {"mfa_required": "nobody"}]
)
def test_no_policy_is_changed(cast, stale, policy):
    assert is_asked(stale(cast.ada).post(change(cast.acme), policies(**policy)))
    acme = Organization.objects.get(pk=cast.acme.pk)
    assert (acme.admins_may_start_on_behalf, acme.mfa_required) == (False, "admins")


def test_nobody_is_raised(cast, stale):
    mia = cast.mia.memberships.get()
    assert is_asked(stale(cast.ada).post(change(mia), {"role": "admin", "is_active": "on"}))
    assert Membership.objects.get(pk=mia.pk).role == "member"


def test_nobody_is_invited_and_no_link_is_shown(cast, stale):
    fields = {"organization": cast.acme.pk, "email": "x@x.example", "name": "", "role": "admin"}
    ada = stale(cast.ada)
    assert is_asked(ada.post(reverse("admin:portal_invitation_add"), fields))
    listed = {"organization": cast.acme.pk, "text": "email,role\nx@x.example,admin"}
    assert is_asked(ada.post(LIST, listed))
    assert is_asked(ada.get(LIST))
    assert not Invitation.objects.exists()


@pytest.fixture
def invitation(cast):
    earlier = timezone.now() - timezone.timedelta(hours=1)
    return InvitationFactory(organization=cast.acme, invited_by=cast.ada, issued_at=earlier)


def test_none_is_sent_again(cast, stale, invitation):
    ada = stale(cast.ada)
    page = reverse("admin:portal_invitation_send_again", args=[invitation.pk])
    bulk = {"action": "send_again", "_selected_action": [invitation.pk]}
    for answer in (ada.post(page), ada.post(INVITATIONS, bulk)):
        assert is_asked(answer)
        assert "#" not in answer.content.decode()
    digest = invitation.shown_digest
    assert Invitation.objects.get().shown_digest == digest


def test_the_button_leads_back_to_the_invitation(cast, stale, invitation):
    ada = stale(cast.ada)
    page = reverse("admin:portal_invitation_send_again", args=[invitation.pk])
    asked = ada.post(page)["Location"]
    assert ada.post(asked, {"password": PASSWORD})["Location"] == change(invitation)
    assert "Press it again" in ada.get(change(invitation)).content.decode()
    assert "#" in ada.post(page).content.decode()


def test_taking_back_asks_nothing(cast, stale, invitation):
    stale(cast.ada).post(reverse("admin:portal_invitation_take_back", args=[invitation.pk]))
    assert Invitation.objects.get().revoked_at


def test_an_invitation_and_the_lists_are_read_without_being_asked(cast, stale, invitation):
    ada = stale(cast.ada)
    for name in ("invitation", "membership", "organization"):
        assert ada.get(reverse(f"admin:portal_{name}_changelist")).status_code == 200
    assert ada.get(change(invitation)).status_code == 200


@pytest.mark.parametrize("changes", [{"email": "evil@evil.example"}, {"is_superuser": "on"}])
def test_the_operator_changes_no_person(cast, stale, changes):
    assert is_asked(stale(cast.operator).post(change(cast.alice), person(cast.alice, **changes)))
    alice = User.objects.get(pk=cast.alice.pk)
    assert (alice.email, alice.is_superuser) == (cast.alice.email, False)


def test_the_operator_sets_no_password(cast, stale):
    typed = {"password1": "opers-own-staple-9", "password2": "opers-own-staple-9"}
    page = f"/admin/portal/user/{cast.alice.pk}/password/"
    operator = stale(cast.operator)
    assert is_asked(operator.get(page))
    assert is_asked(operator.post(page, typed | {"usable_password": "true"}))
    assert User.objects.get(pk=cast.alice.pk).check_password(PASSWORD)


def test_once_asked_all_of_it_opens(cast, stale):
    ada = stale(cast.ada)
    asked = ada.get(change(cast.acme))["Location"]
    assert ada.post(asked, {"password": PASSWORD})["Location"] == change(cast.acme)
    assert ada.post(change(cast.acme), policies(mfa_required="everybody")).status_code == 302
    assert Organization.objects.get(pk=cast.acme.pk).mfa_required == "everybody"
    assert ada.get(LIST).status_code == 200
    assert ada.get(change(cast.mia.memberships.get())).status_code == 200
