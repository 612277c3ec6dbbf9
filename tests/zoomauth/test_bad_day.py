"""Every kind of failure at every call that the portal makes: the whole cross table.

What a person reads at the doors is in tests/meetings/test_bad_day.py. Here it is about the call:
one error of one kind, within the deadline, no second try but a read's after a limit of the moment,
and nothing secret said.
"""

import itertools
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.leaks import find_leaks
from tests.sandbox import ACME
from tests.zoom_faults import ON_START
from zoomauth.accounts import account_of, ask
from zoomauth.errors import (
    ZoomAnswerInvalid,
    ZoomError,
    ZoomFailedRepeatedly,
    ZoomTimeout,
    ZoomTooManyAtOnce,
    ZoomUnavailable,
)
from zoomauth.models import AccessToken, ZoomAccount
from zoomauth.services import (
    MeetingDraft,
    create_meeting,
    delete_meeting,
    fetch_keys,
    fetch_start_url,
    fetch_user,
)

pytestmark = pytest.mark.django_db
Call = Callable[[Any, int], Any]
_numbers = itertools.count()


def fetch_alices_keys(cast: Any, number: int) -> Any:
    return fetch_keys(organization=cast.acme, zoom_user_id="alice", meeting_number=number, role=1)


def create_user(cast: Any, _number: int) -> Any:
    email = f"nora-{next(_numbers)}@acme.example"
    return ask(
        account_of(cast.acme),
        lambda client, token: client.create_user(
            access_token=token, email=email, display_name="Nora New"
        ),
    )


def schedule(cast: Any, _number: int = 0) -> Any:
    draft = MeetingDraft(
        topic="Thermodynamics",
        starts_at=timezone.now() + timedelta(days=1),
        duration_minutes=45,
        timezone="UTC",
    )
    return create_meeting(organization=cast.acme, zoom_user_id="alice", draft=draft)


# By the name that the sandbox has for the call.
READS: dict[str, Call] = {
    "oauth.token": fetch_alices_keys,
    "users.token": fetch_alices_keys,
    "meetings.get": lambda cast, number: fetch_start_url(
        organization=cast.acme, meeting_number=number, zoom_user_id="alice"
    ),
    "users.get": lambda cast, number: fetch_user(organization=cast.acme, zoom_user_id="alice"),
    "users.list": lambda cast, number: ask(
        account_of(cast.acme), lambda client, token: client.list_users(access_token=token)
    ),
}
WRITES: dict[str, Call] = {
    "meetings.create": schedule,
    "meetings.delete": lambda cast, number: delete_meeting(
        organization=cast.acme, meeting_number=number
    ),
    "users.create": create_user,
}
CALLS = {**READS, **WRITES}
# Its answer has no body that could be late.
WITHOUT_BODY = ("meetings.delete", "body_drip")
# A write that met it was not carried out.
NOT_DONE = {"refuse", "redirect", "rate_limit", "daily_limit"}
# Of the limits per day, and of failures.
NOTHING_KNOWN = {
    **dict.fromkeys(("light_spent_until", "medium_spent_until"), None),
    **dict.fromkeys(("failing_since", "stopped_at", "try_at"), None),
    "failures": 0,
}
OURS = (ZoomFailedRepeatedly, ZoomTooManyAtOnce)
UNCONFIRMED = {
    kind.slug: str(kind.unconfirmed_message)
    for kind in (ZoomTimeout, ZoomUnavailable, ZoomAnswerInvalid)
}


@pytest.fixture
def meet(cast: Any, zoom: Any, settings: Any) -> Callable[[str, str], ZoomError | None]:
    """Make the call once with this failure planted on it; the error, if it is one.

    Each time it is the first call of the day, with a meeting of its own.
    """
    patience = settings.ZOOM_DEADLINE

    def call(name: str, kind: str) -> ZoomError | None:
        zoom.clear_faults()
        settings.ZOOM_DEADLINE = patience
        ZoomAccount.objects.update(**NOTHING_KNOWN)
        number = int(schedule(cast).meeting_number)
        if name == "oauth.token":
            AccessToken.objects.all().delete()
        if ON_START[kind].is_slow:
            settings.ZOOM_DEADLINE = 0.5
        zoom.clear_ledger()
        if kind == "refuse":
            zoom.refuse(**ON_START[kind].fields)
        else:
            zoom.fault(name, kind, **ON_START[kind].fields)
        try:
            CALLS[name](cast, number)
        except ZoomError as error:
            return error
        return None

    return call


@dataclass(frozen=True)
class Cell:
    """What came of one call that met one kind of failure; nothing said where it works."""

    code: str = ""
    is_in_doubt: bool = False
    sentence: str = ""
    calls: tuple[str, ...] = ()
    in_time: bool = True
    leaks: tuple[tuple[str, str], ...] = ()


def cell_of(name: str, kind: str) -> Cell:
    """What has to come of it."""
    calls: tuple[str, ...] = () if kind == "refuse" else (name,)
    if kind == "rate_limit" and name in READS and name != "oauth.token":
        calls = (name, name)
    code = "" if (name, kind) == WITHOUT_BODY else ON_START[kind].code
    if not code:
        return Cell(calls=(*calls, "users.token") if name == "oauth.token" else calls)
    in_doubt = name in WRITES and kind not in NOT_DONE
    return Cell(code, in_doubt, UNCONFIRMED[code] if in_doubt else ON_START[kind].sentence, calls)


@pytest.fixture
def look(meet: Any, zoom: Any, caplog: pytest.LogCaptureFixture) -> Callable[[str, str], Cell]:
    secrets = {key: ACME[key] for key in ACME if key.endswith("secret")}

    def call(name: str, kind: str) -> Cell:
        caplog.clear()
        begun = time.monotonic()
        error = meet(name, kind)
        # What is planted lasts thirty seconds.
        seen = Cell(calls=tuple(zoom.calls()), in_time=time.monotonic() - begun < 8)
        if error is None:
            return seen
        told = f"{error!s} {error!r} {error.user_message} {error.admin_message}"
        shown = "".join(traceback.format_exception(error))
        tokens = {f"token {row.pk}": row.token for row in AccessToken.objects.all() if row.token}
        sinks = {"error": told, "traceback": shown, "log": caplog.text}
        return replace(
            seen,
            code=error.slug,
            is_in_doubt=error.outcome_unknown,
            sentence=str(error.user_message),
            leaks=tuple(find_leaks({**secrets, **tokens}, sinks)),
        )

    return call


@pytest.mark.parametrize("name", CALLS)
def test_each_kind_of_failure_at_this_call_is_one_error_in_time_and_nothing_more(
    look, caplog, record_property, name
):
    with caplog.at_level(logging.DEBUG):
        came = {kind: look(name, kind) for kind in ON_START}
    assert came == {kind: cell_of(name, kind) for kind in ON_START}
    record_property("G12.cells", str(len(came)))
    record_property("G12.leaks", str(sum(len(cell.leaks) for cell in came.values())))
    if name in ("meetings.create", "users.create"):
        asked = [cell.calls for cell in came.values() if cell.calls]
        record_property("G12.creates_that_failed", str(len(asked)))
        record_property("G12.repeated_creates", str(sum(map(len, asked)) - len(asked)))


def test_each_cause_has_a_sentence_of_its_own():
    said = {seen.code: seen.sentence for seen in ON_START.values() if seen.code}
    said |= {f"{code} in doubt": sentence for code, sentence in UNCONFIRMED.items()}
    said |= {kind.slug: str(kind().user_message) for kind in OURS}
    assert len(set(said.values())) == len(said) == 11
