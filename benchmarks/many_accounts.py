"""An installation of many organizations, each with a Zoom account and a token (PostgreSQL)."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from portal.models import Organization
from tests.crowds import multiply
from tests.factories import ZoomConnectionFactory
from zoomauth.models import AccessToken, ZoomAccount

_KEY = "md5('{name}' || {number})::uuid"


def make_accounts(count: int) -> list[UUID]:
    """So many accounts in use, by id; the first refresh of all of them is a year off."""
    connected = ZoomConnectionFactory()
    row = AccessToken.objects.create(
        account=connected.account,
        token="of-a-benchmark",
        expires_at=timezone.now() + timezone.timedelta(days=366),
        next_refresh_at=timezone.now() + timezone.timedelta(days=365),
        generation=1,
    )
    organization, account = (_KEY.format(name=name, number="n") for name in ("org", "account"))
    multiply(connected.organization, count - 1, id=organization, name="'Many ' || n")
    multiply(
        connected.account,
        count - 1,
        id=account,
        organization_id=organization,
        account_id="'many-' || n",
    )
    multiply(
        connected,
        count - 1,
        organization_id=organization,
        account_id=account,
        owner_key=organization,
    )
    multiply(row, count - 1, account_id=account)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    assert Organization.objects.count() >= count
    return list(ZoomAccount.objects.order_by("pk").values_list("pk", flat=True))


def make_due(accounts: list[UUID], at: datetime) -> None:
    """Only these are due."""
    AccessToken.objects.filter(pk__in=accounts).update(next_refresh_at=at)
