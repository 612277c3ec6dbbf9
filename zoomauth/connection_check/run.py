"""Running a check: its result is kept for the admin and the checklist, and goes into the trail."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal.audit import record
from portal.models import AuditEvent, User
from zoomauth.client import Deadline
from zoomauth.connection_check.rows import CheckRow, is_fit, is_whole
from zoomauth.connection_check.steps import check_account
from zoomauth.models import ConnectionCheck, ZoomAccount


@dataclass(frozen=True)
class LastCheck:
    """A check as it was kept. `checked_by` is empty where nobody pressed the button."""

    checked_at: datetime
    checked_by: str
    rows: list[CheckRow]

    @property
    def is_fit(self) -> bool:
        return is_fit(self.rows)


def run_check(
    account: ZoomAccount,
    *,
    actor: User | None,
    now: datetime | None = None,
    deadline: Deadline | None = None,
    in_background: bool = False,
) -> list[CheckRow]:
    """Check the account as it is now, keep the rows, and return them. `actor`: None is nobody.

    `deadline`: of the page that waits. A check that left something out because of it takes no
    other's place. `in_background`: hosts come first, as nobody waits for it. Raises `ZoomPutOff`,
    and keeps nothing, where they need all the calls that the account has.
    """
    now = now or timezone.now()
    # Anew: what is tried and the generation that it is kept under are of the same moment.
    account = ZoomAccount.objects.select_related("organization").get(pk=account.pk)
    rows = check_account(account, now, deadline=deadline, in_background=in_background)
    with transaction.atomic():
        _keep(account, rows, actor, now)
        record(
            "zoomaccount.checked",
            organization=account.organization,
            actor=actor,
            target=account,
            result=AuditEvent.Result.DONE if is_fit(rows) else AuditEvent.Result.FAILED,
            rows={f"{row.name} {row.subject}".strip(): row.result.value for row in rows},
        )
    return rows


def last_check(account: ZoomAccount) -> LastCheck | None:
    """The last check, while the credentials are those that were tried; else None."""
    last = ConnectionCheck.objects.select_related("account").filter(account=account).first()
    if last is None or not last.is_current():
        return None
    rows = [CheckRow.from_json(row) for row in last.rows]
    return LastCheck(last.checked_at, last.checked_by, rows)


def _keep(account: ZoomAccount, rows: list[CheckRow], actor: User | None, now: datetime) -> None:
    """As the last check, unless a later one, or one of newer credentials, was faster."""
    values = {
        "credentials_generation": account.credentials_generation,
        "checked_at": now,
        "checked_by": actor.email if actor else "",
        "rows": [row.as_json() for row in rows],
    }
    checks = ConnectionCheck.objects.select_for_update(of=("self",))
    kept, created = checks.get_or_create(account=account, defaults=values)
    older = (kept.credentials_generation, kept.checked_at)
    if created or older > (account.credentials_generation, now):
        return
    if not is_whole(rows) and kept.credentials_generation == account.credentials_generation:
        return
    for name, value in values.items():
        setattr(kept, name, value)
    kept.save(update_fields=list(values))
