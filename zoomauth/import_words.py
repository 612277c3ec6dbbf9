"""What a page says of an import of Zoom users."""

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zoomauth.models import ZoomUserImport


@dataclass(frozen=True)
class Progress:
    """`total` is None until Zoom has told how many there are."""

    text: str
    is_running: bool = False
    failed: bool = False
    done: int = 0
    total: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def describe_import(row: ZoomUserImport | None) -> Progress:
    """The import under way, or the last one."""
    if row is None:
        return Progress(_("The Zoom users have not been imported yet."))
    if row.is_open:
        return Progress(_running(row), is_running=True, done=row.done, total=row.total)
    when = date_format(localtime(row.finished_at or row.asked_at), "DATETIME_FORMAT")
    if row.state == ZoomUserImport.State.FAILED:
        text = _("The import of %(when)s ended early: %(error)s") % {
            "when": when,
            "error": row.error,
        }
        return Progress(text, failed=True, done=row.done, total=row.total)
    text = ngettext(
        "Imported on %(when)s: %(count)s user.", "Imported on %(when)s: %(count)s users.", row.done
    ) % {"when": when, "count": row.done}
    if row.skipped:
        text += f" {_skipped(row)}"
    return Progress(text, done=row.done, total=row.total)


def _skipped(row: ZoomUserImport) -> str:
    if row.is_of_assigned_users:
        return _(
            "Some Zoom users were left out. If they are assigned to your organization by another "
            "name than their ID, ask the operator to assign them by ID."
        )
    return _(
        "Some Zoom users were left out, because Zoom's answer about them could not be used. What "
        "was known of them stays. Import again later; if it stays so, look at them in Zoom's user "
        "management."
    )


def _running(row: ZoomUserImport) -> str:
    if row.total is None:
        text = _("The import has begun.")
    else:
        text = _("Imported %(done)s of %(total)s users so far.") % {
            "done": row.done,
            "total": row.total,
        }
    # Put off, and tried again by itself.
    return f"{text} {row.error}".strip()
