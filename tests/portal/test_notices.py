"""Mails about what somebody else has changed: whom they reach, and that they undo nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import Organization, User
from tests.factories import MembershipFactory, UserFactory
from tests.sessions import sign_in_by_page

pytestmark = pytest.mark.django_db
BROKEN = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Inside, what waits for a commit is done at the end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def ada(cast, signed_in):
    return signed_in(cast.ada)


def set_policies(client, organization, **changes):
    kept = {"mfa_required": "admins", "who_may_schedule": "hosts_and_schedulers"}
    page = reverse("admin:portal_organization_change", args=[organization.pk])
    answer = client.post(page, {"name": organization.name, **kept, **changes})
    assert answer.status_code == 302


# --- Policies ---------------------------------------------------------------------------------


def test_all_active_admins_hear_of_a_policy_with_both_values(cast, ada, committed, mailoutbox):
    other = MembershipFactory(organization=cast.acme, role="admin", user__email="zed@acme.example")
    MembershipFactory(organization=cast.acme, role="admin", is_active=False)
    gone = UserFactory(is_active=False)
    MembershipFactory(organization=cast.acme, role="admin", user=gone)
    with committed():
        set_policies(ada, cast.acme, mfa_required="nobody", admins_may_start_on_behalf="on")
    assert [mail.to for mail in mailoutbox] == [[cast.ada.email], [other.user.email]]
    text = mailoutbox[0].body
    for told in (cast.ada.email, "Admins may start meetings", "before: off", "now: on"):
        assert told in text
    assert "before: Admins" in text
    assert "now: Nobody" in text


def test_other_changes_are_told_to_nobody(cast, ada, committed, mailoutbox):
    with committed():
        set_policies(ada, cast.acme, who_may_schedule="schedulers_only")
    assert mailoutbox == []


def test_a_mail_server_that_is_down_undoes_no_policy(cast, ada, committed, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = BROKEN, "127.0.0.1", 9
    with committed():
        set_policies(ada, cast.acme, mfa_required="everybody")
    assert Organization.objects.get(pk=cast.acme.pk).mfa_required == "everybody"


def test_without_mail_nothing_is_tried(cast, ada, settings, caplog, committed):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    with committed() as waiting:
        set_policies(ada, cast.acme, mfa_required="everybody")
    assert waiting == []


# --- Addresses --------------------------------------------------------------------------------


def change_person(client, user, **changes):
    fields = {"email": user.email, "name": user.name, "time_zone": "UTC", "is_active": "on"}
    page = reverse("admin:portal_user_change", args=[user.pk])
    assert client.post(page, fields | changes).status_code == 302


def test_a_changed_address_ends_the_persons_sessions(cast, signed_in):
    alice, bob = (sign_in_by_page(Client(), user) for user in (cast.alice, cast.bob))
    change_person(signed_in(cast.operator), cast.alice, email="alice@new.example")
    assert alice.get(reverse("meetings:list")).status_code == 302
    assert bob.get(reverse("meetings:list")).status_code == 200


def test_another_change_ends_none(cast, signed_in):
    alice = sign_in_by_page(Client(), cast.alice)
    change_person(signed_in(cast.operator), cast.alice, name="Alice Liddell")
    assert alice.get(reverse("meetings:list")).status_code == 200


def test_an_operator_who_changes_the_own_address_stays(cast):
    here, there = (sign_in_by_page(Client(), cast.operator) for _ in range(2))
    change_person(here, cast.operator, email="root@new.example", is_superuser="on")
    assert here.get(reverse("admin:index")).status_code == 200
    assert there.get(reverse("admin:index")).status_code == 302


def test_both_addresses_are_told(cast, signed_in, committed, mailoutbox):
    with committed():
        change_person(signed_in(cast.operator), cast.alice, email="alice@new.example")
    assert [mail.to for mail in mailoutbox] == [[cast.alice.email], ["alice@new.example"]]
    assert all("alice@new.example" in mail.body for mail in mailoutbox)


def test_a_mail_server_that_is_down_undoes_no_address(cast, signed_in, committed, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = BROKEN, "127.0.0.1", 9
    with committed():
        change_person(signed_in(cast.operator), cast.alice, email="alice@new.example")
    assert User.objects.get(pk=cast.alice.pk).email == "alice@new.example"
