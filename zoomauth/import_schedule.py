"""The nightly imports, which keep addresses, licences and statuses what they are at Zoom."""

from datetime import timedelta

from portal.models import Organization
from portal.tenancy import across_all_organizations
from zoomauth.errors import ZoomNotConnected
from zoomauth.importing import start_import
from zoomauth.models import ZoomUserImport

_SPREAD_SECONDS = 30 * 60


def start_nightly_imports() -> int:
    """One for each active organization that has imported before; begun over half an hour."""
    started = 0
    with across_all_organizations():
        once = ZoomUserImport.objects.filter(state=ZoomUserImport.State.DONE)
        organizations = Organization.objects.filter(
            is_active=True, zoom_connection__isnull=False, pk__in=once.values("organization")
        )
        for organization in organizations:
            delay = timedelta(seconds=1 + organization.pk.int % _SPREAD_SECONDS)
            try:
                start_import(organization, actor=None, delay=delay)
            except ZoomNotConnected:
                continue
            started += 1
    return started
