"""The page that creates a Zoom user: for whom it is, and what it says."""

import pytest
from django.test import Client

from meetings.models import Host
from portal.models import AuditEvent, Membership
from tests.factories import MembershipFactory
from tests.sessions import sign_in
from tests.shared import let_create, share_account
from zoomauth.models import ZoomUser, ZoomUserAssignment, ZoomUserCreation

pytestmark = pytest.mark.django_db
LIST = "/admin/meetings/host/zoom-users/"
PAGE = f"{LIST}new/"
NORA = {"do": "create", "name": "Nora New", "email": "nora@isv.example"}


@pytest.fixture
def shared(cast, zoom):
    account = share_account(cast)
    let_create(cast.acme)
    return account


@pytest.fixture
def ada(cast):
    return sign_in(Client(), cast.ada)


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


# --- Creating ---------------------------------------------------------------------------------


def test_the_list_leads_to_the_page_and_the_page_back_to_the_list(cast, ada, shared):
    assert PAGE in text_of(ada.get(LIST))
    assert "takes a licence" in text_of(ada.get(PAGE))
    text = text_of(ada.post(PAGE, NORA, follow=True))
    assert "Nora New was created" in text
    assert "nora@isv.example" in text


def test_the_new_user_is_linked_by_the_rules_for_every_other(cast, ada, shared):
    ada.post(PAGE, NORA)
    user = ZoomUser.objects.get()
    answer = ada.post(f"{LIST}{user.pk}/", {"email": "mia@acme.example"}, follow=True)
    # Mia's address is not the Zoom user's, so its holder is asked.
    assert "A mail asks the holder" in text_of(answer)
    assert not Host.objects.filter(zoom_user_id=user.zoom_user_id).exists()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"email": "nobody"}, {"name": "x" * 129}, {"email": "e" * 128 + "@e.x"}]
)
def test_bad_input_is_told_and_not_sent(cast, ada, zoom, shared, wrong):
    assert "errorlist" in text_of(ada.post(PAGE, NORA | wrong))
    assert zoom.calls() == []


def test_a_user_whom_the_organization_has_is_told(cast, ada, zoom, shared):
    ada.post(PAGE, NORA)
    assert "has a Zoom user with this address already" in text_of(ada.post(PAGE, NORA))
    assert zoom.calls().count("users.create") == 1


# --- Not created ------------------------------------------------------------------------------


def test_a_taken_address_is_said_with_what_to_do(cast, ada, shared):
    text = text_of(ada.post(PAGE, NORA | {"email": "bob@acme.example"}))
    assert "ask the operator to assign" in text
    assert "Zoom code 1005." in text
    assert "Zoom tracking ID" in text
    # Of whoever has the address nothing is told.
    assert "Bob" not in text
    assert "bob@acme.example" not in text_of(ada.get(LIST))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 400, "body": {"code": 200, "message": "x"}}, "no licence"),
        ({"kind": "status", "status": 400, "body": {"code": 300, "message": "x"}}, "Correct it"),
        ({"kind": "rate_limit"}, "Try again soon"),
        ({"kind": "daily_limit"}, "Try again tomorrow"),
    ],
)
def test_each_refusal_has_its_sentence(cast, ada, zoom, shared, fault, words):
    zoom.fault("users.create", **fault)
    assert words in text_of(ada.post(PAGE, NORA))


def test_a_missing_scope_is_the_operators_to_add(cast, ada, zoom, shared):
    zoom.change_account(scopes=["user:read:list_users:admin"])
    assert "Ask the operator to add the permission" in text_of(ada.post(PAGE, NORA))


def test_a_lost_answer_is_said_listed_and_taken_off_the_list(cast, ada, zoom, shared):
    zoom.fault("users.create", "lost_reply", times=1)
    text = text_of(ada.post(PAGE, NORA))
    assert "answer was lost. What to do now is said below" in text
    assert text.count("nobody knows whether the user was created") == 1
    assert "it is not known whether it was created" in text_of(ada.get(LIST))
    row = ZoomUserCreation.objects.get()
    ada.post(PAGE, {"do": "dismiss", "creation": row.pk})
    assert ZoomUserCreation.objects.get().state == "dismissed"
    assert "not known" not in text_of(ada.get(LIST))


@pytest.mark.parametrize("form", [{}, {"do": "dismiss"}, {"do": "dismiss", "creation": "x"}])
def test_any_other_form_is_not_there(cast, ada, shared, form):
    assert ada.post(PAGE, form).status_code == 404


# --- Who may ----------------------------------------------------------------------------------


def nothing_happened(zoom):
    return not (
        zoom.calls() or ZoomUserCreation.objects.exists() or ZoomUserAssignment.objects.exists()
    )


def test_without_the_operators_word_there_is_no_button_and_no_page(cast, ada, zoom, shared):
    let_create(cast.acme, allowed=False)
    assert PAGE not in text_of(ada.get(LIST))
    assert ada.get(PAGE).status_code == 403
    assert ada.post(PAGE, NORA).status_code == 403
    assert nothing_happened(zoom)


def test_on_an_account_of_its_own_there_is_no_button_and_no_page(cast, ada, zoom):
    let_create(cast.acme)
    assert PAGE not in text_of(ada.get(LIST))
    assert ada.get(PAGE).status_code == 403
    assert ada.post(PAGE, NORA).status_code == 403
    assert nothing_happened(zoom)


def test_it_asks_who_one_is(cast, zoom, shared):
    stale = sign_in(Client(), cast.ada, seconds_ago=3600)
    for method in ("get", "post"):
        answer = getattr(stale, method)(PAGE, NORA)
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    assert nothing_happened(zoom)


@pytest.mark.parametrize("who", ["mia", "sam", "alice", "carol"])
def test_who_is_no_admin_is_sent_away(cast, zoom, shared, who):
    client = sign_in(Client(), getattr(cast, who))
    assert client.get(PAGE).status_code == client.post(PAGE, NORA).status_code == 302
    assert nothing_happened(zoom)


def test_the_operator_creates_nobody_for_others(cast, zoom, shared):
    client = sign_in(Client(), cast.operator)
    assert client.get(PAGE).status_code == client.post(PAGE, NORA).status_code == 403
    assert nothing_happened(zoom)


@pytest.mark.parametrize("change", [{"role": "member"}, {"is_active": False}])
def test_a_removed_admin_creates_nobody_from_the_form_that_is_open(cast, ada, zoom, shared, change):
    assert ada.get(PAGE).status_code == 200
    # Another admin stays, as an organization has one.
    MembershipFactory(organization=cast.acme, role=Membership.Role.ADMIN)
    Membership.objects.filter(user=cast.ada).update(**change)
    assert ada.post(PAGE, NORA).status_code == 302
    assert nothing_happened(zoom)


def test_another_organization_is_not_there(cast, ada, zoom, shared):
    let_create(cast.globex)
    theirs = f"{PAGE}?organization={cast.globex.pk}"
    assert ada.get(theirs).status_code == ada.post(theirs, NORA).status_code == 404
    assert nothing_happened(zoom)


def test_another_organizations_doubt_is_not_there(cast, ada, zoom, shared):
    row = ZoomUserCreation.objects.create(
        organization=cast.globex, account=shared, email="g@isv.example", name="G", state="unknown"
    )
    assert "g@isv.example" not in text_of(ada.get(PAGE))
    assert ada.post(PAGE, {"do": "dismiss", "creation": row.pk}).status_code == 404
    assert ZoomUserCreation.objects.get().state == "unknown"


def test_an_admin_of_two_creates_for_the_one_that_is_named(cast, ada, zoom, shared):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    assert "Choose the organization" in text_of(ada.get(PAGE))
    assert ada.post(f"{PAGE}?organization={cast.globex.pk}", NORA).status_code == 403
    assert ada.post(f"{PAGE}?organization={cast.acme.pk}", NORA).status_code == 302
    assert ZoomUserAssignment.objects.get().organization == cast.acme


def test_the_trail_names_who_asked(cast, ada, shared):
    ada.post(PAGE, NORA)
    asked = AuditEvent.objects.get(action="zoomuser.create_asked")
    assert (asked.actor_name, asked.target_name) == (cast.ada.email, "Nora New (nora@isv.example)")
