"""The list of one's sessions, and ending them."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent
from tests.cast import Cast
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def at_a_browser(user: object, name: str) -> Client:
    client = Client(headers={"user-agent": name})
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def test_the_list_shows_ones_own_sessions(cast: Cast) -> None:
    here = at_a_browser(cast.alice, "Desk browser")
    at_a_browser(cast.alice, "Phone browser")
    at_a_browser(cast.bob, "Bob's browser")
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "Desk browser" in page
    assert "Phone browser" in page
    assert "Bob" not in page


def test_signing_out_elsewhere_ends_the_others_at_the_next_request(cast: Cast) -> None:
    here, there = at_a_browser(cast.alice, "here"), at_a_browser(cast.alice, "there")
    bobs = at_a_browser(cast.bob, "bob's")
    here.post(reverse("usersessions_list"))
    assert here.get(reverse("meetings:list")).status_code == 200
    assert there.get(reverse("meetings:list")).status_code == 302
    assert there.get(reverse("api-meeting-list")).status_code == 403
    assert bobs.get(reverse("meetings:list")).status_code == 200


def test_signing_out_elsewhere_is_audited(cast: Cast) -> None:
    here = at_a_browser(cast.alice, "here")
    at_a_browser(cast.alice, "there")
    here.post(reverse("usersessions_list"))
    event = AuditEvent.objects.get(action="sessions.ended")
    assert (event.actor_id, event.detail) == (cast.alice.pk, {"count": 1})


def test_a_new_password_ends_the_others(cast: Cast) -> None:
    here, there = at_a_browser(cast.alice, "here"), at_a_browser(cast.alice, "there")
    new = "another-horse-battery-9"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), form).status_code == 302
    assert there.get(reverse("meetings:list")).status_code == 302
