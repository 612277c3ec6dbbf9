"""`manage.py create_organization`."""

import io
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from portal.models import AuditEvent, Membership, Organization, User
from tests.factories import PASSWORD, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "a-wholly-new-passphrase-7"


def create(name="Initech", admin="Peter@Initech.example", **options):
    out = io.StringIO()
    call_command("create_organization", name, admin=admin, stdout=out, **options)
    return out.getvalue()


def confirmed(**fields):
    """Somebody who has shown that the address is theirs."""
    user = UserFactory(email="peter@initech.example", **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def link_in(text):
    (line,) = [line for line in text.splitlines() if line.startswith("http")]
    return line


def set_password(client, link):
    page = client.get(urlsplit(link).path, follow=True)
    action = page.redirect_chain[-1][0]
    return client.post(action, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})


def sign_in(client, email, password):
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_organization_admin_and_membership_are_there():
    create(admin_name="Peter", time_zone="Europe/Berlin")
    membership = Membership.objects.get(organization__name="Initech")
    user = membership.user
    assert (membership.role, membership.is_active) == ("admin", True)
    assert (user.email, user.name, user.time_zone) == (
        "peter@initech.example", "Peter", "Europe/Berlin"
    )  # fmt: skip


def test_a_new_admin_has_no_password_and_no_more_rights_than_an_admin():
    create()
    user = User.objects.get()
    assert not user.has_usable_password()
    assert not user.is_superuser
    assert user.admin_of() == [Organization.objects.get().pk]


def test_the_operator_may_know_that_an_account_is_theirs():
    UserFactory(email="peter@initech.example")
    create(account_is_theirs=True)
    assert User.objects.get().admin_of() == [Organization.objects.get().pk]


def test_an_account_that_nobody_has_shown_to_be_theirs_is_made_no_admin():
    squatted = UserFactory(email="peter@initech.example")
    with pytest.raises(CommandError, match="--account-is-theirs"):
        create()
    assert not Membership.objects.filter(user=squatted).exists()


def test_an_address_that_only_looks_alike_is_another_person():
    lookalike = UserFactory(email="peter@in\u0131tech.example")
    create()
    assert not Membership.objects.filter(user=lookalike).exists()


def test_the_link_is_at_the_portals_address(settings):
    settings.BASE_URL = "https://greenroom.example"
    assert link_in(create()).startswith("https://greenroom.example/accounts/password/reset/key/")


def test_the_link_sets_a_password_with_which_the_admin_signs_in(client):
    link = link_in(create())
    assert set_password(client, link).status_code == 302
    assert sign_in(client, "peter@initech.example", NEW_PASSWORD).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_the_link_works_once(client):
    link = link_in(create())
    set_password(client, link)
    client.logout()
    response = client.get(urlsplit(link).path, follow=True)
    assert response.context["token_fail"]


def test_a_link_that_was_altered_sets_nothing(client):
    path = urlsplit(link_in(create())).path
    response = client.get(path[:-2] + ("x" if path[-2] != "x" else "y") + "/", follow=True)
    assert response.context["token_fail"]


def test_without_the_link_nobody_signs_in(client):
    create()
    assert sign_in(client, "peter@initech.example", "").status_code == 200
    assert not client.session.get("_auth_user_id")


def test_an_existing_person_is_added_and_not_changed():
    user = confirmed(name="Pete", time_zone="Asia/Tokyo")
    text = create(admin_name="Other", time_zone="Europe/Berlin")
    again = User.objects.get()
    assert again.admin_of() == [Organization.objects.get().pk]
    assert (again.name, again.time_zone, again.password) == ("Pete", "Asia/Tokyo", user.password)
    assert "http" not in text


def test_an_existing_person_signs_in_as_before(client):
    confirmed()
    create()
    assert sign_in(client, "peter@initech.example", PASSWORD).status_code == 302


def test_an_admin_who_never_set_a_password_gets_another_link():
    create()
    assert link_in(create(name="Initrode"))


def test_a_deactivated_person_is_not_brought_back():
    UserFactory(email="peter@initech.example", is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        create()
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "ACME"}, "name"),
        ({"name": "  "}, "name: This field cannot be blank"),
        ({"name": "x" * 151}, "name: Ensure this value has at most 150"),
        ({"admin": "peter"}, "email: Enter a valid email address"),
        ({"admin": ""}, "email: This field cannot be blank"),
        ({"time_zone": "Berlin"}, "time_zone: This is not a known time zone"),
    ],
)
def test_what_is_wrong_is_said_plainly_and_nothing_is_left(wrong, said):
    OrganizationFactory(name="Acme")
    with pytest.raises(CommandError, match=said):
        create(**wrong)
    assert [*Organization.objects.values_list("name", flat=True)] == ["Acme"]
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_admin_must_be_named():
    with pytest.raises(CommandError, match="--admin"):
        call_command("create_organization", "Initech")


def test_every_part_is_written_down_without_the_link():
    link = link_in(create())
    events = AuditEvent.objects.all()
    assert {event.action for event in events} == {
        "organization.added", "user.added", "membership.added"
    }  # fmt: skip
    assert not any(link.rsplit("-", 1)[1].strip("/") in str(vars(event)) for event in events)


def test_an_existing_person_is_not_written_down_as_new():
    confirmed()
    create()
    assert not AuditEvent.objects.filter(action="user.added").exists()
