"""One step of an import: a page of a list, one user by id, or the end."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.audit import record
from portal.models import Organization
from portal.tenancy import acting_for
from zoomauth import client
from zoomauth.accounts import ask
from zoomauth.client import ZoomUserPage
from zoomauth.errors import ZoomAnswerInvalid, ZoomInputRefused, ZoomUserNotFound
from zoomauth.models import ZoomAccount, ZoomUser, ZoomUserImport
from zoomauth.zoom_users import assigned_ids

Status = Literal["active", "inactive", "pending"]
Phase = ZoomUserImport.Phase

# Zoom, Pagination: a page token lives fifteen minutes.
_TOKEN_LIFE = timedelta(minutes=14)
# More than any Zoom account has; beyond it the list has no end.
_MOST_USERS = 500_000
_NEXT = {Phase.ACTIVE: Phase.INACTIVE, Phase.INACTIVE: Phase.PENDING, Phase.PENDING: Phase.LOOKUP}
_UPDATED = ["zoom_user_id", "email", "name", "licence", "status", "seen_at", "gone_at"]


class Lost(Exception):
    """Somebody else has taken the import meanwhile; nothing of this step counts."""


def take_step(row: ZoomUserImport, account: ZoomAccount) -> None:
    """Ask Zoom once, and write what came. Raises `ZoomError` and `Lost`."""
    if row.phase != Phase.LOOKUP:
        _take_page(row, account)
        return
    wanted = _next_id(row)
    if wanted is None:
        _finish(row)
    else:
        _look_up(row, account, wanted)


# --- Pages ------------------------------------------------------------------------------------


def _take_page(row: ZoomUserImport, account: ZoomAccount) -> None:
    token, before = row.cursor, row.done
    if token and not _is_fresh(row):
        token, before = "", row.done_before_phase
    page = _ask_for_page(account, cast("Status", row.phase), token)
    if page is None:
        # Zoom no longer knows the place in its list: this status from its beginning.
        _write(row, cursor="", done=row.done_before_phase)
        return
    done = before + len(page.users)
    _refuse_endless(page, token, done)
    total = None if page.total is None else max(row.done_before_phase + page.total, done)
    skipped = row.skipped + page.unreadable
    with transaction.atomic():
        _store(row, page.users)
        if page.next_page_token:
            _write(
                row, cursor=page.next_page_token, cursor_at=timezone.now(), done=done,
                total=total, skipped=skipped, attempts=0, error="", error_code="",
            )  # fmt: skip
        else:
            _write(
                row, phase=_NEXT[Phase(row.phase)], cursor="", done=done, done_before_phase=done,
                total=total, skipped=skipped, attempts=0, error="", error_code="",
            )  # fmt: skip


def _is_fresh(row: ZoomUserImport) -> bool:
    return row.cursor_at is not None and timezone.now() - row.cursor_at < _TOKEN_LIFE


def _ask_for_page(account: ZoomAccount, status: Status, token: str) -> ZoomUserPage | None:
    """The page; None when Zoom refuses the page token, which it does once it is too old."""
    try:
        return ask(
            account,
            lambda zoom, access_token: zoom.list_users(
                access_token=access_token, status=status, next_page_token=token
            ),
            in_background=True,
        )
    except ZoomInputRefused:
        if not token:
            raise
        return None


def _refuse_endless(page: ZoomUserPage, token: str, done: int) -> None:
    """A list that does not move on would keep a worker for ever."""
    following = page.next_page_token
    if following and (following == token or not page.users or done > _MOST_USERS):
        raise ZoomAnswerInvalid(call="list_users")


# --- Single users -----------------------------------------------------------------------------


def _next_id(row: ZoomUserImport) -> str | None:
    """In the order of ids, so that the cursor says which are left."""
    if row.is_of_assigned_users:
        assigned = _assigned_ids(row)
        found = assigned.filter(zoom_user_id__gt=row.cursor).order_by("zoom_user_id").first()
        return cast("str | None", found)
    unseen = ZoomUser.objects.filter(account=row.account_id, gone_at=None, key__gt=row.cursor)
    unseen = unseen.exclude(seen_in=row.pk).exclude(zoom_user_id="")
    return unseen.order_by("key").values_list("key", flat=True).first()


def _assigned_ids(row: ZoomUserImport) -> QuerySet[Any, Any]:
    return assigned_ids(cast("Organization", row.organization), row.account_id)


def _look_up(row: ZoomUserImport, account: ZoomAccount, wanted: str) -> None:
    found: client.ZoomUser | None = None
    is_usable, is_gone = True, False
    try:
        found = ask(
            account,
            lambda zoom, access_token: zoom.get_user(access_token=access_token, id_or_email=wanted),
            in_background=True,
        )
    except ZoomUserNotFound:
        is_gone = True
    except (ZoomInputRefused, ZoomAnswerInvalid):
        # Zoom did not say that there is no such user, so what is known of them stays.
        is_usable = False
    if found is not None and found.id != wanted:
        # Assigned by address: it may be somebody else's tomorrow, so it names nobody for good.
        found, is_usable, is_gone = None, False, row.is_of_assigned_users
    counted = int(row.is_of_assigned_users)
    total = row.total
    if row.is_of_assigned_users and total is None:
        total = _assigned_ids(row).count()
    with transaction.atomic():
        if found is not None:
            _store(row, [found])
        elif is_gone:
            _mark_gone(row, wanted)
        _write(
            row, cursor=wanted, done=row.done + counted, skipped=row.skipped + (not is_usable),
            total=total, attempts=0, error="", error_code="",
        )  # fmt: skip


def _mark_gone(row: ZoomUserImport, key: str) -> None:
    there = ZoomUser.objects.filter(account=row.account_id, key=key, gone_at=None)
    there.update(gone_at=timezone.now())


# --- Writing ----------------------------------------------------------------------------------


def _finish(row: ZoomUserImport) -> None:
    """The end, and in the same transaction what follows from it elsewhere."""
    follow: Callable[[Organization], None] = import_string(settings.ZOOM_USERS_IMPORTED)
    with transaction.atomic():
        if not row.is_of_assigned_users:
            # Invited users without an id that are not listed any more have one by now, or left.
            known = ZoomUser.objects.filter(account=row.account_id, zoom_user_id="")
            known.exclude(seen_in=row.pk).delete()
        _write(
            row, state=ZoomUserImport.State.DONE, finished_at=timezone.now(), due_at=None,
            holder=None, cursor="", total=row.done, attempts=0, error="", error_code="",
        )  # fmt: skip
        for organization in _organizations_of(row):
            with acting_for(organization.pk):
                follow(organization)
        record(
            "zoomusers.imported",
            organization=row.organization,
            actor=None,
            target=row,
            users=row.done,
        )


def _organizations_of(row: ZoomUserImport) -> list[Organization]:
    """Whose hosts may be among those that were imported."""
    if row.organization is not None:
        return [row.organization]
    on_it = Organization.objects.filter(is_active=True, zoom_connection__account=row.account_id)
    return list(on_it)


def _write(row: ZoomUserImport, **columns: object) -> None:
    if not row.keep(**columns):
        raise Lost


def _store(row: ZoomUserImport, users: Iterable[client.ZoomUser]) -> None:
    """By Zoom's id: who has another address or status now is still the same row.

    `seen_in` is told by imports that list the account and no others: it says whom a list has left
    out, and an organization's look-ups beside the operator's list would make all theirs such.
    """
    now = timezone.now()
    seen_in = [] if row.is_of_assigned_users else ["seen_in"]
    rows = {}
    for user in users:
        # No column holds an id of more than 100 characters, and Zoom's have 22.
        if len(user.id) <= 100 and (user.id or user.email):
            made = _as_row(user, row, now)
            rows[made.key] = made
    ZoomUser.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["account", "key"],
        update_fields=[*_UPDATED, *seen_in],
    )


def _as_row(user: client.ZoomUser, row: ZoomUserImport, now: datetime) -> ZoomUser:
    email = user.email.lower()[:254]
    return ZoomUser(
        account_id=row.account_id,
        key=user.id or f"mailto:{email}",
        zoom_user_id=user.id,
        email=email,
        name=user.display_name[:150],
        licence=user.type,
        status=user.status[:20],
        seen_at=now,
        seen_in=None if row.is_of_assigned_users else row.pk,
        gone_at=None,
    )
