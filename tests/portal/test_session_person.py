"""Who a session's person is, read with what they are in organizations."""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, get_backends
from django.core.checks import run_checks
from django.db import connection
from django.urls import reverse

from portal.identity.backend import SessionBackend
from portal.models import Membership, Organization, User
from tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def ada(cast):
    """Admin of acme, and a member of globex."""
    MembershipFactory(user=cast.ada, organization=cast.globex)
    return cast.ada


def test_person_and_memberships_are_one_query(cast, ada, django_assert_num_queries):
    with django_assert_num_queries(1):
        read = SessionBackend().get_user(ada.pk)
        assert read.member_of() == [cast.acme.pk, cast.globex.pk]
        assert read.admin_of() == [cast.acme.pk]
        assert read.organization_names() == [cast.acme.name, cast.globex.name]
        assert read.must_have_second_factor()


def test_who_was_read_without_them_has_the_same(cast, ada):
    assert User.objects.get(pk=ada.pk).member_of() == [cast.acme.pk, cast.globex.pk]


def test_the_session_of_one_organization_knows_of_that_one_alone(cast, ada):
    read = SessionBackend().get_user(ada.pk)
    assert read.is_staff
    read.acts_only_in = cast.globex.pk
    assert (read.member_of(), read.is_staff) == ([cast.globex.pk], False)


@pytest.mark.parametrize("model", [Membership, Organization])
def test_what_is_inactive_does_not_count(cast, model):
    model.objects.update(is_active=False)
    assert SessionBackend().get_user(cast.ada.pk).member_of() == []


def test_who_is_in_no_organization_is_somebody_all_the_same(cast):
    read = SessionBackend().get_user(cast.operator.pk)
    assert (read, read.member_of()) == (cast.operator, [])


def test_who_is_inactive_or_deleted_is_nobody(cast, ada):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert SessionBackend().get_user(ada.pk) is None
    assert SessionBackend().get_user(cast.acme.pk) is None


def test_a_password_is_checked_by_one_backend():
    assert [type(backend) for backend in get_backends()] == [SessionBackend]


def test_a_session_of_a_backend_that_is_no_longer_used_signs_in_again(cast, signed_in):
    client = signed_in(cast.alice)
    session = client.session
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session.save()
    answer = client.get(reverse("meetings:list"))
    assert answer["Location"].startswith(reverse("account_login"))


def test_a_database_that_binds_on_its_side_is_refused(monkeypatch):
    """The last look before Zoom is asked sends two statements at once."""

    def found():
        return "portal.E007" in [message.id for message in run_checks()]

    assert not found()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "server_side_binding", True)
    assert found()
