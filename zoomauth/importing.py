"""Importing an account's Zoom users: resumable, one page or one user at a time.

The row is the duty: a worker takes it for the time that one call to Zoom may last, asks, and writes
what came together with how far the import is. No lock and no transaction is held while Zoom is
asked. Whoever dies loses the row to the next one, by the sweep at the latest.

An account of an organization's own is listed, one status after the other; users known from before
that were not listed are looked up by id before they count as gone, as a list that changes while it
is read leaves some out. Of a shared account an organization's import looks up its own users alone,
so that nothing of the others is asked, stored or counted; its operator's lists all of it.
"""

import logging
import time
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.audit import record
from portal.models import AuditEvent, Organization, User
from portal.tenancy import across_all_organizations
from zoomauth.accounts import account_of
from zoomauth.errors import (
    ZoomDailyLimitReached,
    ZoomError,
    ZoomNotConnected,
    ZoomPutOff,
    ZoomRateLimited,
)
from zoomauth.import_steps import Lost, take_step
from zoomauth.models import INSTALLATION, ZoomAccount, ZoomUserImport

log = logging.getLogger(__name__)

TASK = "zoomauth.tasks.import_zoom_users"
# Well below Celery's time limit: the task then goes on as a new one.
_WORK_SECONDS = 25.0
_MOST_ATTEMPTS = 6
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=10)
_LEASE_MARGIN = timedelta(seconds=20)


def start_import(
    organization: Organization, *, actor: User | None, delay: timedelta = timedelta(0)
) -> ZoomUserImport:
    """A new import, or the one that is under way. Raises `ZoomNotConnected`.

    It needs a worker; where the broker is down, the sweep finds one later.
    """
    account = account_of(organization)
    shared = account.organization_id is None
    row = ZoomUserImport(
        organization=organization,
        account=account,
        owner_key=account.organization_id or INSTALLATION,
        phase=ZoomUserImport.Phase.LOOKUP if shared else ZoomUserImport.Phase.ACTIVE,
    )
    return _begin(row, ZoomUserImport.objects.filter(organization=organization), actor, delay)


def start_account_import(
    account: ZoomAccount, *, actor: User | None, delay: timedelta = timedelta(0)
) -> ZoomUserImport:
    """The operator's import of all users of one of the installation's accounts, or the one under
    way. Raises `ValueError` for an account of an organization's own: those users are its affair.
    """
    if account.organization_id is not None:
        raise ValueError("not an account of the installation's")
    row = ZoomUserImport(account=account, owner_key=INSTALLATION, phase=ZoomUserImport.Phase.ACTIVE)
    return _begin(row, _imports_by_operator(account), actor, delay)


def _begin(
    row: ZoomUserImport, same: QuerySet[ZoomUserImport], actor: User | None, delay: timedelta
) -> ZoomUserImport:
    """Save it and ask for a worker, unless one of the `same` is under way."""
    row.asked_by, row.due_at = actor, timezone.now() + delay
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            record("zoomusers.import_asked", organization=row.organization, actor=actor, target=row)
    except IntegrityError:
        under_way = same.filter(state__in=ZoomUserImport.OPEN).first()
        return under_way or row
    if not delay:
        transaction.on_commit(lambda: enqueue(row.pk), robust=True)
    return row


def last_import(organization: Organization) -> ZoomUserImport | None:
    """The import under way, or else the last one."""
    rows: QuerySet[ZoomUserImport] = ZoomUserImport.objects.filter(organization=organization)
    return rows.order_by("-asked_at").first()


def last_account_import(account: ZoomAccount) -> ZoomUserImport | None:
    """The operator's import of it that is under way, or else the last one."""
    return _imports_by_operator(account).order_by("-asked_at").first()


def _imports_by_operator(account: ZoomAccount) -> QuerySet[ZoomUserImport]:
    rows: QuerySet[ZoomUserImport] = ZoomUserImport.objects.filter(
        account=account, organization=None
    )
    return rows


def enqueue(import_id: UUID) -> None:
    """Ask for a worker. By name, as the tasks import this module."""
    try:
        current_app.send_task(TASK, args=[str(import_id)])
    except (OperationalError, OSError) as error:
        log.warning("Import %s waits for the sweep: %s", import_id, type(error).__name__)


def due_imports(now: datetime) -> list[UUID]:
    """The imports that nobody works on."""
    with across_all_organizations():
        due = ZoomUserImport.objects.due(now)
        return list(due.order_by("due_at").values_list("pk", flat=True))


def work_on(import_id: UUID, *, seconds: float = _WORK_SECONDS) -> bool:
    """Go on with this import for a while; whether there is more to do right away."""
    with across_all_organizations():
        rows = ZoomUserImport.objects.select_related("organization")
        row: ZoomUserImport | None = rows.active().filter(pk=import_id).first()
        if row is None or not row.take(now=timezone.now(), lease=_lease()):
            return False
        end = time.monotonic() + seconds
        try:
            while row.is_open:
                _refuse_after_too_many_attempts(row)
                _take_one_step(row)
                if row.is_open and time.monotonic() > end:
                    return row.keep(due_at=timezone.now(), holder=None)
        except ZoomPutOff as error:
            _yield_to_hosts(row, error)
        except ZoomError as error:
            _put_off_or_fail(row, error)
        except Lost:
            log.info("Import %s was taken over", row.pk)
        return False


def _take_one_step(row: ZoomUserImport) -> None:
    account = _account_for(row)
    if not row.keep(due_at=timezone.now() + _lease()):
        raise Lost
    take_step(row, account)


def _account_for(row: ZoomUserImport) -> ZoomAccount:
    """Read anew at each step, with the credentials of that moment."""
    if row.organization is None:
        return ZoomAccount.objects.select_related("access_token").get(pk=row.account_id)
    account = account_of(row.organization)
    if account.pk != row.account_id:
        # The organization uses another account by now; what was begun says nothing of it.
        raise ZoomNotConnected(code="account_changed")
    return account


def _lease() -> timedelta:
    """Longer than one call to Zoom may last, so that a living worker is not overtaken."""
    return timedelta(seconds=settings.ZOOM_DEADLINE) + _LEASE_MARGIN


def _refuse_after_too_many_attempts(row: ZoomUserImport) -> None:
    if row.attempts > _MOST_ATTEMPTS:
        # It kills its workers, or Zoom has been failing for long.
        raise ZoomError(call="list_users", code="gave_up")


def _yield_to_hosts(row: ZoomUserImport, error: ZoomPutOff) -> None:
    """Later, and as if this turn had not been: nothing went wrong."""
    now = timezone.now()
    again = min(error.retry_at or now, now + _LONGEST_PAUSE)
    row.keep(
        due_at=again,
        holder=None,
        # A step that went well before has set it to nothing.
        attempts=max(row.attempts - 1, 0),
        error_code=error.slug,
        error=str(error.admin_message),
    )


def _put_off_or_fail(row: ZoomUserImport, error: ZoomError) -> None:
    daily = isinstance(error, ZoomDailyLimitReached)
    if not error.retryable or daily or row.attempts >= _MOST_ATTEMPTS:
        _fail(row, error)
        return
    now = timezone.now()
    pause = min(_FIRST_PAUSE * 2 ** (row.attempts - 1), _LONGEST_PAUSE)
    again = now + pause
    if isinstance(error, ZoomRateLimited) and error.retry_at is not None:
        again = min(max(again, error.retry_at), now + _LONGEST_PAUSE)
    row.keep(due_at=again, holder=None, error_code=error.slug, error=str(error.admin_message))


def _fail(row: ZoomUserImport, error: ZoomError) -> None:
    with transaction.atomic():
        failed = row.keep(
            state=ZoomUserImport.State.FAILED,
            finished_at=timezone.now(),
            due_at=None,
            holder=None,
            error_code=error.slug,
            error=str(error.admin_message),
        )
        if failed:
            record(
                "zoomusers.imported",
                organization=row.organization,
                actor=None,
                target=row,
                result=AuditEvent.Result.FAILED,
                cause=error.slug,
                tracking_id=error.tracking_id,
            )
