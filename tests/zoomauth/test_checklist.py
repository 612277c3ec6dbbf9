"""The checklist: what is done is a fact, what is next is said, and each step leads to its place."""

import re

import pytest
from django.utils import timezone
from django_scopes import scopes_disabled

from portal.audit import record
from portal.checklist import State, get_checklist
from portal.models import AuditEvent
from portal.tenancy import acting_for
from tests.factories import MembershipFactory, OrganizationFactory, ZoomAccountFactory
from tests.sandbox import ACME
from zoomauth.connection_check import run_check
from zoomauth.models import INSTALLATION, ZoomAccount, ZoomConnection

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
STEPS = ["credentials", "checked", "webhook", "hosts", "first_start"]
DONE, NEXT, WAITING = State.DONE, State.NEXT, State.WAITING


def states(organization):
    return {item.step.name: item.state for item in get_checklist(organization)}


def url_of(organization, name):
    return next(i.step.url for i in get_checklist(organization) if i.step.name == name)


@pytest.fixture
def account(cast):
    return cast.acme_account


def validate(account):
    ZoomAccount.objects.filter(pk=account.pk).update(webhook_validated_at=timezone.now())


# --- Facts ------------------------------------------------------------------------------------


def test_an_empty_organization_begins_with_the_credentials(db):
    assert states(OrganizationFactory()) == {
        "credentials": NEXT, **dict.fromkeys(STEPS[1:], WAITING)
    }  # fmt: skip


def test_credentials_that_are_entered_have_to_be_checked_next(cast):
    assert states(cast.acme)["credentials"] == DONE
    assert states(cast.acme)["checked"] == NEXT


def test_what_is_done_out_of_order_is_done(cast):
    assert states(cast.acme) == {
        "credentials": DONE, "checked": NEXT, "webhook": WAITING, "hosts": DONE,
        "first_start": WAITING,
    }  # fmt: skip


def test_a_passed_check_is_a_fact(cast, zoom, account):
    run_check(account, actor=None)
    assert states(cast.acme)["checked"] == DONE
    assert states(cast.acme)["webhook"] == NEXT


def test_a_failed_check_is_not(cast, zoom, account):
    zoom.change_account(client_secret="another")
    run_check(account, actor=None)
    assert states(cast.acme)["checked"] == NEXT


@pytest.mark.parametrize(
    "field", ["account_id", "client_id", "new_client_secret", "sdk_client_id",
              "new_sdk_client_secret", "region"]
)  # fmt: skip
def test_changed_credentials_have_to_be_checked_again(cast, zoom, account, signed_in, field):
    run_check(account, actor=None)
    plain = ("name", "region", "account_id", "client_id", "sdk_client_id")
    form = {name: getattr(account, name) for name in plain} | {field: "eu"}
    page = f"/admin/zoomauth/zoomaccount/{account.pk}/change/"
    assert signed_in(cast.ada).post(page, form).status_code == 302
    assert states(cast.acme)["checked"] == NEXT


@pytest.mark.parametrize("field", ["name", "new_webhook_secret"])
def test_other_changes_leave_the_check(cast, zoom, account, signed_in, field):
    run_check(account, actor=None)
    plain = ("name", "region", "account_id", "client_id", "sdk_client_id")
    form = {name: getattr(account, name) for name in plain} | {field: "other"}
    page = f"/admin/zoomauth/zoomaccount/{account.pk}/change/"
    assert signed_in(cast.ada).post(page, form).status_code == 302
    assert states(cast.acme)["checked"] == DONE


def test_a_validated_webhook_is_a_fact(cast, zoom, account):
    run_check(account, actor=None)
    validate(account)
    assert states(cast.acme)["webhook"] == DONE
    assert states(cast.acme)["first_start"] == NEXT


def test_a_webhook_of_another_account_is_to_be_done_again(cast, account):
    ZoomAccount.objects.filter(pk=account.pk).update(
        webhook_validated_at=timezone.now(),
        webhook_foreign_at=timezone.now(),
        webhook_foreign_id="another-account",
    )
    assert states(cast.acme)["webhook"] != DONE


def test_a_webhook_that_zoom_gave_up_on_is_to_be_done_again(cast, account):
    long_ago = timezone.now() - timezone.timedelta(days=4, minutes=1)
    ZoomAccount.objects.filter(pk=account.pk).update(webhook_validated_at=long_ago)
    assert states(cast.acme)["webhook"] != DONE


@pytest.mark.parametrize("change", [{"is_active": False}, {"membership": None}])
def test_a_host_who_is_nobody_or_inactive_is_no_host(cast, change):
    cast.acme.hosts.update(**change)
    assert states(cast.acme)["hosts"] != DONE


@pytest.mark.parametrize(
    ("result", "state"), [(AuditEvent.Result.DONE, DONE), (AuditEvent.Result.FAILED, WAITING)]
)
def test_a_start_that_did_not_succeed_is_none(cast, result, state):
    record(
        "meeting.start",
        organization=cast.acme,
        actor=cast.alice,
        target=cast.meeting,
        result=result,
    )
    assert states(cast.acme)["first_start"] == state


def test_the_host_who_starts_finishes_the_list(cast, zoom, account, signed_in):
    run_check(account, actor=None)
    validate(account)
    assert signed_in(cast.alice).post(f"/meetings/{cast.meeting.pk}/start/").status_code == 200
    assert set(states(cast.acme).values()) == {DONE}


def test_another_organizations_facts_are_not_ours(cast, zoom):
    run_check(cast.globex_account, actor=None)
    record("meeting.start", organization=cast.globex, actor=cast.carol, target=cast.carols_meeting)
    assert states(cast.acme)["checked"] != DONE
    assert states(cast.acme)["first_start"] != DONE


# --- A shared account -------------------------------------------------------------------------


@pytest.fixture
def shared(cast):
    """acme on an account of the installation's."""
    fields = ("account_id", "client_id", "client_secret", "sdk_client_id", "sdk_client_secret")
    values = {name: ACME[name] for name in fields}
    account = ZoomAccountFactory(organization=None, name="Shared one", **values)
    ZoomConnection.objects.filter(organization=cast.acme).update(
        account=account, owner_key=INSTALLATION
    )
    return account


def test_on_a_shared_account_its_admin_sees_whether_it_works(cast, zoom, shared):
    run_check(shared, actor=cast.operator)
    with acting_for(cast.acme.pk):
        assert states(cast.acme)["checked"] == DONE


def test_on_a_shared_account_there_is_nothing_for_the_admin_to_open(cast, shared):
    assert [url_of(cast.acme, name) for name in STEPS[:3]] == ["", "", ""]


def test_a_shared_account_is_not_named_to_an_admin(cast, shared, signed_in):
    text = signed_in(cast.ada).get("/admin/").content.decode()
    assert "Shared one" not in text
    assert str(shared.pk) not in text


# --- In the admin -----------------------------------------------------------------------------


def test_the_first_page_of_the_admin_shows_it(cast, signed_in):
    text = signed_in(cast.ada).get("/admin/").content.decode()
    assert "Acme: to the first meeting" in text
    assert "Globex" not in text
    assert [text.count(f'data-step="{name}"') for name in STEPS] == [1] * 5


def test_the_organizations_page_shows_it(cast, signed_in):
    page = signed_in(cast.ada).get(f"/admin/portal/organization/{cast.acme.pk}/change/")
    assert "Acme: to the first meeting" in page.content.decode()


def test_the_operator_sees_it_at_the_organization_and_not_on_the_first_page(cast, signed_in):
    operator = signed_in(cast.operator)
    assert "data-step" not in operator.get("/admin/").content.decode()
    page = operator.get(f"/admin/portal/organization/{cast.acme.pk}/change/")
    assert "Acme: to the first meeting" in page.content.decode()


def next_step_on(client, path):
    found = re.findall(r'class="next-step">(.+?)</p>', client.get(path).content.decode(), re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", "", text).split()) for text in found]


def test_pages_on_the_way_say_what_comes_next(cast, zoom, account, signed_in):
    ada, check = signed_in(cast.ada), url_of(cast.acme, "checked")
    assert next_step_on(ada, "/admin/zoomauth/zoomaccount/") == [
        "Next, step 2 of 5: Check the connection"
    ]
    assert next_step_on(ada, check) == [], "that is here"
    ada.post(check)
    assert next_step_on(ada, check) == ["Next, step 3 of 5: Let Zoom validate the webhook address"]


def test_where_all_is_done_nothing_comes_next(cast, zoom, account, signed_in):
    run_check(account, actor=None)
    validate(account)
    record("meeting.start", organization=cast.acme, actor=cast.alice, target=cast.meeting)
    assert next_step_on(signed_in(cast.ada), "/admin/zoomauth/zoomaccount/") == []


def test_the_operator_is_told_of_no_ones_next_step(cast, signed_in):
    assert next_step_on(signed_in(cast.operator), "/admin/zoomauth/zoomaccount/") == []


def test_who_administers_two_is_told_which_one_it_is_about(cast, signed_in):
    MembershipFactory(user=cast.ada, organization=cast.globex, role="admin")
    told = next_step_on(signed_in(cast.ada), "/admin/zoomauth/zoomaccount/")
    assert [line.partition(":")[0] for line in told] == ["Acme", "Globex"]


def test_a_new_admin_is_led_from_the_portal_to_the_checklist(signed_in):
    organization = OrganizationFactory(name="Initech")
    admin = MembershipFactory(organization=organization, role="admin").user
    member = MembershipFactory(organization=organization).user
    text = signed_in(admin).get("/meetings/").content.decode()
    assert "Initech is on its way to the first meeting" in text
    assert "Next: Enter the Zoom credentials." in text
    assert "on its way" not in signed_in(member).get("/meetings/").content.decode()


def test_an_admin_of_two_sees_both(cast, signed_in):
    MembershipFactory(user=cast.ada, organization=cast.globex, role="admin")
    text = signed_in(cast.ada).get("/admin/").content.decode()
    assert "Acme: to the first meeting" in text
    assert "Globex: to the first meeting" in text


def test_the_next_step_is_marked_for_a_screen_reader(cast, signed_in):
    text = signed_in(cast.ada).get("/admin/").content.decode()
    assert text.count('aria-current="step"') == 1
    assert 'data-step="checked" data-state="next" aria-current="step"' in text


@pytest.mark.parametrize("name", STEPS)
def test_each_step_leads_to_where_it_is_done(cast, signed_in, name):
    assert signed_in(cast.ada).get(url_of(cast.acme, name)).status_code == 200


def test_an_empty_organizations_first_step_leads_to_its_own_form(signed_in):
    organization = OrganizationFactory()
    admin = MembershipFactory(organization=organization, role="admin").user
    response = signed_in(admin).get(url_of(organization, "credentials"))
    form = response.context["adminform"].form
    assert response.status_code == 200
    assert str(form.initial["organization"]) == str(organization.pk)


def test_the_list_takes_a_bounded_number_of_queries(cast, django_assert_max_num_queries):
    with scopes_disabled(), django_assert_max_num_queries(6):
        get_checklist(cast.acme)
