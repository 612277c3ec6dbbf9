"""The nightly imports, which keep addresses, licences and statuses what they are at Zoom."""

from datetime import timedelta
from uuid import UUID

from portal.models import Organization
from portal.tenancy import across_all_organizations
from zoomauth.errors import ZoomNotConnected
from zoomauth.importing import start_account_import, start_import
from zoomauth.models import ZoomAccount, ZoomUserImport

_SPREAD_SECONDS = 30 * 60


def start_nightly_imports() -> int:
    """One for each active organization that has imported before, and for each shared account whose
    operator has; begun over half an hour.
    """
    started = 0
    with across_all_organizations():
        once = ZoomUserImport.objects.filter(state=ZoomUserImport.State.DONE)
        by_operator = once.filter(organization=None)
        for account in ZoomAccount.objects.filter(
            organization=None, pk__in=by_operator.values("account")
        ):
            start_account_import(account, actor=None, delay=_delay_of(account.pk))
            started += 1
        organizations = Organization.objects.filter(
            is_active=True, zoom_connection__isnull=False, pk__in=once.values("organization")
        )
        for organization in organizations:
            try:
                start_import(organization, actor=None, delay=_delay_of(organization.pk))
            except ZoomNotConnected:
                continue
            started += 1
    return started


def _delay_of(key: UUID) -> timedelta:
    """Always the same for one, and another for each."""
    return timedelta(seconds=1 + key.int % _SPREAD_SECONDS)
