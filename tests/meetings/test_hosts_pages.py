"""The pages that bring hosts in: the admin's, and the one of a Zoom user's holder."""

import re
import tracemalloc

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from meetings.models import Host, HostLink
from meetings.services.host_matching import get_match, get_matches
from meetings.services.zoom_people import get_zoom_person
from portal.models import AuditEvent, Invitation, Membership
from tests.factories import (
    MembershipFactory,
    UserFactory,
    ZoomUserAssignmentFactory,
    ZoomUserFactory,
)
from tests.sessions import sign_in
from zoomauth.importing import work_on
from zoomauth.models import INSTALLATION, ZoomAccount, ZoomConnection, ZoomUser, ZoomUserImport

pytestmark = pytest.mark.django_db
PAGE = "/admin/meetings/host/zoom-users/"
PROGRESS = f"{PAGE}progress/"


@pytest.fixture
def ada(cast):
    return sign_in(Client(), cast.ada)


@pytest.fixture
def at_zoom(zoom):
    """Zoom is asked about whoever is to be linked."""
    zoom.account(users=[{"id": "zoe", "email": "zoe@acme.example", "display_name": "Zoe"}])


def zoom_user(cast, name, **fields):
    return ZoomUserFactory(
        account=cast.acme_account, zoom_user_id=name, name=name.title(),
        **{"email": f"{name}@acme.example", **fields},
    )  # fmt: skip


def verify(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def verdicts(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return {match.person.zoom_user_id: match.verdict.value for match in answer.context["page"]}


def details(client):
    return {m.person.zoom_user_id: str(m.detail) for m in client.get(PAGE).context["page"]}


def link_page(user):
    return f"{PAGE}{user.pk}/"


# --- Matching ---------------------------------------------------------------------------------


def test_zoom_users_stand_beside_members(cast, ada):
    for name in ("alice", "mia", "sam", "zoe"):
        zoom_user(cast, name)
    verify(cast.mia)
    assert verdicts(ada) == {
        "alice": "linked", "mia": "safe", "sam": "suggested", "zoe": "nobody",
    }  # fmt: skip


def test_an_alias_is_a_suggestion_and_never_safe(cast, ada):
    verify(cast.mia)
    zoom_user(cast, "mia", email="mia+zoom@acme.example")
    assert verdicts(ada) == {"mia": "suggested"}


def test_a_further_verified_address_of_a_member_is_as_good(cast, ada):
    EmailAddress.objects.create(user=cast.mia, email="m.m@acme.example", verified=True)
    zoom_user(cast, "mia", email="m.m@acme.example")
    assert verdicts(ada) == {"mia": "safe"}


def test_two_members_who_match_are_a_conflict(cast, ada):
    EmailAddress.objects.create(user=cast.sam, email="mia@acme.example", verified=True)
    zoom_user(cast, "mia")
    assert verdicts(ada) == {"mia": "conflict"}
    assert "Several" in details(ada)["mia"]


def test_two_zoom_users_that_one_member_matches_are_a_conflict(cast, ada):
    EmailAddress.objects.create(user=cast.mia, email="m.m@acme.example", verified=True)
    verify(cast.mia)
    zoom_user(cast, "mia")
    zoom_user(cast, "emem", email="m.m@acme.example")
    assert verdicts(ada) == {"mia": "conflict", "emem": "conflict"}


def test_the_better_of_two_reasons_wins(cast, ada):
    verify(cast.mia)
    zoom_user(cast, "mia")
    zoom_user(cast, "alias", email="mia+zoom@acme.example")
    assert verdicts(ada) == {"mia": "safe", "alias": "conflict"}


def test_a_member_who_is_linked_elsewhere_is_a_conflict(cast, ada):
    verify(cast.alice)
    zoom_user(cast, "other", email="alice@acme.example")
    Host.objects.filter(pk=cast.alice_host.pk).update(email="x@acme.example")
    assert verdicts(ada) == {"other": "conflict"}
    assert "another Zoom user" in details(ada)["other"]


def test_a_deactivated_member_is_a_conflict(cast, ada):
    Membership.objects.filter(user=cast.mia).update(is_active=False)
    zoom_user(cast, "mia")
    assert "deactivated" in details(ada)["mia"]


def test_somebody_elsewhere_in_the_installation_is_nobody_here(cast, ada):
    UserFactory(email="zoe@acme.example", name="Zoe Elsewhere")
    zoom_user(cast, "zoe")
    assert verdicts(ada) == {"zoe": "nobody"}
    assert "Elsewhere" not in ada.get(PAGE).content.decode()


def test_status_and_licence_are_shown(cast, ada):
    zoom_user(cast, "basic", licence=1)
    zoom_user(cast, "off", status="inactive")
    zoom_user(cast, "new", status="pending")
    text = ada.get(PAGE).content.decode()
    for words in ("up to 40 minutes", "Deactivated at Zoom", "Invitation at Zoom not accepted"):
        assert words in text


def test_the_list_is_filtered_and_searched(cast, ada):
    for name in ("mia", "zoe"):
        zoom_user(cast, name)
    assert verdicts(ada, show="nobody") == {"zoe": "nobody"}
    assert verdicts(ada, q="MIA@") == {"mia": "suggested"}


def test_a_page_takes_as_many_queries_for_many_as_for_few(cast, ada):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert ada.get(PAGE).status_code == 200
        return len(queries)

    for n in range(2):
        verify(MembershipFactory(organization=cast.acme, user__email=f"u{n}@acme.example").user)
        zoom_user(cast, f"u{n}")
    few = count()
    for n in range(2, 300):
        MembershipFactory(organization=cast.acme, user__email=f"u{n}@acme.example")
        zoom_user(cast, f"u{n}")
    assert count() == few


def test_the_page_of_one_says_the_same_as_the_list(cast):
    verify(cast.mia)
    verify(cast.sam)
    MembershipFactory(organization=cast.acme, user__email="tom@acme.example")
    EmailAddress.objects.create(user=cast.mia, email="M.M+x@acme.example", verified=True)
    EmailAddress.objects.create(user=cast.sam, email="both@acme.example", verified=True)
    MembershipFactory(organization=cast.acme, user__email="both+2@acme.example")
    Membership.objects.filter(user=cast.ada).update(is_active=False)
    for name in ("alice", "mia", "sam", "ada", "tom", "zoe"):
        zoom_user(cast, name)
    for name, email in (
        ("alias", "mia+zoom@acme.example"), ("emem", "m.m+x@acme.example"),
        ("tagged", "m.m+y@acme.example"), ("both", "both+1@acme.example"), ("none", ""),
        ("prefix", "mi@acme.example"), ("domain", "mia@other.example"),
    ):  # fmt: skip
        zoom_user(cast, name, email=email)
    zoom_user(cast, "gone", gone_at=timezone.now())
    matches = get_matches(cast.acme)
    assert len({match.verdict for match in matches}) >= 6
    assert [get_match(cast.acme, match.person) for match in matches] == matches


def test_the_page_of_one_takes_no_more_memory_for_more_zoom_users(cast, ada):
    zoe = zoom_user(cast, "zoe")
    ZoomUser.objects.bulk_create([
        ZoomUser(
            account=cast.acme_account, key=f"u{n}", zoom_user_id=f"u{n}", name=f"Person {n}",
            email=f"u{n}@acme.example", licence=2, status="active", seen_at=timezone.now(),
        )
        for n in range(5000)
    ], batch_size=500)  # fmt: skip
    person = get_zoom_person(cast.acme, "zoe")
    get_match(cast.acme, person)
    tracemalloc.start()
    get_match(cast.acme, person)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert ada.get(link_page(zoe)).status_code == 200


# --- In bulk ----------------------------------------------------------------------------------


def test_the_safe_ones_are_linked_and_nobody_else(cast, ada):
    verify(cast.mia)
    for name in ("mia", "sam", "zoe"):
        zoom_user(cast, name)
    assert ada.post(PAGE, {"do": "link"}).status_code == 302
    assert verdicts(ada) == {"mia": "linked", "sam": "suggested", "zoe": "nobody"}
    assert AuditEvent.objects.get(action="host.linked").detail["by"] == "verified"


@pytest.mark.parametrize("do", ["link", "invite"])
def test_the_bulk_buttons_ask_who_one_is(cast, do):
    verify(cast.mia)
    for name in ("mia", "zoe"):
        zoom_user(cast, name)
    stale = sign_in(Client(), cast.ada, seconds_ago=3600)
    chosen = list(ZoomUser.objects.values_list("pk", flat=True))
    answer = stale.post(PAGE, {"do": do, "zoom_user": chosen})
    assert "reauthenticate" in answer["Location"]
    assert not Invitation.objects.exists()
    assert not AuditEvent.objects.filter(action="host.linked").exists()


def test_chosen_zoom_users_without_a_member_are_invited(cast, ada):
    zoe, yan = zoom_user(cast, "zoe"), zoom_user(cast, "yan")
    mia = zoom_user(cast, "mia")
    answer = ada.post(PAGE, {"do": "invite", "zoom_user": [zoe.pk, mia.pk]})
    assert "zoe@acme.example" in answer.content.decode()
    invited = Invitation.objects.get()
    assert (invited.email, invited.name, invited.role) == ("zoe@acme.example", "Zoe", "member")
    assert verdicts(ada)["zoe"] == "invited"
    assert verdicts(ada)["yan"] == "nobody" == verdicts(ada)[yan.zoom_user_id]


def test_from_the_invitations_a_link_leads_back_to_the_zoom_users(cast, ada):
    answer = ada.post(PAGE, {"do": "invite", "zoom_user": [zoom_user(cast, "zoe").pk]})
    back = f"/admin/meetings/host/zoom-users/?organization={cast.acme.pk}"
    assert f'href="{back}">Back to the Zoom users' in answer.content.decode()
    assert ada.get(back).status_code == 200


def test_nobody_chosen_is_said(cast, ada):
    answer = ada.post(PAGE, {"do": "invite"}, follow=True)
    assert "Choose Zoom users" in answer.content.decode()


def test_a_foreign_zoom_user_is_not_invited(cast, ada):
    foreign = ZoomUserFactory(account=cast.globex_account, email="gina@globex.example")
    ada.post(PAGE, {"do": "invite", "zoom_user": [foreign.pk]})
    assert not Invitation.objects.exists()


# --- The import -------------------------------------------------------------------------------


def test_a_click_starts_the_import_and_two_clicks_start_one(cast, zoom, ada):
    for _ in range(2):
        assert ada.post(PAGE, {"do": "import"}).status_code == 302
    row = ZoomUserImport.objects.get()
    assert (row.asked_by, row.organization) == (cast.ada, cast.acme)
    assert "import has begun" in ada.get(PAGE).content.decode()


def test_progress_can_be_asked_for(cast, zoom, ada):
    users = [
        {"id": f"u{n}", "email": f"u{n}@acme.example", "display_name": "U"} for n in range(400)
    ]
    zoom.account(users=users)
    ada.post(PAGE, {"do": "import"})
    row = ZoomUserImport.objects.get()
    work_on(row.pk, seconds=0)
    told = ada.get(PROGRESS).json()
    assert (told["done"], told["total"], told["is_running"]) == (300, 400, True)
    work_on(row.pk)
    assert ada.get(PROGRESS).json()["is_running"] is False


def test_why_an_import_ended_is_said(cast, zoom, ada):
    zoom.change_account(scopes=["user:read:token:admin"])
    ada.post(PAGE, {"do": "import"})
    work_on(ZoomUserImport.objects.get().pk)
    assert "user:read:list_users:admin" in ada.get(PAGE).content.decode()


def test_who_was_left_out_is_told_with_the_reason(cast, zoom, ada):
    ZoomUserFactory(account=cast.acme_account, zoom_user_id="zoe")
    zoom.fault("users.get", "status", status=400, body={"code": 300, "message": "Rejected."})
    ada.post(PAGE, {"do": "import"})
    work_on(ZoomUserImport.objects.get().pk)
    text = ada.get(PAGE).content.decode()
    assert "answer about them could not be used" in text
    assert "assigned" not in text


def test_without_a_zoom_account_the_import_says_so(cast, ada):
    ZoomConnection.objects.filter(organization=cast.acme).delete()
    answer = ada.post(PAGE, {"do": "import"}, follow=True)
    assert "No usable Zoom account is connected" in answer.content.decode()


# --- One Zoom user ----------------------------------------------------------------------------


def test_linking_by_hand_asks_who_one_is(cast, signed_in):
    zoe = zoom_user(cast, "zoe")
    stale = sign_in(Client(), cast.ada, seconds_ago=3600)
    for method in ("get", "post"):
        answer = getattr(stale, method)(link_page(zoe), {"email": "mia@acme.example"})
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    assert not HostLink.objects.exists()


def test_linking_by_hand_asks_the_holder(cast, ada, at_zoom, django_capture_on_commit_callbacks):
    zoe = zoom_user(cast, "zoe")
    with django_capture_on_commit_callbacks(execute=True):
        ada.post(link_page(zoe), {"email": "mia@acme.example"})
    assert verdicts(ada) == {"zoe": "waiting"}
    assert mail.outbox[0].to == ["zoe@acme.example"]


def test_an_address_of_no_member_is_a_form_error(cast, ada):
    answer = ada.post(link_page(zoom_user(cast, "zoe")), {"email": "carol@globex.example"})
    assert "No member has this address" in answer.content.decode()


def test_a_reason_against_it_is_a_form_error(cast, ada):
    answer = ada.post(link_page(zoom_user(cast, "zoe")), {"email": "alice@acme.example"})
    assert "End that link first" in answer.content.decode()


def test_a_question_is_taken_back(cast, ada, at_zoom):
    ada.post(link_page(zoom_user(cast, "zoe")), {"email": "mia@acme.example"})
    ada.post(f"/admin/meetings/host/links/{HostLink.objects.get().pk}/withdraw/")
    assert HostLink.objects.get().answer == "withdrawn"


def test_a_link_is_ended_on_the_hosts_page(cast, ada):
    page = reverse("admin:meetings_host_change", args=[cast.alice_host.pk])
    assert "End the link" in ada.get(page).content.decode()
    ada.post(f"/admin/meetings/host/{cast.alice_host.pk}/unlink/")
    assert Host.objects.get(pk=cast.alice_host.pk).membership is None


def test_the_hosts_form_changes_neither_member_nor_zoom_user(cast, ada):
    page = reverse("admin:meetings_host_change", args=[cast.alice_host.pk])
    ada.post(page, {
        "name": "Alice", "zoom_user_id": "carol", "email": "x@acme.example", "is_active": "on",
        "membership": cast.ada.memberships.get().pk, "organization": cast.globex.pk,
        "schedulers-TOTAL_FORMS": 0, "schedulers-INITIAL_FORMS": 0,
    })  # fmt: skip
    host = Host.objects.get(pk=cast.alice_host.pk)
    assert (host.membership.user, host.zoom_user_id) == (cast.alice, "alice")
    assert (host.email, host.organization) == ("alice@acme.example", cast.acme)


def test_no_host_is_added_by_a_form(ada):
    assert ada.post("/admin/meetings/host/add/", {"name": "X"}).status_code == 403


def test_the_list_of_hosts_tells_status_and_licence(cast, ada):
    zoom_user(cast, "alice", licence=1)
    zoom_user(cast, "bob", status="inactive")
    text = ada.get("/admin/meetings/host/").content.decode()
    assert "May host, up to 40 minutes" in text
    assert "Deactivated at Zoom" in text


# --- Whose page it is -------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["mia", "sam", "alice"])
def test_who_is_no_admin_is_sent_away(cast, who):
    client = sign_in(Client(), getattr(cast, who))
    assert client.get(PAGE).status_code == 302
    assert client.get(PROGRESS).status_code == 302


def test_the_operator_sees_nobodys_people(cast):
    assert sign_in(Client(), cast.operator).get(PAGE).status_code == 403


def test_another_organization_is_not_there(cast, ada):
    theirs = {"organization": cast.globex.pk}
    assert ada.get(PAGE, theirs).status_code == 404
    assert ada.get(PROGRESS, theirs).status_code == 404
    assert ada.post(f"{PAGE}?organization={cast.globex.pk}", {"do": "import"}).status_code == 404
    assert not ZoomUserImport.objects.exists()


def test_another_organizations_rows_are_not_there(cast, ada):
    foreign = ZoomUserFactory(account=cast.globex_account)
    link = HostLink.objects.create(
        organization=cast.globex, membership=cast.gus.memberships.get(), zoom_user_id="x",
        email="x@globex.example", expires_at=foreign.seen_at,
    )  # fmt: skip
    assert ada.get(link_page(foreign)).status_code == 404
    assert ada.post(f"/admin/meetings/host/{cast.carol_host.pk}/unlink/").status_code == 404
    assert ada.post(f"/admin/meetings/host/links/{link.pk}/withdraw/").status_code == 404
    assert Host.objects.get(pk=cast.carol_host.pk).membership is not None


def test_an_admin_of_two_chooses(cast, ada):
    MembershipFactory(user=cast.ada, organization=cast.globex, role=Membership.Role.ADMIN)
    assert "Globex" in ada.get(PAGE).content.decode()
    ZoomUserFactory(account=cast.globex_account, zoom_user_id="gina")
    zoom_user(cast, "zoe")
    assert set(verdicts(ada, organization=cast.globex.pk)) == {"gina"}
    assert set(verdicts(ada, organization=cast.acme.pk)) == {"zoe"}


@pytest.fixture
def shared(cast):
    """acme on an account of the installation's with globex; every name of globex's is a canary."""
    account = ZoomAccount.objects.create(organization=None, name="Shared")
    ZoomConnection.objects.all().delete()
    for organization, user in ((cast.acme, "mine"), (cast.globex, "canary")):
        ZoomConnection.objects.create(
            organization=organization, account=account, owner_key=INSTALLATION
        )
        ZoomUserAssignmentFactory(organization=organization, account=account, zoom_user_id=user)
    for name in ("mine", "canary", "canarytoo"):
        ZoomUserFactory(
            account=account, zoom_user_id=name, name=name, email=f"{name}@shared.example"
        )
    return account


@pytest.mark.parametrize("query", ["", "?q=canary", "?show=nobody", "?q=shared", "?page=2"])
def test_on_a_shared_account_the_others_never_appear(cast, ada, shared, query):
    text = ada.get(f"{PAGE}{query}").content.decode().replace('value="canary"', "")
    text = text.replace("q=canary", "")
    assert "canary" not in text
    assert "All (1)" in text


def test_on_a_shared_account_the_others_cannot_be_linked_or_invited(cast, ada, shared):
    theirs = ZoomUser.objects.get(zoom_user_id="canary")
    assert ada.get(link_page(theirs)).status_code == 404
    ada.post(PAGE, {"do": "invite", "zoom_user": [theirs.pk]})
    assert not Invitation.objects.exists()


def test_a_host_who_names_anothers_zoom_user_shows_nothing_of_it(cast, ada, shared):
    Host.objects.filter(pk=cast.alice_host.pk).update(zoom_user_id="canary")
    ZoomUser.objects.filter(zoom_user_id="canary").update(status="inactive")
    text = ada.get("/admin/meetings/host/").content.decode()
    assert "Deactivated at Zoom" not in text


# --- The holder's page ------------------------------------------------------------------------


@pytest.fixture
def token(cast, ada, at_zoom, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ada.post(link_page(zoom_user(cast, "zoe")), {"email": "mia@acme.example"})
    return re.search(r"host-link/#(\S+)", mail.outbox[0].body)[1]


def test_the_holder_reads_who_asks_and_agrees_without_an_account(cast, token):
    holder = Client(enforce_csrf_checks=False)
    assert holder.get("/host-link/").status_code == 200
    page = holder.post("/host-link/", {"token": token}, follow=True).content.decode()
    for words in ("Mia", "mia@acme.example", "zoe@acme.example", "Acme", "ada@acme.example"):
        assert words in page
    assert "can now start" in holder.post("/host-link/answer/", {"answer": "yes"}).content.decode()
    assert Host.objects.get(zoom_user_id="zoe").membership.user == cast.mia


def test_the_question_says_until_when_and_in_whose_time(cast, token):
    holder = Client()
    page = holder.post("/host-link/", {"token": token}, follow=True).content.decode()
    assert re.search(r"Until \w+\.? \d+, \d+, [^<]+ \(UTC\) you can answer", page)


def test_who_has_answered_is_not_left_on_a_page_that_leads_nowhere(cast, token):
    holder = Client()
    holder.post("/host-link/", {"token": token})
    done = holder.post("/host-link/answer/", {"answer": "yes"}).content.decode()
    holder.post("/host-link/", {"token": token})
    closed = holder.get("/host-link/answer/").content.decode()
    for page in (done, closed):
        assert 'class="button quiet" href="/accounts/login/"' in page


def test_the_whole_link_may_be_pasted(cast, token):
    holder = Client()
    answer = holder.post("/host-link/", {"token": f"http://localhost/host-link/#{token}"})
    assert holder.get(answer["Location"]).status_code == 200


def test_the_holder_says_no(cast, token):
    holder = Client()
    holder.post("/host-link/", {"token": token})
    holder.post("/host-link/answer/", {"answer": "no"})
    assert not Host.objects.filter(zoom_user_id="zoe").exists()


def test_while_zoom_cannot_be_asked_the_holder_is_told_to_try_again(cast, zoom, token):
    zoom.fault("users.get", "status", status=503, times=1)
    holder = Client()
    holder.post("/host-link/", {"token": token})
    answer = holder.post("/host-link/answer/", {"answer": "yes"})
    assert answer.status_code == 503
    assert "Try again in a moment" in answer.content.decode()
    assert holder.post("/host-link/answer/", {"answer": "yes"}).status_code == 200


def test_who_is_asked_about_a_changed_address_is_told_of_it(cast, token):
    host = Host.objects.create(
        organization=cast.acme, zoom_user_id="zoe", name="Zoe", email="zoe@acme.example",
        membership=cast.mia.memberships.get(), held_since=timezone.now(),
    )  # fmt: skip
    holder = Client()
    page = holder.post("/host-link/", {"token": token}, follow=True).content.decode()
    assert "under a new name" in page
    holder.post("/host-link/answer/", {"answer": "yes"})
    assert not Host.objects.get(pk=host.pk).is_on_hold


def test_a_host_on_hold_is_shown_and_linked_again_at_a_click(cast, ada, at_zoom):
    Host.objects.filter(pk=cast.bob_host.pk).update(
        zoom_user_id="zoe", email="zoe@acme.example", held_since=timezone.now()
    )
    zoe = zoom_user(cast, "zoe")
    assert verdicts(ada) == {"zoe": "held"}
    assert "Link bob@acme.example again" in ada.get(link_page(zoe)).content.decode()
    ada.post(link_page(zoe), {"email": "bob@acme.example"})
    assert HostLink.objects.get().email == "zoe@acme.example"


def test_looking_decides_nothing(cast, token):
    holder = Client()
    holder.post("/host-link/", {"token": token})
    holder.get("/host-link/answer/")
    holder.post("/host-link/answer/", {})
    assert HostLink.objects.get().answered_at is None


def test_a_used_link_says_so(cast, token):
    for status in (200, 410):
        holder = Client()
        holder.post("/host-link/", {"token": token})
        assert holder.post("/host-link/answer/", {"answer": "yes"}).status_code == status


def test_a_made_up_link_says_so(cast):
    holder = Client()
    answer = holder.post("/host-link/", {"token": "made-up"}, follow=True)
    assert answer.status_code == 410
    assert "not valid" in answer.content.decode()


def test_the_token_is_in_no_address_and_no_page(cast, token):
    holder = Client()
    answer = holder.post("/host-link/", {"token": token}, follow=True)
    assert token not in f"{answer.redirect_chain} {answer.content.decode()}"
