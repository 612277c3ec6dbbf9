"""The Zoom accounts, for `manage.py doctor`: the last check of each, or a fresh one."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal.doctor import Finding, Result
from zoomauth.connection_check import CheckRow, last_check, run_check
from zoomauth.models import ZoomAccount


def accounts(*, fresh: bool) -> Iterator[Finding]:
    """What failed of each account in use, or that nothing did. One broken account stops nobody."""
    in_use = ZoomAccount.objects.filter(connections__organization__is_active=True)
    for account in in_use.select_related("organization").distinct().order_by("name", "pk"):
        name = f"Zoom: {account.organization or _('shared')}, {account.name}"
        rows = run_check(account, actor=None) if fresh else _kept_rows(account)
        yield from _findings(name, rows)


def _kept_rows(account: ZoomAccount) -> list[CheckRow]:
    last = last_check(account)
    return last.rows if last else []


def _findings(name: str, rows: list[CheckRow]) -> Iterator[Finding]:
    if not rows:
        fix = "python manage.py doctor --fresh"
        yield Finding(name, Result.NOT_CHECKED, _("It has not been checked."), fix)
        return
    failed = [row for row in rows if row.result == "fail"]
    for row in failed:
        yield Finding(
            f"{name}, {row.label}", Result.FAIL, row.meaning, row.fix, row.code, row.tracking_id
        )
    if not failed:
        yield Finding(name, Result.PASS, _("The connection check passed."))
