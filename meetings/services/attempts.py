"""The black box of a start: what the portal itself notes of each press of Start.

It never stops a start. Whatever is wrong with its table is logged, and the start goes on.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, router
from django.db.models.constants import OnConflict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from meetings.access import GroundsBusy, get_startable_meeting, get_startable_on_behalf
from meetings.attempt_codes import make_attempt_id, make_code, read_code, show_code
from meetings.models import Host, Meeting, StartAttempt
from meetings.services.patience import in_time
from meetings.start_rules import Outcome, Stage, first_refusal
from meetings.start_steps import SERVER_STEPS, UNDER_WAY, Step, Way, last_step
from portal.models import User
from portal.sealing import SealingError
from zoomauth.errors import ZoomError
from zoomauth.services import Gate, page_deadline

log = logging.getLogger(__name__)

_STEPS = [step.column for step in SERVER_STEPS if step is not Step.PRESSED]
# A connection that cannot be made is no step taken, so a failed call itself says which it was.
_STEP_OF_CALL = {
    "request_access_token": Step.TOKEN,
    "oauth.token": Step.TOKEN,
    "fetch_user_zak": Step.ZAK,
    "get_meeting": Step.ZAK,
    "meetings.get": Step.ZAK,
}
_FAILURE = ["failed_at", "failed_step", "error_code", "zoom_code"]


class Recorder:
    """One press of Start, from the moment it reached the portal.

    Steps are collected here and written when something is waited for that this process may not
    live to see: before an access token is asked for, while Zoom makes the ZAK, and at the end. So
    whatever kills it, the row says where. `code`: the page's; without one the portal makes it.
    """

    def __init__(self, *, user: User, way: Way, code: str = "") -> None:
        self.user = user
        self.way = way
        self.code = read_code(code) or make_code()
        self.pressed_at = timezone.now()
        # Whatever the portal itself does first is of the host's time as well.
        self.deadline = page_deadline()
        self._row: StartAttempt | None = None
        self._is_written = False
        self._gave_up = False

    @property
    def shown_code(self) -> str:
        return show_code(self.code)

    def let_in(self, meeting: Meeting, host: Host) -> None:
        """The door let them in, as this host."""
        self._row = self._make_row(meeting, host)
        self.reach(Step.ALLOWED)

    def turn_away(self, meeting: Meeting, cause: str) -> None:
        """The door did not let them in."""
        self._row = self._make_row(meeting, None)
        self._end(Step.ALLOWED, cause)

    def reach(self, step: Step) -> None:
        setattr(self._known_row, step.column, timezone.now())

    def hear(self, tracking_id: str) -> None:
        """Zoom has answered, under this id: the one to name at Zoom if the page fails later."""
        self._known_row.tracking_id = tracking_id[:100]

    def before_mint(self) -> None:
        """An access token is about to be asked for, or waited for."""
        self.reach(Step.SIGNED)
        self._known_row.token_at = None
        self._write()

    def behind(self, gate: Gate) -> Gate:
        """The gate, noting that the request to Zoom has left through it.

        Written after it is left again: while Zoom answers, so that it costs the host no time, and
        outside of the gate's transaction, which a failure here would break.
        """

        @contextmanager
        def noting() -> Iterator[None]:
            with gate():
                yield
            if self._known_row.signed_at is None:
                self.reach(Step.SIGNED)
            self.reach(Step.TOKEN)
            self._write()

        return noting

    @contextmanager
    def watch(self) -> Iterator[None]:
        """What is made in here is what leaves: the attempt is handed out, or failed."""
        try:
            yield
        except PermissionDenied:
            # The door once more, at the last moment; see `access.still_startable`.
            self._end(Step.ALLOWED, "taken_away")
            raise
        except GroundsBusy as error:
            self._end(Step.ALLOWED, cause_of(error))
            raise
        except ZoomError as error:
            zoom = {"zoom_code": str(error.code or ""), "tracking_id": error.tracking_id}
            self._end(_STEP_OF_CALL.get(error.call), cause_of(error), **zoom)
            raise
        except SealingError as error:
            self._end(None, cause_of(error))
            raise
        except Exception:
            self._end(None, "internal")
            raise
        self.reach(Step.DELIVERED)
        self._write(at_the_end=True)

    def _end(
        self, step: Step | None, cause: str, *, zoom_code: str = "", tracking_id: str = ""
    ) -> None:
        """It failed at this step, or at the one that is under way."""
        row = self._known_row
        row.failed_at = timezone.now()
        row.failed_step = (step or UNDER_WAY[last_step(row)]).value
        row.error_code = cause[:100]
        row.zoom_code = zoom_code[:40]
        # Without one it was no answer of Zoom's that failed; the last one may say why.
        row.tracking_id = tracking_id[:100] or row.tracking_id
        self._write(at_the_end=True, failed=True)

    @property
    def _known_row(self) -> StartAttempt:
        if self._row is None:
            raise RuntimeError("Nobody has come to the door yet.")
        return self._row

    def _make_row(self, meeting: Meeting, host: Host | None) -> StartAttempt:
        return StartAttempt(
            id=make_attempt_id(user_id=self.user.pk, meeting_id=meeting.pk, code=self.code),
            organization_id=meeting.organization_id,
            meeting=meeting,
            user=self.user,
            host=host,
            code=self.code,
            way=self.way.value,
            pressed_at=self.pressed_at,
        )

    def _write(self, *, at_the_end: bool = False, failed: bool = False) -> None:
        """One statement, whatever has been written before; a lost one is made up for.

        After a lost one only the last is tried: a host waits for each.
        """
        if self._gave_up and not at_the_end:
            return
        row = self._known_row
        columns = ["host", "tracking_id", *_STEPS, *(_FAILURE if failed else [])]
        try:
            with in_time():
                if self._is_written:
                    values = {name: getattr(row, name) for name in columns}
                    StartAttempt.objects.filter(pk=row.pk).update(**values)
                else:
                    _upsert(row, columns)
        except DatabaseError as error:
            # Without its words: they may quote what was to be written.
            log.error("Attempt %s was not noted: %s", row.pk, type(error).__name__)
            self._gave_up = True
        else:
            self._is_written = True


def enter(attempt: Recorder, meeting_id: UUID) -> tuple[Meeting, Host]:
    """The door of those who start as themselves; who is turned away leaves an attempt too."""
    try:
        meeting, host = get_startable_meeting(attempt.user, meeting_id)
    except PermissionDenied:
        meeting = get_object_or_404(Meeting, pk=meeting_id)
        facts, _host = meeting.get_start_facts(attempt.user)
        attempt.turn_away(meeting, _cause_in(first_refusal(facts, Stage.DOOR)))
        raise
    attempt.let_in(meeting, host)
    return meeting, host


def enter_on_behalf(attempt: Recorder, meeting_id: UUID) -> Meeting:
    """The door of an admin who starts as the host."""
    try:
        meeting = get_startable_on_behalf(attempt.user, meeting_id)
    except PermissionDenied:
        meeting = get_object_or_404(
            Meeting.objects.select_related("host", "organization"), pk=meeting_id
        )
        attempt.turn_away(meeting, _cause_in(meeting.refusal_on_behalf(attempt.user)))
        raise
    attempt.let_in(meeting, meeting.host)
    return meeting


def _cause_in(refusal: Outcome | None) -> str:
    """Nothing is in the way any more when it was put right since the door looked."""
    return f"{refusal.name}.{refusal.reason}" if refusal else "taken_away"


def cause_of(error: ZoomError | SealingError | GroundsBusy) -> str:
    """A stable word for what went wrong, for the trail and the attempt."""
    if isinstance(error, ZoomError):
        return error.slug
    return "busy" if isinstance(error, GroundsBusy) else "sealing"


def _upsert(row: StartAttempt, columns: list[str]) -> None:
    """Insert it, or these columns of it: the page, or a press with this code, may have been first.

    `bulk_create` would be the same, with a transaction around it: two ways to the database more.
    """
    fields = StartAttempt._meta.concrete_fields
    StartAttempt.objects._insert(
        [row],
        fields=fields,
        using=router.db_for_write(StartAttempt),
        on_conflict=OnConflict.UPDATE,
        update_fields=[field for field in fields if field.name in columns],
        unique_fields=[StartAttempt._meta.pk],
    )
