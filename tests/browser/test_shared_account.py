"""The admin's pages for a shared account, in both colour schemes and two widths."""

import pytest
from django.conf import settings
from django.test import Client

from tests.browser.test_pages import look
from tests.browser.visit import Visit
from tests.factories import ZoomUserFactory
from tests.sessions import sign_in
from tests.shared import let_create, share_account
from zoomauth.importing import start_account_import, work_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "Bartholomew Featherstonehaugh-Cholmondeley von Und zu Niederbreisig"
# On every list of Django's admin.
DJANGOS = ("label-title-only", "link-in-text-block")
PERSON = {"create": "ada", "create refused": "ada", "create unknown": "ada", "hosts": "ada"}


@pytest.fixture
def shared(cast, zoom):
    account = share_account(cast)
    let_create(cast.acme)
    for n in range(3):
        ZoomUserFactory(account=account, name=f"{LONG} {n}", email=f"{'long' * 12}{n}@isv.example")
    return account


@pytest.fixture
def visit(new_context, cast, portal):
    """A tab of somebody's who has just shown who they are."""

    def call(name):
        context = new_context()
        cookie = sign_in(Client(), getattr(cast, name)).cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        return Visit(context)

    return call


def go(visit, name, cast, account, zoom):
    page = visit.page
    if name.startswith("create"):
        if name.endswith("unknown"):
            zoom.fault("users.create", "lost_reply", times=1)
        visit.open("admin:meetings_host_create")
        if name != "create":
            page.get_by_label("Name").fill(LONG)
            address = "bob@acme.example" if name.endswith("refused") else "nora@isv.example"
            page.get_by_label("E-mail address").fill(address)
            page.get_by_role("button", name="Create the Zoom user").click()
            page.locator(".errorlist").wait_for()
    elif name == "hosts":
        visit.open("admin:meetings_host_matching")
    elif name == "zoom users":
        visit.open("admin:zoomauth_zoomuser_changelist")
    else:
        row = start_account_import(account, actor=cast.operator)
        if name.endswith("running"):
            work_on(row.pk, seconds=0)
        else:
            while work_on(row.pk):
                pass
        visit.open("admin:zoomauth_zoomaccount_users", account.pk)


@pytest.mark.parametrize("name", [*PERSON, "zoom users", "import done", "import running"])
def test_the_page_has_no_barriers(visit, cast, zoom, shared, name):
    tab = visit(PERSON.get(name, "operator"))
    go(tab, name, cast, shared, zoom)
    found = look(tab, f"shared {name}")
    assert [problem for problem in found if not any(rule in problem for rule in DJANGOS)] == []
    assert not tab.broken_rules


def test_the_operator_assigns_from_the_list(visit, cast, zoom, shared):
    tab = visit("operator")
    tab.open("admin:zoomauth_zoomuser_changelist")
    tab.page.locator("input.action-select").first.check()
    tab.page.get_by_label("Action:").select_option(label="Assign to the organization")
    tab.page.get_by_label("Organization:").select_option(label="Acme")
    tab.page.get_by_role("button", name="Run").or_(
        tab.page.get_by_role("button", name="Go")
    ).click()
    tab.page.get_by_text("1 Zoom user was assigned to Acme.").wait_for()
    assert cast.acme.zoom_user_assignments.count() == 1
