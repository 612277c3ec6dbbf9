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
