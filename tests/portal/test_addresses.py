"""Whose address the audit trail shows."""

import pytest
from django.urls import reverse

from portal.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def address_seen(cast, signed_in):
    def seen(**headers):
        start = reverse("meetings:start", args=[cast.meeting.pk])
        assert signed_in(cast.mia).post(start, headers=headers).status_code == 403
        return AuditEvent.objects.get(action="meeting.start").ip

    return seen


def test_without_a_proxy_a_claimed_address_counts_nothing(address_seen):
    assert address_seen(**{"X-Forwarded-For": "203.0.113.9"}) == "127.0.0.1"


def test_behind_a_proxy_the_address_it_appended_counts(address_seen, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    claimed_and_seen = "198.51.100.1, 203.0.113.9"
    assert address_seen(**{"X-Forwarded-For": claimed_and_seen}) == "203.0.113.9"


def test_no_usable_address_is_no_reason_to_refuse(cast, signed_in):
    for address in ("", "unix:"):
        assert signed_in(cast.alice).get("/meetings/", REMOTE_ADDR=address).status_code == 200


def test_an_address_typed_with_capitals_can_sign_in(cast, signed_in, client):
    form = {"email": "New.Person@Acme.Example", "usable_password": "true"}
    form |= {"password1": "long-enough-2-be", "password2": "long-enough-2-be"}
    signed_in(cast.operator).post("/admin/portal/user/add/", form)
    client.post(
        "/accounts/login/", {"login": "New.Person@acme.example", "password": form["password1"]}
    )
    assert "_auth_user_id" in client.session
