"""What is done at regular times: fresh access tokens, and no webhook event kept for ever."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.sealing import SealingError
from portal.tenancy import across_all_organizations
from zoomauth.errors import ZoomError
from zoomauth.models import WebhookEvent, ZoomAccount, due_for_refresh
from zoomauth.services import refresh_account
from zoomauth.webhooks import OLDEST


@shared_task
def sweep_access_tokens() -> int:
    """Enqueue one refresh for each token that ends soon; returns how many.

    One task each, so that an account whose credentials are broken delays nobody.
    """
    due = list(due_for_refresh().values_list("account_id", flat=True))
    for account_id in due:
        refresh_access_token.delay(str(account_id))
    return len(due)


@shared_task
def refresh_access_token(account_id: str) -> None:
    """Refresh one account's token, unless somebody did since it was enqueued.

    A failure is logged where Zoom was asked; the row stays due, so the next sweep tries again.
    """
    with across_all_organizations():
        account = ZoomAccount.objects.select_related("access_token").filter(pk=account_id).first()
        if account is None or not due_for_refresh().filter(account=account).exists():
            return
        try:
            refresh_account(account)
        except (ZoomError, SealingError):
            return


@shared_task
def prune_webhook_events() -> int:
    """Delete the events that came in longer ago than they are kept; returns how many.

    None goes while Zoom's own copy of it would still be taken, or it would be recorded anew.
    """
    kept = max(timedelta(days=settings.WEBHOOK_EVENT_DAYS), 2 * OLDEST)
    with across_all_organizations():
        old = WebhookEvent.objects.filter(received_at__lt=timezone.now() - kept)
        deleted, _ = old.delete()
    return deleted
