"""The operator's pages over the Zoom users of shared accounts, and that nobody else has them."""

import pytest
from django.urls import reverse

from portal.models import AuditEvent, Membership
from tests.factories import (
    MembershipFactory,
    ZoomAccountFactory,
    ZoomUserAssignmentFactory,
    ZoomUserFactory,
)
from tests.shared import share_account
from zoomauth.assigning import assign_users, users_of_shared_accounts
from zoomauth.importing import work_on
from zoomauth.models import ZoomUser, ZoomUserAssignment, ZoomUserImport
from zoomauth.services import zoom_users_of

pytestmark = pytest.mark.django_db
LIST = "/admin/zoomauth/zoomuser/"


@pytest.fixture
def shared(cast, zoom):
    """alice is acme's, bob globex's, sam nobody's; none of globex's own account is among them."""
    account = share_account(cast)
    for name in ("alice", "bob", "sam"):
        ZoomUserFactory(
            account=account, zoom_user_id=name, name=name.title(), email=f"{name}@acme.example"
        )
    for organization, user in ((cast.acme, "alice"), (cast.globex, "bob")):
        ZoomUserAssignmentFactory(organization=organization, account=account, zoom_user_id=user)
    return account


@pytest.fixture
def operator(cast, signed_in):
    return signed_in(cast.operator)


def import_page(account):
    return f"/admin/zoomauth/zoomaccount/{account.pk}/users/"


def shown(client, **query):
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [row.zoom_user_id for row in answer.context["cl"].result_list]


def assign(client, organization, *names, **more):
    chosen = ZoomUser.objects.filter(zoom_user_id__in=names).values_list("pk", flat=True)
    form = {"action": "assign", "organization": getattr(organization, "pk", organization),
            "_selected_action": list(chosen), **more}  # fmt: skip
    return client.post(LIST, form, follow=True).content.decode()


def assigned(organization):
    rows = ZoomUserAssignment.objects.filter(organization=organization)
    return set(rows.values_list("zoom_user_id", flat=True))


# --- The list ---------------------------------------------------------------------------------


def test_all_of_a_shared_account_are_listed_with_whose_they_are(cast, operator, shared):
    assert shown(operator) == ["alice", "bob", "sam"]
    ZoomUserAssignmentFactory(organization=cast.globex, account=shared, zoom_user_id="alice")
    assert "Acme, Globex" in operator.get(LIST).content.decode()


def test_those_that_are_nobodys_can_be_filtered(cast, operator, shared):
    assert shown(operator, assigned="nobody") == ["sam"]
    assert shown(operator, assigned="anybody") == ["alice", "bob"]
    assert shown(operator, assigned=cast.globex.pk) == ["bob"]
    assert shown(operator, assigned="nonsense") == []


@pytest.mark.parametrize("term", ["Sam", "sam@acme", "sam"])
def test_they_are_found_by_name_address_and_id(operator, shared, term):
    assert shown(operator, q=term) == ["sam"]


def test_another_shared_account_is_told_apart(operator, shared):
    other = ZoomUserFactory(account=ZoomAccountFactory(organization=None, name="Other"))
    ZoomUserFactory(account=other.account, zoom_user_id="alice")
    assert shown(operator, account=shared.pk) == ["alice", "bob", "sam"]
    assert len(shown(operator, account=other.account.pk)) == 2
    assert shown(operator, account="nonsense") == []
    # The assignment is of that id on that account.
    assert len(shown(operator, assigned="nobody")) == 3


def test_users_of_an_organizations_own_account_are_not_listed(cast, operator, shared):
    own = ZoomUserFactory(account=cast.acme_account, name="Own", email="own@acme.example")
    assert "own@acme.example" not in operator.get(LIST).content.decode()
    assert operator.get(f"{LIST}{own.pk}/change/").status_code == 302
    assign(operator, cast.acme, own.zoom_user_id)
    assert assigned(cast.acme) == {"alice"}


# --- Assigning --------------------------------------------------------------------------------


def test_the_chosen_ones_are_assigned_and_it_is_written_down(cast, operator, shared):
    assert "2 Zoom users were assigned to Acme." in assign(operator, cast.acme, "bob", "sam")
    assert assigned(cast.acme) == {"alice", "bob", "sam"}
    # One user may be two organizations'.
    assert assigned(cast.globex) == {"bob"}
    events = AuditEvent.objects.filter(action="zoomuserassignment.added")
    assert {event.organization_id for event in events} == {cast.acme.pk}
    assert {event.detail["zoom_user_id"] for event in events} == {"bob", "sam"}


def test_the_organization_sees_them_at_once(cast, operator, shared):
    assign(operator, cast.acme, "sam")
    assert {user.zoom_user_id for user in zoom_users_of(cast.acme)} == {"alice", "sam"}


def test_all_that_a_search_finds_can_be_assigned(cast, operator, shared):
    chosen = ZoomUser.objects.get(zoom_user_id="sam").pk
    form = {"action": "assign", "organization": cast.acme.pk, "select_across": "1",
            "_selected_action": [chosen]}  # fmt: skip
    operator.post(f"{LIST}?assigned=nobody", form)
    assert assigned(cast.acme) == {"alice", "sam"}


def test_assigning_again_changes_nothing(cast, operator, shared):
    assert "1 had been before." in assign(operator, cast.acme, "alice", "sam")
    assign(operator, cast.acme, "alice", "sam")
    assert ZoomUserAssignment.objects.count() == 3


def test_who_is_gone_or_has_no_id_is_not_assigned(cast, operator, shared):
    ZoomUser.objects.filter(zoom_user_id="bob").update(gone_at="2026-01-01T00:00Z")
    ZoomUserFactory(account=shared, zoom_user_id="", key="mailto:new@acme.example")
    assert "2 cannot be" in assign(operator, cast.acme, "bob", "", "sam")
    assert assigned(cast.acme) == {"alice", "sam"}


def test_more_than_fit_into_one_page_are_left_for_the_next_press(cast, shared):
    def press():
        return assign_users(
            users=users_of_shared_accounts(), organization=cast.acme, actor=cast.operator, at_most=1
        )

    first, second = press(), press()
    assert (first.made, first.had, first.left) == (1, 1, 1)
    assert (second.made, second.had, second.left) == (1, 2, 0)
    assert assigned(cast.acme) == {"alice", "bob", "sam"}


def test_without_an_organization_nobody_is_assigned(cast, operator, shared):
    assert "Choose the organization" in assign(operator, "", "sam")
    assign(operator, "nonsense", "sam")
    assert ZoomUserAssignment.objects.count() == 2


def test_an_organization_on_another_account_is_not_given_these(cast, operator, shared):
    stranger = MembershipFactory().organization
    assign(operator, stranger, "sam")
    cast.globex.zoom_connection.delete()
    assign(operator, cast.globex, "sam")
    assert ZoomUserAssignment.objects.count() == 2


def test_an_organization_on_another_shared_account_is_not_given_these(cast, operator, shared):
    other = ZoomAccountFactory(organization=None, name="Other")
    cast.globex.zoom_connection.account = other
    cast.globex.zoom_connection.save(update_fields=["account"])
    assert "does not use this Zoom account" in assign(operator, cast.globex, "sam")
    assert ZoomUserAssignment.objects.count() == 2


# --- The import -------------------------------------------------------------------------------


def test_the_account_leads_to_its_users_and_a_click_imports_them(cast, operator, zoom, shared):
    ZoomUser.objects.all().delete()
    change = reverse("admin:zoomauth_zoomaccount_change", args=[shared.pk])
    assert import_page(shared) in operator.get(change).content.decode()
    for _ in range(2):
        assert operator.post(import_page(shared)).status_code == 302
    row = ZoomUserImport.objects.get()
    assert (row.organization, row.asked_by) == (None, cast.operator)
    assert operator.get(f"{import_page(shared)}progress/").json()["is_running"] is True
    work_on(row.pk)
    text = operator.get(import_page(shared)).content.decode()
    assert "All 3 Zoom users" in text
    assert "1 that is assigned to nobody" in text
    assert f"{LIST}?account={shared.pk}&amp;assigned=nobody" in text


def test_an_organizations_own_account_is_not_the_operators_to_import(cast, operator):
    change = reverse("admin:zoomauth_zoomaccount_change", args=[cast.acme_account.pk])
    assert import_page(cast.acme_account) not in operator.get(change).content.decode()
    for path in (import_page(cast.acme_account), f"{import_page(cast.acme_account)}progress/"):
        assert operator.get(path).status_code == 404
    assert operator.post(import_page(cast.acme_account)).status_code == 404
    assert not ZoomUserImport.objects.exists()


# --- Nobody else ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ada", "gus"])
def test_an_organizations_admin_has_none_of_these_pages(cast, signed_in, shared, who):
    client = signed_in(getattr(cast, who))
    sam = ZoomUser.objects.get(zoom_user_id="sam")
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{sam.pk}/change/").status_code == 403
    assert client.get(import_page(shared)).status_code == 404
    assert client.post(import_page(shared)).status_code == 404
    assert client.get(f"{import_page(shared)}progress/").status_code == 404
    assign(client, cast.acme, "sam")
    assert not ZoomUserImport.objects.exists()
    assert ZoomUserAssignment.objects.count() == 2
    assert LIST not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("who", ["alice", "sam", "mia", "carol"])
def test_a_member_is_sent_away(cast, signed_in, shared, who):
    client = signed_in(getattr(cast, who))
    for path in (LIST, import_page(shared), f"{import_page(shared)}progress/"):
        assert client.get(path).status_code == client.post(path).status_code == 302
    assert not ZoomUserImport.objects.exists()


@pytest.mark.parametrize("query", ["", "?q=sam", "?show=nobody", "?q=acme.example", "?page=2"])
def test_an_organizations_list_has_neither_the_unassigned_ones_nor_their_number(
    cast, signed_in, shared, query
):
    text = signed_in(cast.ada).get(f"/admin/meetings/host/zoom-users/{query}").content.decode()
    assert "sam@acme.example" not in text
    assert "bob@acme.example" not in text
    assert "All (1)" in text


def test_an_admin_who_is_no_longer_operator_has_nothing_of_it(cast, operator, shared):
    MembershipFactory(user=cast.operator, organization=cast.acme, role=Membership.Role.ADMIN)
    type(cast.operator).objects.filter(pk=cast.operator.pk).update(is_superuser=False)
    assert operator.get(LIST).status_code == 403
    assert operator.post(import_page(shared)).status_code == 404


@pytest.mark.parametrize(("typed", "taken"), [("sam", True), ("sam@acme.example", False)])
def test_by_hand_a_user_is_assigned_by_id_and_not_by_address(cast, operator, shared, typed, taken):
    form = {"organization": cast.acme.pk, "account": shared.pk, "zoom_user_id": typed}
    operator.post("/admin/zoomauth/zoomuserassignment/add/", form)
    assert (typed in assigned(cast.acme)) is taken
