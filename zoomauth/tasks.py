"""What is done at regular times: fresh access tokens, checks, no webhook event kept for ever."""

from datetime import datetime, timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from portal.sealing import SealingError
from portal.tenancy import across_all_organizations
from zoomauth.budget import get_away_until
from zoomauth.client import Label
from zoomauth.connection_check import last_check, run_check
from zoomauth.errors import ZoomError, ZoomPutOff
from zoomauth.import_schedule import start_nightly_imports
from zoomauth.importing import due_imports, enqueue, work_on
from zoomauth.models import WebhookEvent, ZoomAccount
from zoomauth.outage_mail import mail_due_notices
from zoomauth.refresh_duty import Duty, begin, give_duties, take_due
from zoomauth.services import refresh_account
from zoomauth.webhooks import OLDEST

CHECKS_SPREAD_SECONDS = 15 * 60
CHECKED_LATELY = timedelta(hours=1)
CHECK_AGAIN = timedelta(minutes=5)
CHECKED_WITH = (Label.LIGHT, Label.MEDIUM)


@shared_task
def sweep_access_tokens() -> int:
    """Enqueue one refresh for each token that is due; returns how many.

    One task each, so that an account whose credentials are broken delays nobody. What cannot be
    enqueued is due again soon.
    """
    duties = take_due(timezone.now())
    for duty in duties:
        refresh_access_token.delay(str(duty.account_id), duty.taken_until.isoformat())
    return len(duties)


@shared_task
def refresh_access_token(account_id: str, taken_until: str) -> None:
    """Replace one account's token, unless the duty is no longer what it was when enqueued.

    A failure is logged where Zoom was asked, and the row says when to try again.
    """
    duty = Duty(UUID(account_id), datetime.fromisoformat(taken_until))
    with across_all_organizations():
        if not begin(duty, timezone.now()):
            return
        account = ZoomAccount.objects.select_related("access_token").get(pk=duty.account_id)
        try:
            refresh_account(account)
        except (ZoomError, SealingError):
            return


@shared_task
def give_token_duties() -> int:
    """Let the sweep know of accounts that came into use by something else than credentials."""
    return give_duties(timezone.now())


@shared_task
def mail_blocked_accounts() -> None:
    """Mail whoever can help that Zoom refuses an account's credentials, once each time."""
    mail_due_notices()


@shared_task
def check_connections() -> int:
    """Enqueue one connection check for each account in use; returns how many.

    One task each, so that a broken account stops nobody, and spread over a quarter of an hour, so
    that neither Zoom nor our workers get them all at once. Always the same minute for an account.
    """
    with across_all_organizations():
        in_use = Q(connections__organization__is_active=True)
        accounts = list(ZoomAccount.objects.filter(in_use).values_list("pk", flat=True).distinct())
    for account_id in accounts:
        # Below `VISIBILITY_SECONDS`, after which Redis hands a waiting task out a second time.
        delay = account_id.int % CHECKS_SPREAD_SECONDS
        check_connection.apply_async(args=(str(account_id),), countdown=delay)
    return len(accounts)


@shared_task
def check_connection(account_id: str) -> None:
    """Check one account, unless it was checked within the last hour, by whomever.

    While hosts meet a limit it comes again; on a day whose rest is theirs, the last check stays.
    """
    with across_all_organizations():
        # In use still: the task may have waited for a quarter of an hour.
        in_use = ZoomAccount.objects.filter(connections__organization__is_active=True)
        account = in_use.filter(pk=account_id).first()
        if account is None:
            return
        last, now = last_check(account), timezone.now()
        if last is not None and now - last.checked_at <= CHECKED_LATELY:
            return
        away_until = get_away_until(account, *CHECKED_WITH, now=now) or _check_in_turn(account, now)
        if away_until is not None and away_until - now < CHECKED_LATELY:
            # Sooner than `VISIBILITY_SECONDS`, or Redis would hand it out twice.
            later = min(away_until, now + timedelta(seconds=CHECKS_SPREAD_SECONDS))
            check_connection.apply_async(args=(account_id,), eta=later)


def _check_in_turn(account: ZoomAccount, now: datetime) -> datetime | None:
    """None when it was checked, else when to come again: hosts met a limit meanwhile."""
    try:
        run_check(account, actor=None, in_background=True)
    except ZoomPutOff as error:
        # Each check takes a new access token, so it does not come again as soon as there is a turn.
        return max(error.retry_at or now, now + CHECK_AGAIN)
    return None


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


@shared_task
def import_zoom_users(import_id: str) -> None:
    """Work on one import for a while; what is left then is the next task's."""
    if work_on(UUID(import_id)):
        enqueue(UUID(import_id))


@shared_task
def sweep_zoom_user_imports() -> int:
    """Enqueue the imports that nobody works on: their worker died, or they were put off."""
    due = due_imports(timezone.now())
    for import_id in due:
        enqueue(import_id)
    return len(due)


@shared_task
def import_zoom_users_of_all() -> int:
    """Let those organizations' imports begin that have had one before; returns how many."""
    return start_nightly_imports()
