"""From the admin's link to being in, as two people in two browsers; how its pages look."""

import re

import pytest
from playwright.sync_api import expect

from portal.invitations.issuing import invite
from portal.models import Invitation
from tests.browser.test_pages import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
INVITE = "/admin/portal/invitation/add/"


def invite_in_admin(visit, email):
    """ada invites somebody in the admin; the link that she is shown."""
    visit.page.goto(INVITE)
    visit.page.get_by_label("E-mail address").fill(email)
    visit.page.get_by_label("Name").fill("Nora")
    visit.page.get_by_role("button", name="Save", exact=True).click()
    return visit.page.get_by_label(f"Link for {email}").input_value()


def issue(cast, email):
    """The same without a page: the server remembers content types, which end with each test."""
    invitation = Invitation(organization=cast.acme, email=email)
    return invite(invitation=invitation, actor=cast.ada).link


def own(link, portal):
    """The link at the address where this portal answers; mails say where it is published."""
    return f"{portal}/invitation/#{link.rpartition('#')[2]}"


def test_an_invited_person_gets_in_by_the_link_and_the_address_forgets_it(
    cast, zoom, sign_in, portal
):
    ada = sign_in(cast.ada)
    link = own(invite_in_admin(ada, "nora@people.example"), portal)
    assert look(ada, "invitation links") == []
    nora = sign_in(None)
    seen = []
    nora.page.on("request", lambda request: seen.append(request.url))
    nora.page.goto(link)
    expect(nora.page.get_by_role("heading")).to_contain_text("Join Acme")
    assert nora.page.url == f"{portal}/invitation/accept/"
    nora.page.get_by_label("Choose a password").fill("battery-staple-9")
    nora.page.get_by_label("The password again").fill("battery-staple-9")
    nora.page.get_by_role("button", name="Accept the invitation").click()
    expect(nora.page).to_have_url(re.compile("/meetings/"))
    token = link.rpartition("#")[2]
    assert not [address for address in seen if token in address.partition("#")[0]]
    nora.page.go_back()
    assert token not in nora.page.url


def test_without_scripts_the_link_is_pasted(cast, zoom, sign_in, portal):
    link = issue(cast, "nora@people.example")
    nora = sign_in(None, java_script_enabled=False)
    nora.page.goto(own(link, portal))
    nora.page.get_by_label("Your invitation link").fill(link)
    nora.page.get_by_role("button", name="Open the invitation").click()
    expect(nora.page.get_by_role("heading")).to_contain_text("Join Acme")


def test_its_pages_are_for_everybody(cast, zoom, sign_in, portal):
    ada = sign_in(cast.ada)
    link = own(issue(cast, "nora@people.example"), portal)
    ada.page.goto("/admin/portal/invitation/list/")
    rows = "email,name,role\nnew@people.example,New,\nmia@acme.example,,\nnobody,,\n"
    ada.page.get_by_label("CSV file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    ada.page.get_by_role("button", name="Show what would happen").click()
    expect(ada.page.get_by_role("button", name="Invite 1 person")).to_be_visible()
    found = look(ada, "invitation list")
    nora = sign_in(None)
    nora.page.goto(link)
    found += look(nora, "invitation new person")
    nora.page.get_by_role("button", name="Accept the invitation").click()
    found += look(nora, "invitation errors")
    mia = sign_in(cast.mia)
    mia.page.goto(link)
    expect(mia.page.get_by_role("heading")).to_contain_text("somebody else")
    found += look(mia, "invitation other person")
    nora.page.goto("/invitation/")
    found += look(nora, "invitation open")
    assert found == []
